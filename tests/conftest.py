"""What every test stands on: no way out of this machine, no silent skip in CI, and a world to copy."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import dialects, memory, parts, warm
from tests.databases import Mould, Moulds
from tests.dialects import Cast
from tests.full_life import LATER, live_through
from tests.parts import make_runtime
from tests.world import START, World, config_at, in_ci, need, opened
from workflow.demo import people
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.works.decoding import UploadDecoder

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    for plugin in (memory, warm, dialects, parts):
        config.pluginmanager.register(plugin, plugin.__name__)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """In CI (``LICHTBILD_CI=1``) a test that cannot run is a failure: something is not installed."""
    report = yield
    if in_ci() and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} was skipped, and in CI nothing is: {call.excinfo and call.excinfo.value}"
        )
    return report


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Whoever speaks to another machine in a test is refused, loudly."""
    real: dict[str, Callable[..., Any]] = {
        name: getattr(socket.socket, name) for name in ("connect", "connect_ex")
    }

    def guarded(name: str) -> Callable[..., Any]:
        def call(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
                raise AssertionError(f"a test wanted to reach {address!r}")
            return real[name](self, address)

        return call

    for name in real:
        setattr(socket.socket, name, guarded(name))
    yield
    for name, method in real.items():
        setattr(socket.socket, name, method)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's browser, started once: Playwright runs one player in a thread, not two."""
    need(CHROMIUM)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_decoder() -> Iterator[UploadDecoder]:
    """The real decoder, its child process started once."""
    decoder = UploadDecoder()
    yield decoder
    decoder.close()


@pytest.fixture
def settled(moulds: Moulds, migrated: Mould, shared_decoder: UploadDecoder) -> Mould:
    """An instance in which an operator and a photographer have settled."""

    def settle(folder: Path, url: str) -> None:
        database = Database(url)
        config = config_at(folder, LICHTBILD_DATABASE_URL=url)
        people.settle_in(make_runtime(config, database, FrozenClock(START), shared_decoder))
        database.dispose()

    return moulds.get(migrated.dialect, "settled", settle, of=migrated)


@pytest.fixture
def frozen() -> FrozenClock:
    return FrozenClock(START)


@pytest.fixture
def world(
    tmp_path: Path, settled: Mould, cast: Cast, frozen: FrozenClock, shared_decoder: UploadDecoder
) -> Iterator[World]:
    """An instance of one's own with people, both apps, a worker, a clock and a card service."""
    url = cast(settled, tmp_path / "instances")
    with opened(tmp_path / "instances", url, frozen, shared_decoder, tmp_path) as world:
        yield world


@pytest.fixture
def populated(moulds: Moulds, settled: Mould, shared_decoder: UploadDecoder) -> Mould:
    """An instance in which everything has happened."""

    def live(folder: Path, url: str) -> None:
        with opened(folder, url, FrozenClock(START), shared_decoder, folder) as world:
            live_through(world)

    return moulds.get(settled.dialect, "populated", live, of=settled)


@pytest.fixture
def full_world(
    tmp_path: Path, populated: Mould, cast: Cast, shared_decoder: UploadDecoder
) -> Iterator[World]:
    """A copy of :func:`populated`, at the moment where it stood still."""
    url = cast(populated, tmp_path / "instances")
    with opened(tmp_path / "instances", url, FrozenClock(LATER), shared_decoder, tmp_path) as world:
        yield world
