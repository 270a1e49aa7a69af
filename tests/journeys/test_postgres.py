"""What only PostgreSQL has: TRUNCATE, transactions that are read-only, messages shared without waiting."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.world import START, World
from workflow.kernel import outbox
from workflow.kernel.db import Database

pytestmark = pytest.mark.postgresql_only("SQLite has one writer at a time and no TRUNCATE")


@pytest.mark.parametrize("table", ["audit_entries", "audit_seals", "journal_lines", "journal_entries"])
def test_what_was_written_cannot_be_emptied(world: World, table: str) -> None:
    before = world.count(outbox.OutboxMessage)
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DBAPIError, match="append-only"), world.runtime.database.transaction() as session:
            outbox.post(session, "mail", {}, key="beside", now=START)
            session.execute(text(statement))
    assert world.count(outbox.OutboxMessage) == before, "what stood beside it was undone too"


def test_reading_cannot_write(world: World) -> None:
    with pytest.raises(DBAPIError, match="read-only"), world.runtime.database.reading() as session:
        session.execute(text("UPDATE accounts SET name = 'x'"))


def test_four_workers_share_without_waiting_for_each_other(world: World) -> None:
    """``SKIP LOCKED``: each message has one holder."""
    database = world.runtime.database
    with database.transaction() as session:
        for n in range(60):
            outbox.post(session, "mail", {}, key=f"share:{n}", now=START)
    held: list[str] = []
    together = threading.Barrier(4)

    def work() -> None:
        mine = 0
        while (key := _take(database, together if mine == 0 else None)) is not None:
            mine += 1
            held.append(key)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(key for key in held if key.startswith("share:")) == sorted(f"share:{n}" for n in range(60))
    assert len(held) == len(set(held))


def _take(database: Database, together: threading.Barrier | None) -> str | None:
    """Claim and finish one message; with ``together`` all four hold their first at the same moment."""
    with database.transaction() as session:
        message = outbox.claim(session, START)
        if together:
            together.wait(30)
        if message is None:
            return None
        outbox.finish(session, message, START)
        return message.key
