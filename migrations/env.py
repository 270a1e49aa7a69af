"""Runs the migrations through the connection it is given, inside a transaction that somebody else ends.

``workflow.migrating`` opens that transaction (all pending revisions in one) and says why.
"""

from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from workflow.kernel.db import Database, UTCDateTime
from workflow.migrating import after_step, alone
from workflow.schema import METADATA


def plain_types(kind: str, item: Any, _context: Any) -> str | bool:
    """Write column types of ours as the plain types they are: a migration must not change with the code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def step_done(ctx: MigrationContext, **_: Any) -> None:
    """One revision is through and noted, nothing is committed."""
    assert ctx.connection is not None
    after_step(ctx.connection)


def run(connection: Connection) -> None:
    """Migrate through this connection. It is in a transaction already, so Alembic begins none of its own."""
    assert connection.in_transaction(), "migrations run inside one transaction"
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=plain_types,
        on_version_apply=step_done,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:  # Alembic's own commands, such as a comparison with the models
    database = Database(context.config.get_main_option("sqlalchemy.url") or "")
    with alone(database) as opened:
        run(opened)
    database.dispose()
