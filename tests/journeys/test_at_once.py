"""Two steps on one case at the same moment: one waits for the other, none is lost, nobody waits in a ring."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from tests.kernel.test_contention import at_once
from tests.world import World
from workflow.cases.models import Hold
from workflow.cases.states import CaseState
from workflow.checks import problems
from workflow.kernel.failpoints import armed
from workflow.kernel.ledger import JournalEntry
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.ticker import tick
from workflow.wiring import fire_deadline, handlers
from workflow.worker import Worker

pytestmark = pytest.mark.postgresql_only("SQLite has one writer at a time")


def waits_for_a_row(world: World) -> bool:
    """Whether somebody waits for a lock that somebody else has."""
    with world.runtime.database.reading() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def deadlocks(world: World) -> int:
    with world.runtime.database.reading() as session:
        session.execute(text("SELECT pg_stat_clear_snapshot()"))
        asked = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(session.scalar(asked) or 0)


def meanwhile(world: World, slow: Callable[[], None], quick: Callable[[], None]) -> None:
    """``slow`` stands in the middle of its transaction when ``quick`` begins; both end well."""
    waited: list[bool] = []

    def second() -> None:
        until = time.monotonic() + 20
        while not _in_a_transaction(world) and time.monotonic() < until:
            time.sleep(0.02)
        watcher = threading.Thread(target=lambda: waited.append(_soon(lambda: waits_for_a_row(world))))
        watcher.start()
        quick()
        watcher.join(30)

    assert at_once(slow, second) == []
    assert waited == [True], "the second one waited for the first"
    assert deadlocks(world) == 0


def _soon(true: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return False


def _in_a_transaction(world: World) -> bool:
    """Somebody wrote something and thinks before the next statement: the armed point sleeps there."""
    with world.runtime.database.reading() as session:
        return bool(session.scalar(text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle in transaction' AND backend_xid IS NOT NULL"
            " AND now() - state_change > interval '0.3 seconds'"
        )))  # fmt: skip


def waiting(world: World, kind: str) -> int:
    with world.runtime.database.reading() as session:
        asked = select(func.count()).select_from(OutboxMessage).where(
            OutboxMessage.kind == kind, OutboxMessage.state == OutboxState.PENDING
        )  # fmt: skip
        return session.scalar(asked) or 0


def test_a_reminder_that_fires_while_the_recipient_objects(world: World) -> None:
    """Monday, 18 March 2024: the date fires; the objection waits for it and then stops what follows."""
    case = world.offered()
    world.clock.advance(timedelta(days=17))
    assert tick(world.runtime.database, world.now) == 1
    visitor = world.recipient(case)
    form = visitor.form("/answer/ask", {"text": "We think our designer has a licence."})
    answers: list[int] = []

    def fire() -> None:
        with armed("deadline.after_advance=sleep:3@1"):
            Worker(world.runtime, handlers(world.gateway)).drain(limit=1)

    meanwhile(world, fire, lambda: answers.append(visitor.send(*form).status_code))
    assert answers == [303]
    world.work()
    assert world.case(case).state is CaseState.REMINDED
    assert [hold.closed_at for hold in world.all(Hold) if hold.case_id == case.id] == [None]
    assert problems(world.runtime) == []


def test_money_that_is_booked_while_a_reminder_fires(world: World) -> None:
    """The payment has the case first: the reminder waits, finds it paid, and asks for nothing."""
    case = world.offered(12_345)
    world.pay(world.recipient(case))
    for body in world.reports():
        assert world.webhook(body).status_code == 200
    world.clock.advance(timedelta(days=17))
    reports = waiting(world, "inbox:stripe")
    assert reports > 0 and tick(world.runtime.database, world.now) == 1

    def book() -> None:
        with armed("book.after_journal=sleep:3@1"):
            Worker(world.runtime, handlers(world.gateway)).drain(limit=reports)

    meanwhile(world, book, lambda: _fire(world))
    world.work()
    assert world.case(case).state is CaseState.PAID
    assert sum(entry.key.startswith("payin:") for entry in world.all(JournalEntry)) == 1
    assert [letter[0] for letter in world.letters(case) if "reminder" in letter[0]] == []
    assert problems(world.runtime) == []


def _fire(world: World) -> None:
    """What the worker does with the due date, in a transaction of its own."""
    [row] = [row for row in world.all(OutboxMessage) if row.kind == "deadline"]
    world.runtime.database.run(lambda session: fire_deadline(session, world.runtime, row.payload))
