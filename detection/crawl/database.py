"""A connection to the project's database, for a process that runs without the rest of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, text

_BUSY_MILLISECONDS = 20_000
#: Of no meaning but that nobody else in the database takes it.
_CRAWL_LOCK = 0x4C62_6372


def connect(database_url: str) -> Engine:
    """An engine with the house rules: one writer at a time, durable commits, foreign keys."""
    engine = create_engine(database_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Everything or nothing, and one crawler at a time, as on SQLite by itself.

    What pages lead to is written in the order the pages name it; two crawlers that found the same
    addresses would wait for each other in a ring on PostgreSQL. Fetching takes the time, not writing.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CRAWL_LOCK})
        yield connection


def _prepare_sqlite(connection: object, _: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for setting in (
        "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
        f"busy_timeout={_BUSY_MILLISECONDS}",
    ):  # fmt: skip
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
