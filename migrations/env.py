"""Runs migrations: for the CLI (``lichtbild db upgrade``), for tests, and for ``make migrate``."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from workflow.kernel.db import UTCDateTime
from workflow.schema import METADATA


def plain_types(kind: str, item: Any, _context: Any) -> str | bool:
    """Write column types of ours as the plain types they are: a migration must not change with the code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    """Migrate through this connection, all or nothing."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=plain_types,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
    with engine.connect() as opened:
        run(opened)
