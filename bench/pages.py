"""Page times at desk and portal: median of 15 single requests, in the demo as built and with many rows.

    python bench/pages.py [--goals]

The many rows (10,000 hits, 2,000 cases) are copies of the demo's own under new keys, written by plain
statements; every page is asked for after two visits to warm up, with nobody else asking.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

from running import build_demo, environment, page_ms, started, visits
from sqlalchemy import MetaData, Table, create_engine, event, func, select
from table import Row, at_most, finish, options

HITS, CASES = 10_000, 2_000
#: Milliseconds.
BOUND, BOUND_MANY = 150, 300


def measure(place: dict[str, str], world: str, bound: float) -> list[Row]:
    """Every page once the processes run."""
    with started(place):
        return [
            at_most(f"page {path}, {world}", page_ms(host, path, cookie), "ms", bound)
            for host, path, cookie in visits()
        ]


def multiply(path: Path) -> None:
    """Bring hits and cases to their numbers with copies of those that are there."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]

    tables = MetaData()
    tables.reflect(engine, only=["hits", "cases"], resolve_fks=False)
    _copies(engine, tables.tables["cases"], CASES, {"reference": 8})
    _copies(engine, tables.tables["hits"], HITS, {"page_key": 64})
    engine.dispose()


def _copies(engine: object, table: Table, wanted: int, unique: dict[str, int]) -> None:
    with engine.begin() as connection:  # type: ignore[attr-defined]
        have = connection.scalar(select(func.count()).select_from(table))
        there = [dict(row) for row in connection.execute(select(table)).mappings()]
        made = []
        for n in range(wanted - have):
            copy = {**there[n % len(there)], "id": uuid.uuid4().hex}
            made.append(copy | {name: f"{n:0{length}X}" for name, length in unique.items()})
        connection.execute(table.insert(), made)


def main() -> int:
    """Measure, print, write."""
    chosen = options(__doc__).parse_args()
    with environment() as place:
        build_demo(place)
        rows = measure(place, "demo", BOUND)
        multiply(Path(place["LICHTBILD_INSTANCE_DIR"]) / "demo" / "lichtbild.sqlite")
        rows += measure(place, f"{HITS:,} hits, {CASES:,} cases", BOUND_MANY)
    return finish("pages", rows, chosen.goals)


if __name__ == "__main__":
    sys.exit(main())
