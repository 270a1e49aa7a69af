"""The database: reading cannot write, writing is all or nothing, and a power cut is survived by setting."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from tests.world import START
from workflow.kernel import outbox
from workflow.kernel.db import Database, UTCDateTime
from workflow.kernel.outbox import OutboxMessage


def keys(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxMessage.key).order_by(OutboxMessage.key)))


@pytest.mark.sqlite_only("these are its settings; a PostgreSQL is set up by whoever runs it")
def test_the_settings_that_keep_money(database: Database) -> None:
    with database.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_reading_cannot_write_and_the_next_transaction_can(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(DBAPIError, match="readonly|query_only|read-only"), database.reading() as session:
            session.execute(text("DELETE FROM outbox"))
    with database.transaction() as session:
        outbox.post(session, "mail", {}, key="a", now=START)
    assert keys(database) == ["a"]


def test_all_or_nothing(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as session:
        outbox.post(session, "mail", {}, key="a", now=START)
        outbox.post(session, "mail", {}, key="b", now=START)
        raise KeyError
    assert keys(database) == []


def test_what_was_read_stays_readable(database: Database) -> None:
    with database.transaction() as session:
        outbox.post(session, "mail", {"x": 1}, key="a", now=START)
    with database.reading() as session:
        row = session.scalars(select(OutboxMessage)).one()
    assert row.payload == {"x": 1} and row.created_at == START


@pytest.mark.sqlite_only("one writer at a time: PostgreSQL lets several write and locks rows")
def test_writers_wait_for_each_other_and_lose_nothing(database: Database) -> None:
    def write(who: int) -> None:
        for n in range(8):
            with database.transaction() as session:
                count = len(session.scalars(select(OutboxMessage.key)).all())
                time.sleep(0.001)
                outbox.post(session, "mail", {"seen": count}, key=f"{who}:{n}", now=START)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    with database.reading() as session:
        seen = [row.payload["seen"] for row in session.scalars(select(OutboxMessage))]
    assert sorted(seen) == list(range(32)), "every writer saw what was committed before it"


def test_a_moment_has_a_zone_and_comes_back_as_utc(database: Database) -> None:
    tokyo = datetime(2024, 3, 1, 18, 0, tzinfo=timezone(timedelta(hours=9)))
    with database.transaction() as session:
        outbox.post(session, "mail", {}, key="a", now=tokyo)
    with database.reading() as session:
        found = session.scalars(select(OutboxMessage.created_at)).one()
    assert found == START and found.tzinfo is UTC
    with pytest.raises((StatementError, AssertionError)), database.transaction() as session:
        outbox.post(session, "mail", {}, key="b", now=START.replace(tzinfo=None))
    assert UTCDateTime().process_bind_param(None, database.engine.dialect) is None
