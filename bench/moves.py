"""Moves per second with audit line, outbox message and deadline, against the same rows by plain statements.

    python bench/moves.py [--goals]

Each move is a transaction of its own, committed to disk, on both sides: the engine locks, checks, moves,
writes one audit entry, ends one deadline, opens the next and posts one message; the baseline writes the very
same five rows with prepared statements and asks nothing. Both take turns in short rounds in the same run, on
the same database; the median of the rounds counts.
"""

from __future__ import annotations

import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial

from databases import KINDS, database
from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from table import Row, finish, options, row

from workflow.kernel import outbox
from workflow.kernel.actors import Actor, Role
from workflow.kernel.audit import GENESIS, AuditEntry
from workflow.kernel.db import Database, enum_column
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import Context, Deadline, Lifecycle, State, Transition, advance, begin
from workflow.kernel.outbox import EPOCH, OutboxMessage, OutboxState

SUBJECTS = 25
MOVES = 100
ROUNDS = 9
GOAL = ">=0.4"
NOW = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
ACTOR = Actor(Role.OPERATOR, "bench", "Somebody at the desk")


class Own(DeclarativeBase):
    """Tables of the measurement only."""


class Here(StrEnum):
    """Two places to go between."""

    LEFT = "left"
    RIGHT = "right"


class Go(StrEnum):
    """The one trigger."""

    CROSS = "cross"


class Walker(Own):
    """A subject as small as can be."""

    __tablename__ = "bench_walkers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    state: Mapped[Here] = enum_column(Here, "state")
    version: Mapped[int]


def _tell(context: Context[Walker]) -> None:
    subject = context.subject
    key = f"walked:{subject.id}:{subject.version}"
    outbox.post(context.session, "mail", {"walker": str(subject.id)}, key=key, now=context.now)


def _state(state: Here) -> State[Walker]:
    due: Deadline[Walker] = Deadline("answer", "cross", lambda context: context.now + timedelta(days=14))
    return State(state, f"On the {state.value}", Role.OPERATOR, (due,))


CROSSING: Lifecycle[Walker] = Lifecycle(
    "walker",
    Walker,
    Here.LEFT,
    (_state(Here.LEFT), _state(Here.RIGHT)),
    tuple(
        Transition(Go.CROSS, (source,), target, frozenset({Role.OPERATOR}), "Cross over", effects=(_tell,))
        for source, target in ((Here.LEFT, Here.RIGHT), (Here.RIGHT, Here.LEFT))
    ),
)


def by_engine(place: Database, walkers: list[uuid.UUID], moves: int) -> None:
    """Move them in turn, one transaction each."""
    for n in range(moves):
        with place.transaction() as session:
            advance(session, CROSSING, walkers[n % len(walkers)], Go.CROSS, ACTOR, NOW)


class Plain:
    """The same five rows per move, known beforehand, by prepared statements."""

    def __init__(self, place: Database, walkers: list[uuid.UUID]) -> None:
        self.place = place
        self.walkers = walkers
        self.moved = dict.fromkeys(walkers, 0)
        self.dates = {walker: new_id() for walker in walkers}
        self.move = (
            update(Walker)
            .where(Walker.id == bindparam("i"))
            .values(state=bindparam("s"), version=bindparam("v"))
        )
        self.end = (
            update(DeadlineRow).where(DeadlineRow.id == bindparam("i"))
            .values(state=DeadlineState.ENDED, ended_at=NOW)
        )  # fmt: skip
        with place.transaction() as session:
            session.connection().execute(insert(DeadlineRow), [self._date(walker) for walker in walkers])

    def _date(self, walker: uuid.UUID) -> dict[str, object]:
        return {
            "id": self.dates[walker], "subject_type": "plain", "subject_id": walker, "kind": "answer",
            "trigger": "cross", "due_at": NOW + timedelta(days=14), "ours": True, "state": DeadlineState.OPEN,
            "reasons": [], "claims": 0, "opened_at": NOW,
        }  # fmt: skip

    def __call__(self, moves: int) -> None:
        for n in range(moves):
            walker = self.walkers[n % len(self.walkers)]
            with self.place.transaction() as session:
                self._write(session, walker)

    def _write(self, session: Session, walker: uuid.UUID) -> None:
        connection = session.connection()
        self.moved[walker] += 1
        number = self.moved[walker]
        before, after = (Here.LEFT, Here.RIGHT) if number % 2 else (Here.RIGHT, Here.LEFT)
        connection.execute(self.move, {"i": walker, "s": after, "v": number})
        connection.execute(insert(AuditEntry), {
            "id": new_id(), "subject_type": "plain", "subject_id": walker, "sequence": number, "at": NOW,
            "actor_role": ACTOR.role, "actor_id": ACTOR.id, "actor_name": ACTOR.name,
            "action": "walker:cross",
            "before": before.value, "after": after.value, "label": "Cross over", "note": "",
            "previous_hash": GENESIS, "hash": GENESIS,
        })  # fmt: skip
        connection.execute(self.end, {"i": self.dates[walker]})
        self.dates[walker] = new_id()
        connection.execute(insert(DeadlineRow), self._date(walker))
        connection.execute(insert(OutboxMessage), {
            "id": new_id(), "key": f"plain:{walker}:{number}", "kind": "mail",
            "payload": {"walker": str(walker)},
            "priority": 50, "state": OutboxState.PENDING, "attempts": 0, "next_at": EPOCH, "orphaned": False,
            "fence": 0, "created_at": NOW, "last_error": "",
        })  # fmt: skip


def per_second(work: Callable[[int], None], moves: int) -> float:
    """How many moves a second."""
    began = time.perf_counter()
    work(moves)
    return moves / (time.perf_counter() - began)


def measure(kind: str) -> Row:
    """Engine and plain statements side by side on one kind of database."""
    with database(kind) as place:
        Own.metadata.create_all(place.engine)
        sides = []
        for _ in range(2):
            walkers = [new_id() for _ in range(SUBJECTS)]
            with place.transaction() as session:
                for walker in walkers:
                    begin(session, CROSSING, Walker(id=walker, version=0), ACTOR, NOW)
            sides.append(walkers)
        engine, plain = partial(by_engine, place, sides[0]), Plain(place, sides[1])
        found: tuple[list[float], list[float]] = ([], [])
        for round_number in range(ROUNDS + 1):
            for work, kept in ((engine, found[0]), (plain, found[1])):
                speed = per_second(work, MOVES)
                if round_number:  # the first round warms up
                    kept.append(speed)
        moved, written = statistics.median(found[0]), statistics.median(found[1])
        return row(f"moves with audit, outbox and deadline, {kind}", moved, "per second", written, GOAL)


def main() -> int:
    """Measure both databases."""
    chosen = options(__doc__).parse_args()
    return finish("transitions", [measure(kind) for kind in KINDS], chosen.goals)


if __name__ == "__main__":
    sys.exit(main())
