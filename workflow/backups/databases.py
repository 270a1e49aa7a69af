"""The database into a file and back, each kind by its own means; consistent while others work in it."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from workflow.kernel.db import Database
from workflow.kernel.errors import Refused, Unavailable
from workflow.kernel.ids import new_id

FILES = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
PAGES_AT_ONCE = 2000
SECONDS = 6 * 3600
FOLDERS = Path("/usr/lib/postgresql")


def save(database: Database, file: Path) -> None:
    """A consistent copy as of one moment, while others read and write."""
    if database.dialect == "sqlite":
        copy_sqlite(Path(str(database.url.database)), file)
    else:
        _run_dump(database, file)


def load(file: Path, url: URL) -> None:
    """Put the copy where ``url`` points; the place must be empty."""
    if url.get_backend_name() == "sqlite":
        target = Path(str(url.database))
        target.parent.mkdir(parents=True, exist_ok=True)
        copy_sqlite(file, target)
        return
    database = Database(url.render_as_string(hide_password=False))
    try:
        program = _program("pg_restore", database)
        command = [program, "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges",
                   "--dbname", _without_password(url), str(file)]  # fmt: skip
        _run(command, url, "The database could not be restored")
    finally:
        database.dispose()


def copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online copy: what is committed by now, whole."""
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old:
            old.execute("PRAGMA busy_timeout=20000")
            with closing(sqlite3.connect(target)) as new:
                old.backup(new, pages=PAGES_AT_ONCE)
                new.execute("PRAGMA journal_mode=DELETE")
                new.commit()
    except sqlite3.Error as broken:
        raise Unavailable(f"The database {source} cannot be copied: {broken}.") from broken
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def is_empty(url: URL) -> bool:
    """Whether nothing is at the place yet."""
    if url.get_backend_name() == "sqlite":
        return not Path(str(url.database)).exists()
    database = Database(url.render_as_string(hide_password=False))
    try:
        with database.engine.connect() as connection:
            return not inspect(connection).get_table_names()
    except SQLAlchemyError as away:
        raise Unavailable("The database does not answer: create it first, empty.") from away
    finally:
        database.dispose()


@contextmanager
def passing_place(url: URL, folder: Path) -> Iterator[URL]:
    """An empty place of the same kind that is gone afterwards; :class:`Unavailable` if none can be made."""
    if url.get_backend_name() == "sqlite":
        yield url.set(database=str(folder / "lichtbild.sqlite"))
        return
    name = f"lichtbild_verify_{new_id().hex[-12:]}"
    server = Database(url.render_as_string(hide_password=False))
    try:
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
            try:
                yield url.set(database=name)
            finally:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    except SQLAlchemyError as refused:
        why = str(getattr(refused, "orig", refused)).splitlines()[0]
        raise Unavailable(f"No empty database could be made to verify in ({why}).") from refused
    finally:
        server.dispose()


def _run_dump(database: Database, file: Path) -> None:
    program = _program("pg_dump", database)
    command = [program, "--format=custom", "--no-owner", "--no-privileges", "--file", str(file),
               "--dbname", _without_password(database.url)]  # fmt: skip
    _run(command, database.url, "The database could not be saved")


def _program(name: str, database: Database) -> str:
    """The program, at least as new as the server; a sentence when it is missing or too old."""
    with database.engine.connect() as connection:
        server = int(str(connection.execute(text("SHOW server_version_num")).scalar())) // 10_000
    beside = [FOLDERS / str(server) / "bin" / name, *sorted(FOLDERS.glob(f"*/bin/{name}"), reverse=True)]
    found = [path for path in (shutil.which(name), *map(str, beside)) if path and Path(path).exists()]
    for path in found:
        if _major(path) >= server:
            return path
    if not found:
        raise Unavailable(f"{name} is not installed: install postgresql-client-{server} (or newer).")
    raise Unavailable(f"{name} is older than the server ({server}): install postgresql-client-{server}.")


def _major(program: str) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    number = re.search(r"(\d+)(?:\.\d+)?", told.stdout)
    return int(number[1]) if number else 0


def _run(command: list[str], url: URL, failing: str) -> None:
    """The password travels in the environment, never in the list of processes."""
    environment = {**os.environ, "PGPASSWORD": url.password or "", "PGCONNECT_TIMEOUT": "15"}
    if not url.password:
        environment.pop("PGPASSWORD")
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's own, without a shell
        command, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Refused(f"{failing}: {said[-1] if said else 'no reason was given'}")


def _without_password(url: URL) -> str:
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
