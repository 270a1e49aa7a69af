"""The till as a fixture; shared with the tests of payouts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Mould
from tests.dialects import Cast
from tests.money.till import KEY, NOON, SECRET, NoPictures, Till
from tests.parts import make_runtime
from tests.world import config_at
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.money.stripe_gateway import StripeGateway
from workflow.money.stripe_standin import start_standin


@pytest.fixture
def till(tmp_path: Path, founded: Mould, cast: Cast) -> Iterator[Till]:
    clock = FrozenClock(NOON)
    nobody = "http://127.0.0.1:9/webhooks/stripe"
    standin = start_standin(tmp_path / "standin.sqlite", nobody, SECRET, KEY, wall=clock.wall)
    config = config_at(
        tmp_path, LICHTBILD_DATABASE_URL=cast(founded, tmp_path), LICHTBILD_STRIPE_API_BASE=standin.url
    )
    runtime = make_runtime(config, Database(config.database_url), clock, NoPictures())
    yield Till(runtime, clock, StripeGateway(KEY, SECRET, standin.url), standin)
    runtime.database.dispose()
    standin.close()
