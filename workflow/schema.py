"""All tables of an instance in one place: for migrations, ``db check`` and the tests."""

from __future__ import annotations

import importlib
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from detection.crawl.tables import crawl_metadata
from workflow import migrating
from workflow.config import ROOT
from workflow.kernel.db import Base, Database
from workflow.kernel.errors import Unavailable
from workflow.migrating import Upgraded

#: Every module that declares tables.
MODELS = (
    "workflow.kernel.approvals",
    "workflow.kernel.audit",
    "workflow.kernel.deadlines",
    "workflow.kernel.documents",
    "workflow.kernel.findings",
    "workflow.kernel.inbox",
    "workflow.kernel.ledger",
    "workflow.kernel.outbox",
    "workflow.kernel.pulses",
    "workflow.accounts.models",
    "workflow.accounts.second_factor",
    "workflow.accounts.notice_tables",
    "workflow.works.models",
    "workflow.cases.models",
    "workflow.cases.pricing.editions",
    "workflow.cases.post.models",
    "workflow.cases.arrivals.models",
    "workflow.cases.bargaining.models",
    "workflow.cases.passport.models",
    "workflow.money.models",
    "workflow.money.transfers.models",
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


def upgrade(database: Database, revision: str = "head") -> Upgraded:
    """Bring the database forward to ``revision``, all or nothing; see :mod:`workflow.migrating`."""
    return migrating.upgrade(database, alembic_config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to ``revision`` or ``base``, all or nothing."""
    migrating.downgrade(database, alembic_config(database), revision)


def require_current(database: Database) -> None:
    """Refuse to work on tables that are older or newer than the code, each with what to do."""
    with database.engine.connect() as connection:
        stands = migrating.standing(connection, ScriptDirectory.from_config(_script_config()))
    head = current_head()
    if stands != head:
        says = "has no tables yet" if stands is None else f"stands at revision {stands}, the code at {head}"
        raise Unavailable(f"The database is not up to date: it {says}. Run: lichtbild db upgrade")


def current_head() -> str:
    """The newest revision there is; exactly one head, or the history forked."""
    heads = ScriptDirectory.from_config(_script_config()).get_heads()
    assert len(heads) == 1, f"the migrations have {len(heads)} heads"
    return heads[0]


def revision_of(database: Database) -> str | None:
    """The revision the database stands at; ``None`` when it is empty."""
    with database.engine.connect() as connection:
        connection.execution_options(lichtbild_mode="read")  # a look takes no lock for writing
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
