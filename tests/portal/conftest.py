"""The portal as it is put together for real, on a database of its own and a clock that stands still."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal.house import NOON, House
from workflow import schema  # noqa: F401 - every table
from workflow.accounts.terms import seed_terms
from workflow.app import create_portal
from workflow.config import load_config
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Base, Database
from workflow.kernel.documents import Vault
from workflow.kernel.mail import LocalMailbox
from workflow.kernel.pdf import Press
from workflow.kernel.runtime import Runtime
from workflow.kernel.secrets import MasterKey
from workflow.money.gateways import gateway_for
from workflow.money.stripe_standin import RunningStandin, start_standin
from workflow.works.decoding import UploadDecoder


@pytest.fixture(scope="session")
def decoder() -> Iterator[UploadDecoder]:
    """The real decoder in its child process."""
    decoder = UploadDecoder()
    yield decoder
    decoder.close()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def make_house(tmp_path: Path, clock: FrozenClock, decoder: UploadDecoder) -> Iterator[object]:
    """Builds the house; ``standin_url`` is where card payments go."""
    databases = []

    def make(standin_url: str = "") -> House:
        settings = {"LICHTBILD_INSTANCE_DIR": str(tmp_path), "LICHTBILD_STRIPE_API_BASE": standin_url}
        config = load_config("demo", settings)
        database = Database(config.database_url)
        databases.append(database)
        Base.metadata.create_all(database.engine)
        with database.transaction() as session:
            seed_terms(session)
        master = MasterKey(bytes(32))
        runtime = Runtime(
            config=config, database=database, clock=clock, vault=Vault(config.vault_dir, master), press=Press(),
            mail=LocalMailbox(config.mailbox_dir, config.mail_sender), secrets=master, decoder=decoder,
            randbelow=secrets.randbelow,
        )  # fmt: skip
        return House(create_portal(runtime), runtime, clock, gateway_for(config))

    yield make
    for database in databases:
        database.dispose()


@pytest.fixture
def house(make_house) -> House:
    return make_house()


@pytest.fixture
def standin(tmp_path: Path, clock: FrozenClock) -> Iterator[RunningStandin]:
    """The card payment stand-in over loopback; nobody listens to its messages, we ask it instead."""
    nowhere = "http://127.0.0.1:9/webhooks/stripe"
    running = start_standin(
        tmp_path / "standin.sqlite", nowhere, "whsec_demo", "sk_test_demo", wall=clock.wall
    )
    yield running
    running.close()


@pytest.fixture
def paying_house(make_house, standin: RunningStandin) -> House:
    return make_house(standin.url)
