"""Where a rehearsal plays: an instance's folder and database, copied from a prepared one for every run."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql

from workflow.config import Config, load_config

INSTANCE = "demo-soak"
SQLITE_WAIT_SECONDS = 30.0


class Databases(Protocol):
    """A kind of database: how one is made, copied and thrown away."""

    name: str

    def url(self, folder: Path, name: str) -> str: ...
    def create(self, folder: Path, name: str) -> None: ...
    def copy(self, source: str, folder: Path, name: str) -> None: ...
    def drop(self, folder: Path, name: str) -> None: ...


class Sqlite:
    """A file in the instance's folder; it is copied with the folder."""

    name = "sqlite"

    def url(self, folder: Path, _name: str) -> str:
        return f"sqlite:///{folder / INSTANCE / 'lichtbild.sqlite'}"

    def create(self, folder: Path, name: str) -> None:
        """SQLite makes it at the first connection."""

    def copy(self, source: str, folder: Path, name: str) -> None:
        """It came with the folder."""

    def drop(self, folder: Path, name: str) -> None:
        """It goes with the folder."""


class Postgres:
    """A database on a server: made and copied (as a template) through an administration database."""

    name = "postgresql"

    def __init__(self, admin_url: str, prefix: str) -> None:
        self._admin = admin_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._prefix = prefix

    def url(self, _folder: Path, name: str) -> str:
        base = self._admin.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://", 1)
        return f"{base}/{self._prefix}_{name}"

    def create(self, _folder: Path, name: str) -> None:
        self._do("CREATE DATABASE {}", name)

    def copy(self, source: str, _folder: Path, name: str) -> None:
        self._do("CREATE DATABASE {} TEMPLATE {}", name, source)

    def drop(self, _folder: Path, name: str) -> None:
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _do(self, command: str, *names: str) -> None:
        with psycopg.connect(self._admin, autocommit=True) as connection:
            named = [sql.Identifier(f"{self._prefix}_{name}") for name in names]
            connection.execute(sql.SQL(command).format(*named))


@dataclass(frozen=True)
class Ports:
    """Three in a row: web, payment stand-in, small web."""

    web: int

    @property
    def world(self) -> int:
        return self.web + 2


@dataclass(frozen=True)
class Stage:
    """One instance of a rehearsal."""

    name: str
    folder: Path
    databases: Databases
    ports: Ports

    @property
    def instance_dir(self) -> Path:
        return self.folder / INSTANCE

    @property
    def url(self) -> str:
        return self.databases.url(self.folder, self.name)

    def environment(self, failpoints: str = "") -> dict[str, str]:
        """What its processes are told; nothing of the caller's own settings goes in."""
        import os

        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ
        }
        settings = {
            "LICHTBILD_INSTANCE": INSTANCE,
            "LICHTBILD_INSTANCE_DIR": str(self.folder),
            "LICHTBILD_DATABASE_URL": self.url,
            "LICHTBILD_PORT": str(self.ports.web),
            "LICHTBILD_DESK_URL": f"http://127.0.0.1:{self.ports.web}",
            "LICHTBILD_PORTAL_URL": f"http://localhost:{self.ports.web}",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        return kept | settings | ({"LICHTBILD_FAILPOINTS": failpoints} if failpoints else {})

    def config(self) -> Config:
        return load_config(INSTANCE, self.environment())

    def copied(self, name: str, root: Path) -> Stage:
        """The same instance under another name, to be spoiled."""
        made = Stage(name, root / name, self.databases, self.ports)
        made.discard()
        shutil.copytree(self.folder, made.folder)
        self.databases.copy(self.name, made.folder, name)
        return made

    def discard(self) -> None:
        """Throw it away."""
        self.databases.drop(self.folder, self.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def plain_sql(self) -> Iterator[PlainSql]:
        """The database without any code of the product in between."""
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            connection: Any = sqlite3.connect(path, timeout=SQLITE_WAIT_SECONDS)
        else:
            connection = psycopg.connect(self.url.replace("postgresql+psycopg://", "postgresql://", 1))
        try:
            yield PlainSql(connection)
            connection.commit()
        finally:
            connection.close()


@dataclass(frozen=True)
class PlainSql:
    """One connection; statements that both databases understand, without parameters."""

    connection: Any

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        cursor = self.connection.cursor()
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]

    def one(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def change(self, statement: str) -> int:
        cursor = self.connection.cursor()
        cursor.execute(statement)
        return int(cursor.rowcount)
