"""An empty database of each kind, as often as a test wants one."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests import postgres
from tests.migrations.before import HEAVY, ROWS, Before, Filled, Load, at, before_of, opened, touched_by
from tests.migrations.rows import Loader, copy
from tests.migrations.shape import columns_of, rows_of
from workflow.kernel.db import Database

NUMBERS = itertools.count()
New = Callable[[], Database]


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Address]:
    found = postgres.programs()
    if found is None:
        pytest.skip(postgres.missing())
    running = postgres.Cluster(found)
    yield running.address
    running.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[New]:
    """Makes an empty database at each call."""
    made: list[Database] = []

    def make() -> Database:
        if request.param == "sqlite":
            database = Database(f"sqlite:///{tmp_path / f'{next(NUMBERS)}.sqlite'}")
        else:
            address = request.getfixturevalue("server")
            name = f"m{os.getpid()}_{next(NUMBERS)}"
            with address.connect() as connection:
                connection.execute(f"CREATE DATABASE {name}")
            database = Database(address.url(name))
        made.append(database)
        return database

    yield make
    for database in made:
        database.dispose()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The file of an SQLite database that stands just before a revision, with 10,000 rows in it."""
    folder = tmp_path_factory.mktemp("filled")

    @cache
    def fill(revision: str) -> Before:
        path = folder / f"before-{revision}.sqlite"
        database = at(Database(f"sqlite:///{path}"), before_of(revision))
        weights = dict.fromkeys(touched_by(revision, folder), HEAVY)
        if before_of(revision) != "base":
            with opened(database) as connection:
                made = Loader(connection, seed=int(revision)).fill(ROWS * 6 // 5, weights)
            assert sum(made.values()) >= ROWS and min(made.values()) > 0, made
        with opened(database) as connection:
            columns = columns_of(connection)
            rows = rows_of(connection, columns)
        database.dispose()
        return Before(path, columns, rows)

    return fill


@pytest.fixture
def loaded(filled: Filled, new_database: New) -> Load:
    """A database of its own with those rows."""

    def load(revision: str) -> Database:
        target = new_database()
        if target.dialect == "sqlite":
            shutil.copy(filled(revision).path, str(target.url.database))
            return target
        source = Database(f"sqlite:///{filled(revision).path}")
        at(target, before_of(revision))
        with opened(source) as giving, opened(target) as taking:
            copy(giving, taking)
        source.dispose()
        return target

    return load
