"""Dates as rows: whatever happens, a date is ended or still in front of somebody; none is lost or doubled."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.world import START
from workflow.kernel import deadlines
from workflow.kernel.db import Base, Database
from workflow.kernel.deadlines import LIVE, DeadlineRow, DeadlineState
from workflow.kernel.ids import new_id


class DatesOfOneCase(RuleBasedStateMachine):
    """Ticks, holds, refusals and moves in any order, against a model of what must be true."""

    @initialize()
    def begin(self) -> None:
        self.database = Database("sqlite://")
        Base.metadata.create_all(self.database.engine)
        self.now = START
        self.case = new_id()
        self.dates: dict[uuid.UUID, DeadlineState] = {}
        self.claims = 0
        self.held = False

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.dispose()

    def live_kinds(self) -> set[str]:
        with self.database.reading() as session:
            return {row.kind for row in deadlines.live(session, "case", self.case)}

    @rule(kind=st.sampled_from(["reminder", "dunning", "limitation"]), days=st.integers(0, 20))
    def open(self, kind: str, days: int) -> None:
        due = self.now + timedelta(days=days)
        taken = kind in self.live_kinds()
        try:
            with self.database.transaction() as session:
                key = deadlines.open_deadline(
                    session, "case", self.case, kind=kind, trigger="remind", due_at=due, now=self.now,
                    ours=kind != "limitation",
                )  # fmt: skip
                self.dates[key] = DeadlineState.OPEN
        except IntegrityError:
            assert taken
        else:
            assert not taken

    @rule(days=st.integers(0, 15))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def tick_claims_what_is_due(self) -> None:
        with self.database.transaction() as session:
            claimed = deadlines.claim_due(session, self.now)
            for row in claimed:
                assert self.dates[row.id] is DeadlineState.OPEN and row.due_at <= self.now
                self.dates[row.id] = DeadlineState.CLAIMED
            assert [row.due_at for row in claimed] == sorted(row.due_at for row in claimed)

    @precondition(lambda self: DeadlineState.CLAIMED in self.dates.values())
    @rule()
    def a_claimed_one_is_refused(self) -> None:
        key = next(key for key, state in self.dates.items() if state is DeadlineState.CLAIMED)
        with self.database.transaction() as session:
            deadlines.block(session, key, ("Not now.",))
        self.dates[key] = DeadlineState.BLOCKED

    @rule()
    def a_person_clears_what_is_blocked(self) -> None:
        with self.database.transaction() as session:
            for row in deadlines.blocked(session):
                deadlines.unblock(session, row.id)
                assert self.dates[row.id] is DeadlineState.BLOCKED
                self.dates[row.id] = DeadlineState.OPEN

    @rule()
    def a_hold_pauses_ours(self) -> None:
        with self.database.transaction() as session:
            ours = {row.id for row in deadlines.live(session, "case", self.case) if row.ours}
            running = {key for key in ours if self.dates[key] is not DeadlineState.PAUSED}
            assert deadlines.pause(session, "case", self.case, self.now) == len(running)
        for key in ours:
            self.dates[key] = DeadlineState.PAUSED

    @rule(days=st.integers(1, 30))
    def the_hold_ends(self, days: int) -> None:
        with self.database.transaction() as session:
            for row in deadlines.paused(session, "case", self.case):
                deadlines.resume(row, self.now + timedelta(days=days))
                self.dates[row.id] = DeadlineState.OPEN

    @rule()
    def the_case_moves_on(self) -> None:
        with self.database.transaction() as session:
            for row in deadlines.live(session, "case", self.case):
                if row.ours:
                    self.dates[row.id] = DeadlineState.ENDED
            deadlines.end_live(session, "case", self.case, self.now)

    @invariant()
    def rows_are_what_the_model_says(self) -> None:
        if not hasattr(self, "database"):
            return
        with self.database.reading() as session:
            rows = {row.id: row for row in session.scalars(select(DeadlineRow))}
        assert {key: row.state for key, row in rows.items()} == self.dates
        for row in rows.values():
            assert (row.paused_at is not None) is (
                row.state is DeadlineState.PAUSED
            ) or row.state is DeadlineState.ENDED
            assert (row.ended_at is not None) is (row.state in (DeadlineState.ENDED, DeadlineState.FIRED))
            assert bool(row.reasons) <= (row.state in (DeadlineState.BLOCKED, DeadlineState.PAUSED, DeadlineState.ENDED,
                                                       DeadlineState.OPEN, DeadlineState.CLAIMED))  # fmt: skip
        live = [row.kind for row in rows.values() if row.state in LIVE]
        assert len(live) == len(set(live))


DatesOfOneCase.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDatesOfOneCase = DatesOfOneCase.TestCase


def test_a_statutory_date_is_paused_and_ended_by_nothing(database: Database) -> None:
    case = new_id()
    with database.transaction() as session:
        for kind, ours in (("limitation", False), ("reminder", True)):
            deadlines.open_deadline(
                session, "case", case, kind=kind, trigger="x", due_at=START, now=START, ours=ours
            )
        assert deadlines.pause(session, "case", case, START) == 1
        deadlines.end_live(session, "case", case, START)
        assert [row.kind for row in deadlines.live(session, "case", case)] == ["limitation"]


def test_a_large_backlog_is_taken_in_batches_and_once(database: Database) -> None:
    with database.transaction() as session:
        for n in range(450):
            deadlines.open_deadline(
                session,
                "case",
                new_id(),
                kind="reminder",
                trigger="x",
                due_at=START - timedelta(n),
                now=START,
            )
    sizes = []
    while True:
        with database.transaction() as session:
            sizes.append(len(deadlines.claim_due(session, START)))
        if not sizes[-1]:
            break
    assert sizes == [200, 200, 50, 0]


def test_resuming_what_runs_is_a_bug(database: Database) -> None:
    with database.transaction() as session:
        key = deadlines.open_deadline(
            session, "case", new_id(), kind="reminder", trigger="x", due_at=START, now=START
        )
        with pytest.raises(AssertionError):
            deadlines.resume(session.get_one(DeadlineRow, key), START)
