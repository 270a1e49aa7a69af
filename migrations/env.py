"""Runs migrations: for the CLI (``lichtbild db upgrade``), for tests, and for ``make migrate``."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from workflow.kernel.db import UTCDateTime
from workflow.kernel.failpoints import failpoint
from workflow.schema import METADATA


def plain_types(kind: str, item: Any, _context: Any) -> str | bool:
    """Write column types of ours as the plain types they are: a migration must not change with the code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def after_step(**_told: Any) -> None:
    """One revision is applied; the others and the commit follow."""
    failpoint("migration.after_step")


def run(connection: Connection) -> None:
    """Migrate through this connection, all or nothing."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=plain_types,
        on_version_apply=after_step,
    )
    with context.begin_transaction():
        context.run_migrations()
        failpoint("migration.before_commit")


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
    with engine.connect() as opened:
        run(opened)
