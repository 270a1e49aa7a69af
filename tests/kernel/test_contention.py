"""Two at once: undone and done again, never half; and what may run only once runs once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.world import START
from workflow import ticker
from workflow.kernel import deadlines, outbox
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database, Session
from workflow.kernel.documents import DataKey, Document, Vault
from workflow.kernel.errors import Conflict, Unavailable
from workflow.kernel.ids import new_id
from workflow.kernel.outbox import OutboxMessage
from workflow.kernel.secrets import MasterKey
from workflow.kernel.single_run import single_run


def at_once(*works: Callable[[], None]) -> list[BaseException]:
    """Run them in threads of their own; what they raised."""
    raised: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return raised


def two_messages(database: Database) -> None:
    with database.transaction() as session:
        for key in ("a", "b"):
            outbox.post(session, "mail", {"count": 0}, key=key, now=START)


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {row.key: row.payload["count"] for row in session.query(OutboxMessage)}


class Crossing:
    """Counts up two rows in a given order; the first time it waits until the other has its first row."""

    def __init__(self, order: str, together: threading.Barrier) -> None:
        self.order, self.together, self.calls = order, together, 0

    def __call__(self, session: Session) -> str:
        self.calls += 1
        for key in self.order:
            row = session.query(OutboxMessage).filter_by(key=key).with_for_update().one()
            row.payload = {"count": row.payload["count"] + 1}
            session.flush()
            if self.calls == 1 and key == self.order[0]:
                self.together.wait(20)
        return self.order


@pytest.mark.postgresql_only("one writer at a time cannot get into a ring")
def test_a_deadlock_is_undone_and_done_again(database: Database) -> None:
    two_messages(database)
    together = threading.Barrier(2)
    one, other = Crossing("ab", together), Crossing("ba", together)
    said: list[str] = []
    raised = at_once(lambda: said.append(database.run(one)), lambda: said.append(database.run(other)))
    assert raised == [] and sorted(said) == ["ab", "ba"]
    assert counts(database) == {"a": 2, "b": 2}
    assert one.calls + other.calls == 3


@pytest.mark.postgresql_only("one writer at a time cannot get into a ring")
def test_whoever_may_not_try_again_is_told_so_and_nothing_is_half_there(database: Database) -> None:
    two_messages(database)
    together = threading.Barrier(2)
    works = [Crossing(order, together) for order in ("ab", "ba")]
    [raised] = at_once(*(lambda work=work: database.run(work, attempts=1) for work in works))  # type: ignore[misc]
    assert isinstance(raised, Unavailable) and "Nothing was saved" in str(raised)
    assert counts(database) == {"a": 1, "b": 1}


@pytest.mark.sqlite_only("PostgreSQL lets both write")
def test_a_busy_file_is_tried_again(database: Database) -> None:
    two_messages(database)
    another = Database(database.url.render_as_string())
    with database.engine.connect() as ours:
        ours.exec_driver_sql("PRAGMA busy_timeout=1")

    def work(session: Session) -> str:
        outbox.post(session, "mail", {}, key="c", now=START)
        return "done"

    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with another.transaction() as session:
            session.execute(text("UPDATE outbox SET priority = 1"))
            holding.set()
            let_go.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(20)
    with pytest.raises(Unavailable):
        database.run(work, attempts=1)
    threading.Timer(0.3, let_go.set).start()
    assert database.run(work) == "done"
    holder.join(20)
    another.dispose()
    assert len(counts_of_keys(database)) == 3


def counts_of_keys(database: Database) -> list[str]:
    with database.reading() as session:
        return [row.key for row in session.query(OutboxMessage)]


def test_other_errors_are_not_repeated(database: Database) -> None:
    two_messages(database)
    calls = []

    def work(session: Session) -> None:
        calls.append(1)
        session.execute(text("UPDATE outbox SET key = 'a'"))

    with pytest.raises(IntegrityError):
        database.run(work)
    assert len(calls) == 1 and sorted(counts(database)) == ["a", "b"]


def test_what_may_run_once_runs_once_and_again_after_it(database: Database) -> None:
    with single_run(database, "payout", "A run is on its way.") as held:
        held.check()
        with (
            pytest.raises(Conflict, match="on its way"),
            single_run(database, "payout", "A run is on its way."),
        ):
            raise AssertionError
        with single_run(database, "backup", "Another name is another matter."):
            pass
    with single_run(database, "payout", "A run is on its way."):
        pass


@pytest.mark.postgresql_only("a file does not go away")
def test_whoever_lost_the_database_stops(database: Database) -> None:
    with single_run(database, "payout", "A run is on its way.") as held:
        with database.transaction() as session:
            session.execute(text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ))  # fmt: skip
        with pytest.raises(Unavailable, match="right to be the only one"):
            held.check()
        with single_run(database, "payout", "A run is on its way."):
            pass  # the next one takes over


def test_a_second_ticker_ends_with_a_sentence_and_the_first_goes_on(database: Database) -> None:
    stop, clock = threading.Event(), FrozenClock(START)
    first = threading.Thread(target=ticker.Ticker(database, clock, every_seconds=0.05).run, args=(stop,))
    first.start()
    try:
        with database.transaction() as session:
            deadlines.open_deadline(
                session, "case", new_id(), kind="reminder", trigger="remind", due_at=START, now=START
            )
        wait_until(lambda: any(key.startswith("deadline:") for key in counts_of_keys(database)))
        with pytest.raises(Conflict, match="Another ticker of this database"):
            ticker.Ticker(
                Database(database.url.render_as_string(hide_password=False)), clock, every_seconds=1
            ).run(stop)
        assert first.is_alive()
    finally:
        stop.set()
        first.join(20)
    ticker.Ticker(database, clock, every_seconds=1).run(stop)  # the place is free again


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        pause.wait(0.05)
    raise AssertionError("it never came true")


def test_two_ticks_at_once_hand_each_date_over_once(database: Database) -> None:
    cases = [new_id() for _ in range(300)]
    with database.transaction() as session:
        for case in cases:
            deadlines.open_deadline(
                session, "case", case, kind="reminder", trigger="remind", due_at=START, now=START
            )
    found: list[int] = []
    assert at_once(*[lambda: found.append(ticker.tick(database, START + timedelta(days=1)))] * 3) == []
    assert sum(found) == 300
    with database.reading() as session:
        told = [row.payload["deadline_id"] for row in session.query(OutboxMessage).filter_by(kind="deadline")]
        assert len(told) == 300 and len(set(told)) == 300
        assert {uuid.UUID(key) for key in told} == {row.id for row in session.query(deadlines.DeadlineRow)}


def test_the_same_key_from_many_at_once_is_one_message(database: Database) -> None:
    answers: list[bool] = []
    together = threading.Barrier(6)

    def post() -> None:
        together.wait(20)
        answers.append(database.run(lambda session: outbox.post(session, "mail", {}, key="one", now=START)))

    assert at_once(*[post] * 6) == [] and sorted(answers) == [False] * 5 + [True]


@pytest.mark.postgresql_only("there is no limit to waiting on SQLite but the busy one")
def test_nobody_waits_for_ever(database: Database) -> None:
    with database.transaction() as session:
        limits = {
            name: session.scalar(text(f"SHOW {name}"))
            for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        }
    assert limits == {
        "lock_timeout": "15s", "statement_timeout": "1min", "idle_in_transaction_session_timeout": "5min",
    }  # fmt: skip
    with pytest.raises(DBAPIError, match="read-only"), database.reading() as session:
        session.execute(text("DELETE FROM outbox"))


def test_the_same_document_put_by_many_at_once_is_one(database: Database, tmp_path: Path) -> None:
    """Six processes' worth of connections, a scope without a key yet, the same bytes."""
    vault = Vault(tmp_path / "vault", MasterKey(bytes(32)))
    together = threading.Barrier(6)
    found: list[uuid.UUID] = []

    def put() -> None:
        together.wait(20)
        found.append(database.run(lambda session: vault.put(
            session, "case:018f0000-0000-7000-8000-000000000001", b"proof" * 999,
            media_type="application/pdf", name="proof.pdf", now=START,
        ).id))  # fmt: skip

    assert at_once(*[put] * 6) == []
    assert len(found) == 6 and len(set(found)) == 1
    with database.reading() as session:
        assert session.query(Document).count() == session.query(DataKey).count() == 1
        assert vault.get(session, found[0]) == b"proof" * 999
        assert vault.check(session) == [] and vault.orphans(session) == []
