"""Runs migrations so that an upgrade is all or nothing, on SQLite and on PostgreSQL.

All pending revisions run in **one** transaction: whoever pulls the plug in the middle finds the database as
it was, still fit for the version of Lichtbild before, and tries again. (A transaction per revision would hold
its locks for less long, but could leave a database that no version expects.) Two starts do not migrate at
once: the second waits for the first and then finds nothing to do. Before: a database this code does not know
is refused. Before the commit: no row is missing, no reference dangles, no trigger is lost.

A revision that means to give up rows or triggers says so: ``GIVES_UP = {"hits_compared": "made anew by …"}``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.exc import OperationalError

from workflow.kernel.db import Database
from workflow.kernel.errors import Refused, Unavailable
from workflow.kernel.failpoints import failpoint

VERSION_TABLE = "alembic_version"
#: How long a second start waits for the first one's upgrade.
WAIT_SECONDS = 120
#: How long a table may be in somebody else's hands before the upgrade gives up.
TABLE_WAIT_SECONDS = 15
#: The advisory lock of upgrades: "lichtbil" as a number.
LOCK = int.from_bytes(b"lichtbil", "big")

BUSY = (
    "Somebody else is working in this database: another upgrade, or a web or worker process that still runs. "
    "Nothing was changed. Stop them and run again: lichtbild db upgrade"
)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did. ``start`` is ``None`` for a new database; ``revisions`` are those that ran."""

    start: str | None
    end: str | None
    revisions: tuple[str, ...]
    rows: int
    seconds: float


def upgrade(database: Database, config: AlembicConfig, revision: str = "head") -> Upgraded:
    """Bring the database forward to ``revision`` or leave it as it was; :class:`Refused` says why not."""
    began = time.monotonic()
    scripts = ScriptDirectory.from_config(config)
    with alone(database) as connection:
        start = standing(connection, scripts)
        target = _target(scripts, revision)
        pending = _between(scripts, start, target)
        before, triggers = row_counts(connection), triggers_of(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, target)
        finally:
            del config.attributes["connection"]
        if pending:
            given_up = {name for step in pending for name in getattr(step.module, "GIVES_UP", {})}
            _nothing_lost(connection, before, triggers, given_up)
        failpoint("migration.before_commit")
    failpoint("migration.after_commit")
    return Upgraded(
        start=start,
        end=target,
        revisions=tuple(step.revision for step in pending),
        rows=sum(before.values()),
        seconds=time.monotonic() - began,
    )


def downgrade(database: Database, config: AlembicConfig, revision: str) -> None:
    """Take the database back to ``revision`` (or ``base``), all or nothing; each says what it gives up."""
    with alone(database) as connection:
        standing(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        try:
            command.downgrade(config, revision)
        finally:
            del config.attributes["connection"]


def standing(connection: Connection, scripts: ScriptDirectory) -> str | None:
    """The revision the database stands at, ``None`` for an empty one; refuses what this code cannot know."""
    tables = set(inspect(connection).get_table_names())
    found = (
        [str(name) for name in connection.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}"))]  # noqa: S608
        if VERSION_TABLE in tables
        else []
    )
    if len(found) > 1:
        raise Refused(
            f"The database says it stands at several revisions at once ({', '.join(sorted(found))}): a "
            "migration by other means broke off. Restore the last backup."
        )
    if not found:
        ours = sorted(tables & {"accounts", "cases", "audit_entries", "journal_entries"})
        if ours:
            raise Refused(
                f"The database has tables of Lichtbild ({', '.join(ours)}) but no revision: a migration by "
                "other means broke off. Restore the last backup."
            )
        return None
    if not _known(scripts, found[0]):
        raise Refused(
            f"The database stands at revision {found[0]}, which this version of Lichtbild does not know: a "
            "newer one made it. Install that version again, or restore a backup made with this one."
        )
    return found[0]


@contextmanager
def alone(database: Database) -> Iterator[Connection]:
    """One connection in one transaction in which tables may change, with nobody else upgrading meanwhile."""
    with database.engine.connect() as connection:
        sqlite = database.dialect == "sqlite"
        try:
            if sqlite:  # outside the transaction: inside it SQLite ignores the switch
                _sqlite_for_changes(connection)
            with _in_words(), connection.begin():
                if not sqlite:
                    _postgres_for_changes(connection)
                event.listen(connection, "before_cursor_execute", _before_statement)
                yield connection
                if sqlite and (loose := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
                    raise Refused(
                        f"After the migration {len(loose)} rows refer to rows that are not there (first in "
                        f"{loose[0][0]}). Nothing was changed."
                    )
        finally:
            connection.invalidate()  # its switches must not come back from the pool


def row_counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        name: connection.exec_driver_sql(f'SELECT COUNT(*) FROM "{name}"').scalar_one()  # noqa: S608
        for name in inspect(connection).get_table_names()
        if name != VERSION_TABLE
    }


def triggers_of(connection: Connection) -> set[str]:
    """The names of all triggers of ours."""
    listed = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid "
        "WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace"
    )
    return {str(name) for name in connection.scalars(text(listed))}


def after_step(connection: Connection) -> None:
    """Between two revisions: what was put off until the commit must hold now, or tables cannot change."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
    failpoint("migration.after_step")


def changes(statement: str) -> bool:
    """Whether a statement may change tables or rows."""
    return not statement.lstrip().upper().startswith(("BEGIN", "SELECT", "PRAGMA", "SET", "SHOW"))


def _nothing_lost(
    connection: Connection, before: dict[str, int], triggers: set[str], given_up: set[str]
) -> None:
    after = row_counts(connection)
    fewer = [
        f"{name} had {count} rows and would have {after.get(name, 0)}"
        for name, count in sorted(before.items())
        if after.get(name, 0) < count and name not in given_up
    ]
    gone = [f"the trigger {name} would be gone" for name in triggers - triggers_of(connection) - given_up]
    if fewer or gone:
        raise Refused(
            f"The migration would lose something ({'; '.join([*fewer, *sorted(gone)])}). Nothing was changed."
        )


def _known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False


def _target(scripts: ScriptDirectory, revision: str) -> str:
    wanted = scripts.get_current_head() if revision == "head" else revision
    if wanted is None or not _known(scripts, wanted):
        raise Refused(f"There is no revision “{revision}”.")
    return wanted


def _between(scripts: ScriptDirectory, start: str | None, target: str) -> list[Any]:
    """The revisions that an upgrade from ``start`` to ``target`` runs, in their order."""
    if start == target:
        return []
    behind = {step.revision for step in scripts.iterate_revisions(start, "base")} if start else set()
    if target in behind:
        raise Refused(
            f"The database stands at {start}, which is beyond {target}; an upgrade never goes back."
        )
    return [
        step
        for step in reversed(list(scripts.iterate_revisions(target, "base")))
        if step.revision not in behind
    ]


def _sqlite_for_changes(connection: Connection) -> None:
    raw = connection.connection.cursor()
    raw.execute("PRAGMA foreign_keys=OFF")  # a table made anew is dropped for a moment
    raw.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")
    raw.close()


def _postgres_for_changes(connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{TABLE_WAIT_SECONDS}s'")


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OperationalError as trouble:
        said = str(trouble.orig)
        if "database is locked" in said or "lock timeout" in said:
            raise Unavailable(BUSY) from trouble
        raise


def _before_statement(
    _connection: Connection, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
) -> None:
    if changes(statement):
        failpoint("migration.statement")
