"""One of everybody, signed in; and the ear that hears what a request wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event, func, literal, select, union_all
from sqlalchemy.engine import Connection

from tests.contracts.test_routes import addresses
from tests.second_step import pass_second_step
from tests.world import Made, Visitor, World
from workflow.accounts.models import Account
from workflow.accounts.passwords import hash_password
from workflow.accounts.services.joining import create_staff
from workflow.accounts.states import AccountKind, Capacity, Rank, TaxState
from workflow.cases.letters import code_of
from workflow.cases.models import Case
from workflow.kernel.actors import Role
from workflow.kernel.db import Base, Database
from workflow.kernel.ids import new_id

PASSWORD = "a lantern in the fog"
#: Role and rank of each; the passer-by is nobody in particular before the portal.
ROLE = {
    "nobody": (Role.PUBLIC, ""), "owner": (Role.RIGHTS_HOLDER, ""), "other owner": (Role.RIGHTS_HOLDER, ""),
    "operator": (Role.OPERATOR, "administrator"), "reviewer": (Role.OPERATOR, "reviewer"),
    "cashier": (Role.OPERATOR, "cashier"), "partner": (Role.LEGAL_PARTNER, ""),
    "recipient": (Role.INFRINGER, ""), "other recipient": (Role.INFRINGER, ""), "passer-by": (Role.PUBLIC, ""),
}  # fmt: skip
WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+\"?(\w+)", re.IGNORECASE)
#: The one note a request may leave behind whatever becomes of it, see ``workflow.web.sessions``.
CLICK = re.compile(r"UPDATE (desk|portal)_sessions SET seen_at=")


def people(world: World) -> dict[str, Visitor]:
    """One of everybody; the ones not in the story are made for it."""
    first, second, _ = three_cases(world)
    _join(world)

    def by(email: str) -> Visitor:
        visitor = world.anybody()
        visitor._from = {**visitor._from, "REMOTE_ADDR": next(addresses)}
        answer = visitor.press("/log-in", {"email": email, "password": PASSWORD})
        pass_second_step(visitor.client, answer, email)
        return visitor

    return {
        "nobody": world.anybody(), "owner": world.as_owner(), "other owner": by("other@example.org"),
        "operator": world.as_operator(), "reviewer": by("reviewer@example.org"),
        "cashier": by("cashier@example.org"), "partner": by("partner@example.org"),
        "recipient": world.recipient(first), "other recipient": world.recipient(second),
        "passer-by": Visitor(world.portal),
    }  # fmt: skip


def three_cases(world: World) -> list[Made]:
    """The first three cases somebody was written to about: silent, paid, answered."""
    with world.runtime.database.reading() as session:
        found = select(Case).where(Case.offered_on.is_not(None)).order_by(Case.id).limit(3)
        return [
            Made(case.id, case.reference, code_of(session, world.runtime.vault, case))
            for case in session.scalars(found)
        ]


def _join(world: World) -> None:
    hashed = hash_password(PASSWORD)
    with world.runtime.database.transaction() as session:
        for email, role, rank in (
            ("reviewer@example.org", Role.OPERATOR, Rank.REVIEWER),
            ("cashier@example.org", Role.OPERATOR, Rank.CASHIER),
            ("partner@example.org", Role.LEGAL_PARTNER, None),
            ("newcomer@example.org", Role.OPERATOR, Rank.REVIEWER),
        ):
            # they have been here for longer than what waits to be agreed to
            create_staff(session, email, email, hashed, role, world.now - timedelta(days=9)).rank = rank
        first = session.get_one(Account, _owner_id(world))
        session.add(
            Account(
                id=new_id(), email="other@example.org", name="Other", role=Role.RIGHTS_HOLDER,
                kind=AccountKind.PHOTOGRAPHER, capacity=Capacity.AUTHOR, password_hash=hashed,
                email_confirmed_at=world.now, country="DE", tax_state=TaxState.PRIVATE,
                terms_version=first.terms_version, terms_accepted_at=world.now, created_at=world.now,
            )
        )  # fmt: skip


def _owner_id(world: World) -> Any:
    """The account of the world's owner."""
    with world.runtime.database.reading() as session:
        return session.scalars(select(Account.id).where(Account.role == Role.RIGHTS_HOLDER)).first()


@contextmanager
def listening(database: Database) -> Iterator[list[str]]:
    """The tables that were written and committed, as the database hears it; notes of clicks left out."""
    heard: list[str] = []

    def hear(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if (found := WRITES.match(statement)) and not CLICK.match(statement):
            connection.info.setdefault("written", []).append(found[1])

    def keep(connection: Connection) -> None:
        heard.extend(connection.info.pop("written", ()))

    def forget(connection: Connection) -> None:
        connection.info.pop("written", None)

    ears = (("before_cursor_execute", hear), ("commit", keep), ("rollback", forget))
    for name, ear in ears:
        event.listen(database.engine, name, ear)
    yield heard
    for name, ear in ears:
        event.remove(database.engine, name, ear)


def rows_of(database: Database) -> dict[str, tuple[int, int]]:
    """How many rows every table has, and the sum of their versions."""
    counts = [
        select(
            literal(table.name), func.count(),
            func.coalesce(func.sum(table.c.version), 0) if "version" in table.c and table.c.version.type.python_type is int
            else literal(0),
        ).select_from(table)
        for table in Base.metadata.sorted_tables
    ]  # fmt: skip
    with database.reading() as session:
        return {name: (rows, versions) for name, rows, versions in session.execute(union_all(*counts))}
