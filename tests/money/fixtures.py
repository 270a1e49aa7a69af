"""The till as a fixture; shared with the tests of payouts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import Mould, Moulds
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
    with _opened(tmp_path, cast(founded, tmp_path)) as made:
        yield made


@pytest.fixture
def closed(moulds: Moulds, founded: Mould) -> Mould:
    """One case that was paid, accrued and closed."""

    def pay(folder: Path, url: str) -> None:
        with _opened(folder, url) as made:
            case_id, _payin_id = made.paid()
            made.close(case_id)

    return moulds.get(founded.dialect, "closed", pay, of=founded)


@pytest.fixture
def closed_till(tmp_path: Path, closed: Mould, cast: Cast) -> Iterator[Till]:
    """A till in which one case was paid and closed."""
    with _opened(tmp_path, cast(closed, tmp_path)) as made:
        yield made


@contextmanager
def _opened(folder: Path, url: str) -> Iterator[Till]:
    clock = FrozenClock(NOON)
    nobody = "http://127.0.0.1:9/webhooks/stripe"
    standin = start_standin(folder / "standin.sqlite", nobody, SECRET, KEY, wall=clock.wall)
    config = config_at(folder, LICHTBILD_DATABASE_URL=url, LICHTBILD_STRIPE_API_BASE=standin.url)
    runtime = make_runtime(config, Database(config.database_url), clock, NoPictures())
    try:
        yield Till(runtime, clock, StripeGateway(KEY, SECRET, standin.url), standin)
    finally:
        runtime.database.dispose()
        standin.close()
