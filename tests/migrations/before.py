"""A database just before a revision, with mixed rows in it: 10,000 before the long way that is killed, 2,000
before every other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from tests.migrations.shape import Columns, shape
from workflow.kernel.db import Database
from workflow.schema import alembic_config, upgrade

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
SCRIPTS = ScriptDirectory.from_config(alembic_config(Database("sqlite://")))
HISTORY = [step.revision for step in reversed(list(SCRIPTS.walk_revisions()))]
#: From here the command upgrades to the newest revision, and is killed on the way.
LONG_WAY = "0003"
MANY, FEW = 10_000, 2_000
HEAVY = 6


@dataclass(frozen=True)
class Before:
    """A database just before a revision: the SQLite file, its columns and the digests of its rows."""

    path: Path
    columns: Columns
    rows: dict[str, dict[str, str]]


Filled = Callable[[str], Before]
Load = Callable[[str], Database]


def rows_before(revision: str) -> int:
    """At least so many rows lie in the tables."""
    return MANY if revision == LONG_WAY else FEW


def before_of(revision: str) -> str:
    step = SCRIPTS.get_revision(revision)
    assert step is not None
    return str(step.down_revision or "base")


@contextmanager
def opened(database: Database) -> Iterator[Connection]:
    with database.engine.connect() as connection, connection.begin():
        yield connection


def at(database: Database, revision: str) -> Database:
    if revision != "base":
        upgrade(database, revision)
    return database


@cache
def touched_by(revision: str, folder: Path) -> frozenset[str]:
    """The tables that look different after the revision: they get the most rows."""
    database = at(Database(f"sqlite:///{folder / f'{revision}.sqlite'}"), before_of(revision))
    with opened(database) as connection:
        before = shape(connection)
    upgrade(database, revision)
    with opened(database) as connection:
        after = shape(connection)
    database.dispose()
    return frozenset(name for name in before if before[name] != after.get(name))
