"""The database: typed base class, column kinds, and the only two ways to open a session.

SQLite (WAL, ``synchronous=FULL``, foreign keys on, ``BEGIN IMMEDIATE``) by default, PostgreSQL through
``postgresql+psycopg://`` by configuration; the same models and the same code on both.

SQLite has one writer at a time. PostgreSQL works in READ COMMITTED, so whoever decides by a row locks it
first (``SELECT … FOR UPDATE``), always in one order: the case, then its payment, letter or date, then
messages. What two do at once all the same (a deadlock, a serialization failure) is undone by the database
and done again by :meth:`Database.run`; unique indexes are the second lock.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Enum,
    Executable,
    LargeBinary,
    MetaData,
    Table,
    Uuid,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Composite, DeclarativeBase, MappedColumn, Session, composite, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from workflow.kernel.errors import Unavailable
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say

__all__ = [
    "Base",
    "Database",
    "Session",
    "UTCDateTime",
    "enum_column",
    "insert_once",
    "is_contention",
    "money_column",
]

T = TypeVar("T")
BUSY_TIMEOUT_MS = 20_000
#: How long a step waits for a row that somebody else has, on PostgreSQL.
LOCK_TIMEOUT_MS = 15_000
STATEMENT_TIMEOUT_MS = 60_000
#: A process that stopped in the middle keeps its rows no longer than its messages (``outbox.LEASE``).
IDLE_TIMEOUT_MS = 300_000
LIMITS = (
    f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}; "
    f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS}"
)
ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.02
#: PostgreSQL: serialization failure, deadlock, lock not had in time.
CONTENTION = frozenset({"40001", "40P01", "55P03"})
#: SQLite, without the bits of the extended codes: busy, locked.
SQLITE_CONTENTION = frozenset({5, 6})

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC. Goes in timezone-aware (a naive one is a bug), comes out timezone-aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "a moment without a time zone"
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table; constraints get names that read as the rule."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        uuid.UUID: Uuid(),
        datetime: UTCDateTime(),
        date: Date(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        list[str]: JSON(),
    }


def enum_column(kind: type[StrEnum], name: str = "", **options: Any) -> MappedColumn[Any]:
    """A column that holds the enum's values as words, with a CHECK that names them."""
    column_type = Enum(
        kind,
        name=name or kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )
    return mapped_column(column_type, **options)


def money_column(name: str, *, nullable: bool = False) -> Composite[Any]:
    """Two columns, ``<name>_minor`` and ``<name>_currency``, read and written as one :class:`Money`."""
    minor: MappedColumn[Any] = mapped_column(f"{name}_minor", BigInteger, nullable=nullable)
    currency = enum_column(Currency, f"{name}_currency", nullable=nullable)
    currency.column.name = currency.column.key = f"{name}_currency"
    if nullable:
        return composite(Money, minor, currency, return_none_on=_nothing_there)
    return composite(Money, minor, currency)


def _nothing_there(minor: int | None, currency: Currency | None) -> bool:
    return minor is None and currency is None


def insert_once(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless a unique index says that it is there; ``False`` when it was.

    Two at once on PostgreSQL: the second waits for the first and then finds it there, or takes its place.
    What the row refers to must have been flushed by the caller.
    """
    statement = _insert_once(model, session.get_bind().dialect.name)
    return session.execute(statement, values).first() is not None


@cache
def _insert_once(model: type[Base], dialect: str) -> Executable:
    table = cast("Table", model.__table__)
    key = next(iter(table.primary_key))
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing().returning(key)
    return sqlite.insert(table).on_conflict_do_nothing().returning(key)


def is_contention(error: DBAPIError) -> bool:
    """Whether two got in each other's way: everything was undone, and trying again is right."""
    if getattr(error.orig, "sqlstate", None) in CONTENTION:
        return True
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in SQLITE_CONTENTION


class Database:
    """One engine and the two ways to use it. Thread-safe; a session belongs to one thread."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        #: What every session carries in ``session.info``: the process's configuration, see ``Runtime``.
        self.info: dict[str, Any] = {}
        if self.dialect == "sqlite":
            self.engine = _sqlite_engine(url)
        else:
            self.engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that may write; commits when the block ends well, rolls back when it does not."""
        with self.engine.connect() as connection:
            connection.execution_options(lichtbild_mode="write")
            with Session(connection, expire_on_commit=False, info=self.info) as session, session.begin():
                if self.dialect != "sqlite":
                    session.execute(text(LIMITS))
                yield session

    def run(self, work: Callable[[Session], T], *, attempts: int = ATTEMPTS) -> T:
        """Do ``work`` in a transaction and commit; what it returns is returned.

        When two got in each other's way (deadlock, serialization failure, a lock not had in time, a busy
        SQLite), the database undid everything, and ``work`` is called again from its beginning, after a
        pause that grows and differs; at most ``attempts`` times, then :class:`Unavailable`. So ``work``
        touches nothing but the session.
        """
        for attempt in range(1, attempts + 1):
            try:
                with self.transaction() as session:
                    return work(session)
            except DBAPIError as error:
                if not is_contention(error):
                    raise
                if attempt == attempts:
                    raise Unavailable(say("Others are busy with the same at this moment. "
                                          "Nothing was saved: please try again.")) from error  # fmt: skip
            time.sleep(FIRST_PAUSE_SECONDS * 2**attempt * (0.5 + secrets.randbelow(1000) / 1000))
        raise AssertionError("a last attempt returns or raises")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that cannot write (the database refuses); always rolled back."""
        with self.engine.connect() as connection:
            connection.execution_options(lichtbild_mode="read")
            with Session(connection, expire_on_commit=False, autoflush=False, info=self.info) as session:
                try:
                    with session.begin():
                        _forbid_writes(session, self.dialect)
                        yield session
                        session.expunge_all()  # what was read stays readable after the rollback
                        session.rollback()
                finally:
                    if self.dialect == "sqlite":
                        _allow_writes(connection)

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # NORMAL may lose acknowledged commits at power loss
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA secure_delete=ON")
        if cursor.execute("PRAGMA synchronous").fetchone()[0] != 2:  # noqa: PLR2004 - 2 is FULL
            msg = "SQLite does not run with synchronous=FULL; refusing to work with money."
            raise Unavailable(msg)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("lichtbild_mode")
        connection.exec_driver_sql("BEGIN" if mode == "read" else "BEGIN IMMEDIATE")

    return engine


def _forbid_writes(session: Session, dialect: str) -> None:
    forbid = "PRAGMA query_only=ON" if dialect == "sqlite" else f"SET TRANSACTION READ ONLY; {LIMITS}"
    session.execute(text(forbid))


def _allow_writes(connection: Connection) -> None:
    raw = connection.connection.cursor()
    raw.execute("PRAGMA query_only=OFF")
    raw.close()
