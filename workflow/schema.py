"""All tables of an instance in one place: for migrations, ``db check`` and the tests."""

from __future__ import annotations

import importlib
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from detection.crawl.tables import crawl_metadata
from workflow.config import ROOT
from workflow.kernel.db import Base, Database

#: Every module that declares tables.
MODELS = (
    "workflow.kernel.audit",
    "workflow.kernel.deadlines",
    "workflow.kernel.documents",
    "workflow.kernel.inbox",
    "workflow.kernel.ledger",
    "workflow.kernel.outbox",
    "workflow.accounts.models",
    "workflow.accounts.second_factor",
    "workflow.works.models",
    "workflow.cases.models",
    "workflow.cases.post.models",
    "workflow.cases.arrivals.models",
    "workflow.money.models",
    "workflow.hits.models",
    "workflow.portal.models",
    "workflow.payouts.models",
)

for name in MODELS:
    importlib.import_module(name)

METADATA: list[MetaData] = [Base.metadata, crawl_metadata]


def alembic_config(database: Database) -> AlembicConfig:
    """Where the migrations lie and which database they are for."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(ROOT) / "migrations"))
    config.set_main_option(
        "sqlalchemy.url", database.url.render_as_string(hide_password=False).replace("%", "%%")
    )
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to ``revision``."""
    command.upgrade(alembic_config(database), revision)


def current_head() -> str:
    """The newest revision there is; exactly one head, or the history forked."""
    heads = ScriptDirectory.from_config(_script_config()).get_heads()
    assert len(heads) == 1, f"the migrations have {len(heads)} heads"
    return heads[0]


def revision_of(database: Database) -> str | None:
    """The revision the database stands at; ``None`` when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def differences(database: Database) -> list[str]:
    """What the models say that the migrated database does not; empty when they agree."""
    with database.engine.connect() as connection:
        migration = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(found) for found in compare_metadata(migration, METADATA)]  # type: ignore[arg-type]


def _script_config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(ROOT) / "migrations"))
    return config
