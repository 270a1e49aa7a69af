"""Databases to test with: each test gets one of its own, copied from a mould that was made once.

SQLite is copied with its folder; PostgreSQL copies a database by its own means (``CREATE DATABASE …
TEMPLATE``), about a twentieth of a second.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.once import once
from tests.postgres import Address
from workflow.kernel.db import Database
from workflow.schema import upgrade

SQLITE, POSTGRESQL = "sqlite", "postgresql"
INSTANCE = "demo"
#: From this version on PostgreSQL can be told to copy the files, which is faster than its log of them.
COPIES_FILES = 150_000

Make = Callable[[Path, str], None]


@dataclass(frozen=True, slots=True)
class Mould:
    """An instance to copy: the folder above it, and its database."""

    dialect: str
    folder: Path
    url: str


class Moulds:
    """Makes moulds when they are first asked for, in whichever process of tests, and copies of them."""

    def __init__(self, folder: Path, server: Callable[[], Address], process: str) -> None:
        self._folder = folder
        self._server = server
        self._process = process
        self._numbers = itertools.count(1)
        self._moulds: dict[tuple[str, str], Mould] = {}
        self._connection: psycopg.Connection | None = None

    def migrated(self, dialect: str) -> Mould:
        """Every migration and nothing else."""
        return self.get(dialect, "migrated", _migrate)

    def get(self, dialect: str, name: str, make: Make, of: Mould | None = None) -> Mould:
        """The mould of this name; ``make(folder, url)`` fills a copy of ``of``, or an empty database."""
        key = (dialect, name)
        if key not in self._moulds:
            folder = self._folder / f"{dialect}-{name}"

            def fill() -> str:
                shutil.rmtree(folder, ignore_errors=True)
                url = self.cast(of, folder) if of else self.empty(dialect, folder)
                make(folder, url)
                return url

            self._moulds[key] = Mould(dialect, folder, once(self._folder, folder.name, fill))
        return self._moulds[key]

    def empty(self, dialect: str, folder: Path) -> str:
        """The address of a database without tables; SQLite's lies where the instance looks for it."""
        (folder / INSTANCE).mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{_file(folder)}" if dialect == SQLITE else self._create("template1")

    def cast(self, mould: Mould, folder: Path) -> str:
        """A copy of the mould with its instance under ``folder``; returns the address of its database."""
        shutil.copytree(mould.folder, folder, dirs_exist_ok=True)
        if mould.dialect == SQLITE:
            return f"sqlite:///{_file(folder)}"
        return self._create(str(make_url(mould.url).database))

    def drop(self, url: str) -> None:
        """Forget a database on the server; a file goes with its folder."""
        if not url.startswith("sqlite"):
            self._admin().execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _create(self, template: str) -> str:
        name = f"{self._process}_{next(self._numbers)}"
        copying = "STRATEGY file_copy" if self._admin().info.server_version >= COPIES_FILES else ""
        self._admin().execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {copying}')
        return self._server().url(name)

    def _admin(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = self._server().connect()
        return self._connection


def tamper(database: Database, *statements: str) -> None:
    """What somebody with the keys to the machine could do: switch the triggers off and change the past."""
    with database.transaction() as session:
        if database.dialect == SQLITE:
            triggers = session.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            ).all()
            off, on = [f"DROP TRIGGER {name}" for name, _ in triggers], [made for _, made in triggers]
        else:
            off, on = ["SET LOCAL session_replication_role = replica"], []
        for statement in [*off, *statements, *on]:
            session.execute(text(statement))


def _file(folder: Path) -> Path:
    return folder / INSTANCE / "lichtbild.sqlite"


def _migrate(_folder: Path, url: str) -> None:
    database = Database(url)
    upgrade(database)
    database.dispose()
