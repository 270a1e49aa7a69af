"""The till as a fixture; shared with the tests of payouts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Mould
from tests.dialects import Cast
from tests.money.till import KEY, NOON, SECRET, Till, make_runtime
from workflow.kernel.clock import FrozenClock
from workflow.money.stripe_gateway import StripeGateway
from workflow.money.stripe_standin import start_standin


@pytest.fixture
def till(tmp_path: Path, founded: Mould, cast: Cast) -> Iterator[Till]:
    clock = FrozenClock(NOON)
    nobody = "http://127.0.0.1:9/webhooks/stripe"
    standin = start_standin(tmp_path / "standin.sqlite", nobody, SECRET, KEY, wall=clock.wall)
    runtime = make_runtime(tmp_path, cast(founded, tmp_path), clock, standin.url)
    yield Till(runtime, clock, StripeGateway(KEY, SECRET, standin.url), standin)
    runtime.database.dispose()
    standin.close()
