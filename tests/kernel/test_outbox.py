"""Messages: each key once, one holder at a time, and whoever overslept cannot finish."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.world import START
from workflow.kernel import inbox, outbox
from workflow.kernel.db import Database
from workflow.kernel.ids import new_id
from workflow.kernel.inbox import InboxMessage, InboxState
from workflow.kernel.outbox import BACKOFF_SECONDS, LEASE, MAX_ATTEMPTS, LeaseLost, OutboxMessage, OutboxState


def post(database: Database, key: str, **more: Any) -> bool:
    with database.transaction() as session:
        return outbox.post(session, "mail", {"to": key}, key=key, now=START, **more)


def claim(database: Database, wall: Any = START) -> OutboxMessage | None:
    with database.transaction() as session:
        return outbox.claim(session, wall)


def only(database: Database) -> OutboxMessage:
    with database.reading() as session:
        return session.scalars(select(OutboxMessage)).one()


def test_a_key_is_a_message(database: Database) -> None:
    assert post(database, "a") and not post(database, "a")
    assert only(database).payload == {"to": "a"}


def test_what_is_rolled_back_was_never_said(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        outbox.post(session, "mail", {}, key="a", now=START)
        raise ZeroDivisionError
    assert claim(database) is None


def test_two_workers_never_hold_the_same_message(database: Database) -> None:
    for n in range(40):
        post(database, f"m{n}")
    held: list[str] = []
    lock = threading.Lock()

    def work() -> None:
        while (message := claim(database)) is not None:
            with lock:
                held.append(message.key)
            with database.transaction() as session:
                outbox.finish(session, message, START)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(held) == sorted(f"m{n}" for n in range(40))


def test_whoever_overslept_cannot_finish(database: Database) -> None:
    post(database, "a")
    slow = claim(database)
    assert slow is not None and not slow.orphaned
    assert claim(database, START + LEASE - timedelta(seconds=1)) is None
    quick = claim(database, START + LEASE)
    assert quick is not None and quick.orphaned and quick.fence == slow.fence + 1
    for end in (outbox.finish, outbox.retry_later):
        with pytest.raises(LeaseLost), database.transaction() as session:
            end(session, slow, START, *(["late"] if end is outbox.retry_later else []))
    with database.transaction() as session:
        outbox.finish(session, quick, START)
    assert only(database).state is OutboxState.DONE
    with pytest.raises(LeaseLost), database.transaction() as session:
        outbox.fail(session, quick, "twice")


def test_tries_are_spaced_and_end(database: Database) -> None:
    post(database, "a")
    wall, waits = START, []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        message = claim(database, wall)
        assert message is not None and message.attempts == attempt
        with database.transaction() as session:
            outbox.retry_later(session, message, wall, "the server sleeps")
        row = only(database)
        if row.state is OutboxState.PENDING:
            waits.append(int((row.next_at - wall).total_seconds()))
            assert claim(database, row.next_at - timedelta(seconds=1)) is None
            wall = row.next_at
    row = only(database)
    assert row.state is OutboxState.FAILED and "sleeps" in row.last_error
    assert waits == [*BACKOFF_SECONDS, *[BACKOFF_SECONDS[-1]] * (MAX_ATTEMPTS - 1 - len(BACKOFF_SECONDS))]
    assert claim(database, wall + timedelta(days=400)) is None
    with database.transaction() as session:
        outbox.repeat(session, row.id, wall)
    assert claim(database, wall) is not None


def test_what_nobody_knows_is_not_repeated(database: Database) -> None:
    post(database, "a")
    message = claim(database)
    assert message is not None
    with database.transaction() as session:
        outbox.park_unknown(session, message, "the line broke")
    assert claim(database, START + timedelta(days=9)) is None
    assert only(database).state is OutboxState.UNKNOWN


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(priorities=st.lists(st.integers(0, 90), min_size=1, max_size=8))
def test_the_urgent_first_then_the_older(database: Database, priorities: list[int]) -> None:
    batch = str(new_id())
    for n, priority in enumerate(priorities):
        post(database, f"{batch}:{n}", priority=priority)
    order = []
    while (message := claim(database)) is not None:
        order.append(int(message.key.rpartition(":")[2]))
        with database.transaction() as session:
            outbox.finish(session, message, START)
    assert order == sorted(range(len(priorities)), key=lambda n: (priorities[n], n))


@dataclass(frozen=True)
class SomethingHappened:
    case_id: UUID
    on: date
    count: int


def test_an_event_travels_as_plain_words(database: Database) -> None:
    case = new_id()
    with database.transaction() as session:
        outbox.publish(session, SomethingHappened(case, date(2024, 3, 1), 2), key="k", now=START)
    row = only(database)
    assert (row.kind, row.key) == ("event", "event:SomethingHappened:k")
    assert row.payload["fields"] == {"case_id": str(case), "on": "2024-03-01", "count": 2}


def test_from_outside_each_id_once(database: Database) -> None:
    def receive(foreign: str, source: str = "stripe") -> bool:
        with database.transaction() as session:
            return inbox.receive(
                session, source, foreign, kind="charge", body=b"{}", facts={"kind": "other"}, wall=START
            )

    assert [receive("evt_1"), receive("evt_1"), receive("evt_2"), receive("evt_1", "bank")] == [
        True,
        False,
        True,
        True,
    ]
    with database.transaction() as session:
        rows = session.scalars(select(InboxMessage).order_by(InboxMessage.id)).all()
        assert [row.foreign_id for row in rows] == ["evt_1", "evt_2", "evt_1"]
        inbox.settle(rows[0], "x" * 900)
        assert rows[0].state is InboxState.DONE and len(rows[0].outcome) == 500
        assert len(session.scalars(select(OutboxMessage)).all()) == 3


def test_two_deliveries_at_once_are_one(database: Database) -> None:
    answers: list[Any] = []

    def deliver() -> None:
        with database.transaction() as session:
            answers.append(
                inbox.receive(session, "stripe", "evt", kind="x", body=b"{}", facts={}, wall=START)
            )

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [False] * 5 + [True]
