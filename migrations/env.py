"""Runs migrations: for the CLI (``lichtbild db upgrade``), for tests, and for ``make migrate``."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from workflow.schema import METADATA


def run(connection: Connection) -> None:
    """Migrate through this connection, all or nothing."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
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
