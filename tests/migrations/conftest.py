"""An empty database of each kind, as often as a test wants one."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import pytest

from tests import postgres
from tests.dialects import RUN
from tests.migrations.before import (
    HEAVY,
    Before,
    Filled,
    Load,
    at,
    before_of,
    opened,
    rows_before,
    touched_by,
)
from tests.migrations.rows import Loader, copy
from tests.migrations.shape import columns_of, rows_of
from tests.once import once, shared_folder
from workflow.kernel.db import Database

NUMBERS = itertools.count()
New = Callable[..., Database]


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> postgres.Address:
    """The server of this run."""
    address = request.config.stash[RUN].address()
    if address is None:
        pytest.skip(postgres.missing())
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[New]:
    """Makes an empty database at each call, or on PostgreSQL a copy of one."""
    made: list[Database] = []

    def make(template: str = "template1") -> Database:
        if request.param == "sqlite":
            database = Database(f"sqlite:///{tmp_path / f'{next(NUMBERS)}.sqlite'}")
        else:
            address = request.getfixturevalue("server")
            name = f"m{os.getpid()}_{next(NUMBERS)}"
            with address.connect() as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            database = Database(address.url(name))
        made.append(database)
        return database

    yield make
    for database in made:
        database.dispose()


@pytest.fixture(scope="session")
def before_revisions(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return shared_folder(tmp_path_factory, worker_id, "filled")


@pytest.fixture(scope="session")
def filled(before_revisions: Path) -> Filled:
    """The file of an SQLite database that stands just before a revision, with rows in it."""
    folder = before_revisions

    def fill(revision: str) -> str:
        path = folder / f"before-{revision}.sqlite"
        path.unlink(missing_ok=True)
        database = at(Database(f"sqlite:///{path}"), before_of(revision))
        weights = dict.fromkeys(touched_by(revision, folder), HEAVY)
        if before_of(revision) != "base":
            with opened(database) as connection:
                made = Loader(connection, seed=int(revision)).fill(rows_before(revision) * 6 // 5, weights)
            assert sum(made.values()) >= rows_before(revision) and min(made.values()) > 0, made
        with opened(database) as connection:
            columns = columns_of(connection)
            rows = rows_of(connection, columns)
        database.dispose()
        return json.dumps([str(path), columns, rows])

    @cache
    def before(revision: str) -> Before:
        path, columns, rows = json.loads(once(folder, revision, partial(fill, revision)))
        return Before(Path(path), {name: tuple(each) for name, each in columns.items()}, rows)

    return before


@pytest.fixture
def loaded(request: pytest.FixtureRequest, filled: Filled, new_database: New, before_revisions: Path) -> Load:
    """A database of its own with those rows."""

    def fill(address: postgres.Address, revision: str) -> str:
        name = f"before_{revision}"
        with address.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name}")
        source, target = Database(f"sqlite:///{filled(revision).path}"), Database(address.url(name))
        at(target, before_of(revision))
        with opened(source) as giving, opened(target) as taking:
            copy(giving, taking)
        for each in (source, target):
            each.dispose()
        return name

    def load(revision: str) -> Database:
        if request.node.callspec.params["new_database"] == "postgresql":
            address = request.getfixturevalue("server")
            return new_database(
                once(before_revisions, f"postgresql-{revision}", partial(fill, address, revision))
            )
        target = new_database()
        shutil.copy(filled(revision).path, str(target.url.database))
        return target

    return load
