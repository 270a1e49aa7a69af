"""Who gets in where: every route of both apps, asked by everybody, about things that are and are not theirs."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.contracts.test_routes import addresses
from tests.second_step import TOKEN, pass_second_step
from tests.world import Made, Visitor, World
from workflow.accounts.models import Account
from workflow.accounts.passwords import hash_password
from workflow.accounts.permissions import May
from workflow.accounts.services.joining import create_staff
from workflow.accounts.states import AccountKind, Capacity, Rank, TaxState
from workflow.cases.letters import code_of
from workflow.cases.models import Case
from workflow.hits.models import Hit
from workflow.kernel.access import Doors
from workflow.kernel.actors import Role
from workflow.kernel.approvals import Approval
from workflow.kernel.ids import new_id
from workflow.money.models import Payin
from workflow.payouts.models import Payout
from workflow.web.blueprints import RoleBlueprint
from workflow.works.models import Work

SNAPSHOT = Path(__file__).parents[1] / "snapshots" / "access_matrix.txt"
PASSWORD = "a lantern in the fog"
REFUSED = {400, 401, 403, 404, 405, 409, 422}
#: Signing out in the middle would end the walk.
SKIPPED = {"static", "accounts_desk.log_out", "portal_infringer.leave"}


def people(world: World) -> dict[str, Visitor]:
    """One of everybody; the ones not in the story are made for it."""
    hashed = hash_password(PASSWORD)
    with world.runtime.database.transaction() as session:
        for email, role, rank in (
            ("reviewer@example.org", Role.OPERATOR, Rank.REVIEWER),
            ("cashier@example.org", Role.OPERATOR, Rank.CASHIER),
            ("partner@example.org", Role.LEGAL_PARTNER, None),
        ):
            create_staff(session, email, email, hashed, role, world.now).rank = rank
        first = session.scalars(select(Account).where(Account.role == Role.RIGHTS_HOLDER)).first()
        assert first is not None
        session.add(
            Account(
                id=new_id(), email="other@example.org", name="Other", role=Role.RIGHTS_HOLDER,
                kind=AccountKind.PHOTOGRAPHER, capacity=Capacity.AUTHOR, password_hash=hashed,
                email_confirmed_at=world.now, country="DE", tax_state=TaxState.PRIVATE,
                terms_version=first.terms_version, terms_accepted_at=world.now, created_at=world.now,
            )
        )  # fmt: skip
        cases = [
            Made(case.id, case.reference, code_of(session, world.runtime.vault, case))
            for case in session.scalars(
                select(Case).where(Case.offered_on.is_not(None)).order_by(Case.id).limit(2)
            )
        ]

    def by(email: str) -> Visitor:
        visitor = world.anybody()
        visitor._from = {"REMOTE_ADDR": next(addresses)}
        answer = visitor.press("/log-in", {"email": email, "password": PASSWORD})
        pass_second_step(visitor.client, answer, email)
        return visitor

    return {
        "nobody": world.anybody(), "owner": world.as_owner(), "other owner": by("other@example.org"),
        "operator": world.as_operator(), "reviewer": by("reviewer@example.org"),
        "cashier": by("cashier@example.org"), "partner": by("partner@example.org"),
        "recipient": world.recipient(cases[0]), "other recipient": world.recipient(cases[1]),
        "passer-by": Visitor(world.portal),
    }  # fmt: skip


ROLE = {
    "nobody": (Role.PUBLIC, ""), "owner": (Role.RIGHTS_HOLDER, ""), "other owner": (Role.RIGHTS_HOLDER, ""),
    "operator": (Role.OPERATOR, "administrator"), "reviewer": (Role.OPERATOR, "reviewer"),
    "cashier": (Role.OPERATOR, "cashier"), "partner": (Role.LEGAL_PARTNER, ""),
    "recipient": (Role.INFRINGER, ""), "other recipient": (Role.INFRINGER, ""), "passer-by": (Role.PUBLIC, ""),
}  # fmt: skip


def things(world: World) -> dict[str, str]:
    """Something of the owner's for every argument of a rule."""
    with world.runtime.database.reading() as session:
        case = session.scalars(select(Case).where(Case.offered_on.is_not(None)).order_by(Case.id)).first()
        assert case is not None

        def one(model: Any) -> str:
            found = session.scalars(select(model.id).limit(1)).first()
            return str(found or uuid.UUID(int=7))

        own = select(Payin.id).where(Payin.case_id == case.id).limit(1)
        paid = str(session.scalars(own).first() or uuid.UUID(int=7))
        return {
            "case_id": str(case.id), "use_id": str(case.uses[0].id), "hit_id": one(Hit), "work_id": one(Work),
            "payin_id": paid, "payout_id": one(Payout), "approval_id": one(Approval),
            "reference": case.reference,
        }  # fmt: skip


def routes(app: Flask) -> Iterator[tuple[str, str, str, Any]]:
    """Endpoint, method, rule and permission of every route."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule)):
        if rule.endpoint in SKIPPED:
            continue
        blueprint = app.blueprints[rule.endpoint.split(".")[0]]
        assert isinstance(blueprint, RoleBlueprint)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield (
                rule.endpoint,
                method,
                rule.rule,
                blueprint.actions[rule.endpoint.split(".")[1], method == "POST"],
            )


def filled(rule: str, values: dict[str, str]) -> str:
    path = re.sub(r"<uuid:(\w+)>", lambda m: values.get(m[1], str(uuid.UUID(int=7))), rule)
    path = re.sub(r"<int:\w+>", "1", path)
    return re.sub(r"<(\w+)>", lambda m: values.get(m[1], "x"), path)


def ask(visitor: Visitor, method: str, path: str) -> int:
    visitor._from = {"REMOTE_ADDR": next(addresses)}
    if method == "GET":
        return visitor.get(path).status_code
    entrance = "/log-in" if visitor.client.application.name == "desk" else "/verify"
    page = visitor.client.get(entrance, follow_redirects=True, environ_base=visitor._from).get_data(
        as_text=True
    )
    token = TOKEN.search(page) or re.search(r'value="([^"]+)"[^>]*name="csrf_token"', page)
    data = {"csrf_token": token[1] if token else ""}
    return visitor.client.post(path, data=data, environ_base=visitor._from).status_code


@pytest.mark.slow
def test_nobody_gets_in_where_no_row_lets_them(full_world: World) -> None:
    """Whoever the table does not name is refused; whose thing it is not finds nothing; looking is allowed."""
    crowd, values = people(full_world), things(full_world)
    wrong: list[str] = []
    for app in (full_world.desk, full_world.portal):
        for endpoint, method, rule, action in routes(app):
            if action is Doors.OPEN:
                continue
            for who, visitor in crowd.items():
                if visitor.client.application is not app:
                    continue
                role, rank = ROLE[who]
                held = any(g.role is role and (not g.ranks or rank in g.ranks) for g in action.grants)
                blueprint = app.blueprints[endpoint.split(".")[0]]
                enters = held and role in blueprint.roles
                foreign = who.startswith("other") and "<uuid:" in rule
                if enters and not foreign and method == "POST":
                    continue  # the journeys press these
                code = ask(visitor, method, filled(rule, values))
                fine = (
                    (code == 303 and role is Role.PUBLIC) or code in REFUSED if not enters
                    else code in REFUSED if foreign
                    else code < 500
                )  # fmt: skip
                if not fine:
                    wrong.append(f"{who} {method} {rule}: {code}")
    assert wrong == []


def test_the_table_of_routes_and_rights_is_as_reviewed(world: World) -> None:
    """Changed on purpose? ``UPDATE_SNAPSHOTS=1 pytest tests/contracts/test_access.py``, then read the diff."""
    lines = []
    for app in (world.desk, world.portal):
        for endpoint, method, rule, action in routes(app):
            blueprint = app.blueprints[endpoint.split(".")[0]]
            held = [
                who for who, (role, rank) in ROLE.items()
                if role in blueprint.roles and any(g.role is role and (not g.ranks or rank in g.ranks) for g in action.grants)
            ]  # fmt: skip
            who = (
                "anybody" if action is Doors.OPEN else ", ".join(w for w in held if not w.startswith("other"))
            )
            asks = " (asks again who it is)" if action.dangerous and method == "POST" else ""
            lines.append(f"{app.name:<7}{method:<5}{rule:<64}{action.value:<24}{who}{asks}")
    text = "\n".join(lines) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text()
    assert {action.value for app in (world.desk, world.portal) for *_rest, action in routes(app)} >= {
        May.PAYMENTS_REFUND, May.PAYOUTS_READ, May.HITS_JUDGE, May.APPROVALS_DECIDE,
    }  # fmt: skip
