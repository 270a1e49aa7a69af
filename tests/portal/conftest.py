"""The portal as it is put together for real, on a database of its own and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Mould
from tests.dialects import Cast
from tests.parts import make_runtime
from tests.portal.house import NOON, House
from tests.warm import portal_of
from tests.world import config_at
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
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
def make_house(
    tmp_path: Path, clock: FrozenClock, decoder: UploadDecoder, founded: Mould, cast: Cast
) -> Iterator[object]:
    """Builds the house; ``standin_url`` is where card payments go."""
    databases = []

    def make(standin_url: str = "") -> House:
        url = cast(founded, tmp_path)
        config = config_at(tmp_path, LICHTBILD_DATABASE_URL=url, LICHTBILD_STRIPE_API_BASE=standin_url)
        database = Database(config.database_url)
        databases.append(database)
        runtime = make_runtime(config, database, clock, decoder)
        return House(portal_of(runtime), runtime, clock, gateway_for(config))

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
