"""One tick over many open deadlines: what is due is found by the index, however many are not due yet.

    python bench/ticks.py [--goals]

A hundred rows are due, all others in the future. The tick over 10,000 open rows is the baseline of the one
over 100,000; the plan of the query must name the index on both databases.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

from databases import KINDS, database
from sqlalchemy import insert, text, update
from table import Row, finish, options, row

from workflow.kernel.db import Database
from workflow.kernel.deadlines import DeadlineRow, DeadlineState, due_query
from workflow.kernel.ids import new_id
from workflow.ticker import tick

NOW = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
SIZES = (10_000, 100_000)
DUE = 100
ROUNDS = 9
INDEX = "ix_deadlines_due"


def fill(place: Database, rows: int) -> None:
    """Open rows whose time has not come."""
    with place.transaction() as session:
        session.connection().execute(
            insert(DeadlineRow),
            [
                {
                    "id": new_id(), "subject_type": "case", "subject_id": new_id(), "kind": "answer",
                    "trigger": "remind", "due_at": NOW + timedelta(minutes=n + 1), "ours": True,
                    "state": DeadlineState.OPEN, "reasons": [], "claims": 0, "opened_at": NOW,
                }
                for n in range(rows)
            ],
        )  # fmt: skip
    with place.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def one_tick(place: Database) -> float:
    """Milliseconds of a tick that finds :data:`DUE` rows; they are put back into the future afterwards."""
    fired = DeadlineRow.state == DeadlineState.CLAIMED
    with place.transaction() as session:
        chosen = session.scalars(due_query(datetime.max.replace(tzinfo=UTC)).limit(DUE)).all()
        for found in chosen:
            found.due_at = NOW - timedelta(hours=1)
    began = time.perf_counter()
    count = tick(place, NOW)
    spent = time.perf_counter() - began
    assert count == DUE, count
    with place.transaction() as session:
        session.execute(
            update(DeadlineRow)
            .where(fired)
            .values(state=DeadlineState.OPEN, due_at=NOW + timedelta(days=200))
            .execution_options(synchronize_session=False)
        )
    return spent * 1000


def plan(place: Database) -> str:
    """How the database looks for what is due."""
    compiled = due_query(NOW).compile(place.engine, compile_kwargs={"literal_binds": True})
    word = "EXPLAIN QUERY PLAN" if place.dialect == "sqlite" else "EXPLAIN"
    with place.engine.connect() as connection:
        return "\n".join(str(line) for line in connection.exec_driver_sql(f"{word} {compiled}"))


def measure(kind: str) -> list[Row]:
    """Both sizes on one kind of database."""
    rows: list[Row] = []
    with database(kind) as place:
        have, baseline = 0, None
        for size in SIZES:
            fill(place, size - have)
            have = size
            spent = statistics.median([one_tick(place) for _ in range(ROUNDS + 1)][1:])
            goal = "<=1.5" if baseline else ""
            rows.append(row(f"tick with {DUE} due of {size:,} open, {kind}", spent, "ms", baseline, goal))
            baseline = spent
            uses = INDEX in plan(place)
            rows.append(row(f"the plan names the index, {size:,} open, {kind}", uses, "1 = yes", 1, ">=1"))
    return rows


def main() -> int:
    """Measure both databases."""
    chosen = options(__doc__).parse_args()
    return finish("ticks", [line for kind in KINDS for line in measure(kind)], chosen.goals)


if __name__ == "__main__":
    sys.exit(main())
