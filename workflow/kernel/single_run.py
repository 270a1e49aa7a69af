"""What may run only once at a time: the ticker, a payout run, and on SQLite the worker.

On PostgreSQL an advisory lock on a connection kept for it: it holds for every box that uses the database,
and ends with the connection, however the process ends. On SQLite a lock file beside the database: one box.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from workflow.kernel.db import Database
from workflow.kernel.errors import Conflict, Unavailable
from workflow.kernel.said import say

LOST = say("The database was gone, and with it the right to be the only one. This stops now.")
OURS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"


class Held:
    """The right to be the only one, as long as :meth:`check` does not say otherwise."""

    def __init__(self, connection: Connection | None = None) -> None:
        self._connection = connection

    def check(self) -> None:
        """:class:`Unavailable` when the database let go of us: another may run already, so stop."""
        if self._connection is None:
            return
        try:
            if self._connection.scalar(text(OURS)):
                return
        except SQLAlchemyError as gone:
            raise Unavailable(LOST) from gone
        raise Unavailable(LOST)


@contextmanager
def single_run(database: Database, name: str, refusal: str) -> Iterator[Held]:
    """Be the only one of this ``name`` on this database; :class:`Conflict` with ``refusal`` if taken."""
    if database.dialect == "sqlite":
        with _file_lock(database, name, refusal):
            yield Held()
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(name)}):
            raise Conflict(refusal)
        try:
            yield Held(connection)
        finally:
            with suppress(SQLAlchemyError):  # gone already: so is the lock
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _key(name)})


@contextmanager
def _file_lock(database: Database, name: str, refusal: str) -> Iterator[None]:
    assert database.url.database, "a database in memory belongs to one process anyway"
    path = Path(database.url.database)
    with path.with_name(f"{path.name}.{name}.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise Conflict(refusal) from taken
        yield


def _key(name: str) -> int:
    """A number of 64 bits that is this name's, signed as PostgreSQL wants it."""
    digest = hashlib.sha256(f"lichtbild:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
