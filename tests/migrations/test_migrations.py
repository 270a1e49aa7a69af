"""The migrations: up from nothing, down and up again around data, and the rules the database itself keeps."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from sqlalchemy import Table, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from tests.databases import tamper
from tests.migrations.conftest import New
from tests.migrations.revisions import DATA_TESTS
from tests.world import START, World
from workflow.checks import problems
from workflow.kernel import ledger
from workflow.kernel.audit import AuditEntry
from workflow.kernel.db import Database, Session
from workflow.kernel.ids import new_id
from workflow.kernel.ledger import JournalEntry, JournalLine
from workflow.kernel.money import Currency, Money
from workflow.money.chart import Account
from workflow.schema import METADATA, current_head, differences, downgrade, revision_of, upgrade

TABLES: list[Table] = [table for metadata in METADATA for table in metadata.sorted_tables]


def tables_of(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def rows_of(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        return {
            name: connection.exec_driver_sql(f'SELECT COUNT(*) FROM "{name}"').scalar_one()
            for name in tables_of(database)
        }


def test_one_head_and_nothing_differs(new_database: New) -> None:
    database = new_database()
    assert revision_of(database) is None
    upgrade(database)
    assert revision_of(database) == current_head()
    assert differences(database) == []
    assert tables_of(database) == {table.name for table in TABLES}
    upgrade(database)  # again: nothing to do
    downgrade(database, "base")
    assert tables_of(database) == set()
    upgrade(database)
    assert differences(database) == []
    database.dispose()


def test_the_names_of_constraints_are_rules(tmp_path: Path) -> None:
    """What a person reads when the database refuses."""
    for table in TABLES:
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint} has no name"
            assert not re.search(r"_\d+$|^None", str(constraint.name)), constraint.name


@pytest.mark.slow
def test_down_and_up_with_data_in_every_table(full_world: World) -> None:
    database = full_world.runtime.database
    before = rows_of(database)
    assert {name for name, count in before.items() if not count} <= {"crawl_queue", "crawl_robots"}
    assert differences(database) == [] and problems(full_world.runtime) == []
    # one revision down and up keeps every row of the tables that stood before it, but what it says it gives up
    history = re.findall(r"^revision = \"(\w+)\"", "".join(
        path.read_text() for path in sorted((Path(__file__).parents[2] / "migrations" / "versions").glob("*.py"))
    ), re.MULTILINE)  # fmt: skip
    assert history[-1] == current_head()
    downgrade(database, "-1")
    kept = set(tables_of(database)) - DATA_TESTS[current_head()].emptied
    upgrade(database)
    after = rows_of(database)
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after.keys() == before.keys() and differences(database) == []
    assert problems(full_world.runtime) == []
    downgrade(database, "base")
    assert tables_of(database) == set()
    upgrade(database)
    assert differences(database) == []


@pytest.mark.parametrize("table", ["audit_entries", "audit_seals", "journal_lines", "journal_entries"])
def test_what_was_written_stays_written(full_world: World, table: str) -> None:
    database = full_world.runtime.database
    assert rows_of(database)[table] > 0
    column = {
        "audit_entries": "note",
        "audit_seals": "hash",
        "journal_lines": "account",
        "journal_entries": "occasion",
    }
    for statement in (f"UPDATE {table} SET {column[table]} = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
            session.execute(text(statement))
    assert problems(full_world.runtime) == []


def line(entry: uuid.UUID, amount: int, currency: Currency = Currency.EUR, position: int = 0) -> JournalLine:
    return JournalLine(
        entry_id=entry, position=position, account=Account.BANK.value, amount_minor=amount, currency=currency
    )


def header(entry: uuid.UUID) -> JournalEntry:
    return JournalEntry(id=entry, key=f"test:{entry}", occasion="A test", booked_at=START)


@pytest.mark.parametrize(
    "amounts",
    [
        [(100, Currency.EUR), (-99, Currency.EUR)],
        [(100, Currency.EUR), (-100, Currency.USD)],
        [(100, Currency.EUR)],
        [],
    ],
)
def test_the_database_refuses_what_does_not_balance(
    world: World, amounts: list[tuple[int, Currency]]
) -> None:
    refuses_unbalanced(world.runtime.database, amounts)


def refuses_unbalanced(database: Database, amounts: list[tuple[int, Currency]]) -> None:
    entry = new_id()
    with pytest.raises(DBAPIError, match="balance"), database.transaction() as session:
        session.add_all(line(entry, amount, currency, n) for n, (amount, currency) in enumerate(amounts))
        session.flush()
        session.add(header(entry))
        session.flush()
    with database.reading() as session:
        assert session.get(JournalEntry, entry) is None
        assert session.scalars(select(JournalLine).where(JournalLine.entry_id == entry)).all() == []


def test_lines_need_a_header_and_a_header_is_the_end(world: World) -> None:
    keeps_entries_whole(world.runtime.database)


def keeps_entries_whole(database: Database) -> None:
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.add_all([line(entry := new_id(), 100), line(entry, -100, position=1)])
    with database.transaction() as session:
        booked = _book(session)
    with pytest.raises(DBAPIError, match="complete"), database.transaction() as session:
        session.add(line(booked.id, 5, position=7))
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.execute(insert(JournalLine).values(
            id=new_id(), entry_id=booked.id, position=9, account="bank", amount_minor=0, currency="EUR"
        ))  # fmt: skip


def _book(session: Session) -> JournalEntry:
    postings = [ledger.Posting(Account.BANK, Money(100)), ledger.Posting(Account.COMMISSION, Money(-100))]
    return ledger.book(session, f"test:{new_id()}", "A test", START, postings)


def test_a_number_out_of_the_list_is_refused_by_name(world: World) -> None:
    with pytest.raises(DBAPIError, match="(?i)check|ck_"), world.runtime.database.transaction() as session:
        session.execute(text("UPDATE contract_terms SET owner_share_bp = 12000"))
    made = world.submitted()
    with (
        pytest.raises(DBAPIError, match="shares_are_the_whole"),
        world.runtime.database.transaction() as session,
    ):
        session.execute(
            text("UPDATE cases SET owner_share_bp = 5400 WHERE reference = :r"), {"r": made.reference}
        )
    with pytest.raises(DBAPIError), world.runtime.database.transaction() as session:
        session.execute(
            text("UPDATE cases SET state = 'dreaming' WHERE reference = :r"), {"r": made.reference}
        )


def test_a_changed_audit_line_is_found(world: World) -> None:
    """Somebody with the keys to the machine drops the trigger and changes the past."""
    world.offered()
    assert problems(world.runtime) == []
    with world.runtime.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "case:offer")).one()
    tamper(
        world.runtime.database,
        f"UPDATE audit_entries SET actor_name = 'Somebody else' WHERE hash = '{entry.hash}'",
    )
    assert any("breaks at" in sentence for sentence in problems(world.runtime))
