"""A real browser, a real server on loopback, and a worker that runs meanwhile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import waitress
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from waitress.wasyncore import dispatcher

from tests.databases import Mould
from tests.dialects import Cast
from tests.parts import make_runtime
from tests.world import START, World
from workflow.accounts.models import Account
from workflow.app import create_application
from workflow.config import load_config
from workflow.demo import people
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.money.stripe_standin import start_standin
from workflow.wiring import handlers
from workflow.worker import Worker
from workflow.works.decoding import UploadDecoder

SHOTS = Path(__file__).parents[1] / "shots"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
#: Bars that stick would stand in the middle of a long picture, and over what axe measures.
LOOSEN = """for (const each of document.querySelectorAll('body *')) {
  if (['sticky', 'fixed'].includes(getComputedStyle(each).position)) each.style.position = 'static';
}"""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}


@dataclass
class Live:
    """The running instance and where it is."""

    world: World
    desk: str
    portal: str
    let_worker_go: Callable[[], None]


@pytest.fixture
def live(tmp_path: Path, settled: Mould, cast: Cast, shared_decoder: UploadDecoder) -> Iterator[Live]:
    """Both apps behind one port as ``lichtbild web`` serves them, the card service, and a busy worker."""
    url = cast(settled, tmp_path / "instances")
    clock = FrozenClock(START)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    portal = f"http://portal.localhost:{port}"
    standin = start_standin(
        tmp_path / "standin.sqlite", f"{portal}/webhooks/stripe", "whsec_demo", "sk_test_demo",
        wall=clock.wall,
    )  # fmt: skip
    config = load_config("demo", {
        "LICHTBILD_INSTANCE_DIR": str(tmp_path / "instances"), "LICHTBILD_PORT": str(port),
        "LICHTBILD_STRIPE_API_BASE": standin.url, "LICHTBILD_DATABASE_URL": url,
    })  # fmt: skip
    database = Database(config.database_url)
    runtime = make_runtime(config, database, clock, shared_decoder)
    with database.reading() as session:
        found = {person.email: person.actor for person in session.scalars(select(Account))}
    world = World(runtime, clock, found[people.OWNER.email], found[people.OPERATOR.email], standin)
    connections: dict[int, dispatcher] = {}
    server = waitress.create_server(
        create_application(runtime), map=connections, host="127.0.0.1", port=port, threads=6, ident=None
    )
    web = threading.Thread(target=server.run, daemon=True)
    web.start()
    stop = threading.Event()
    worker = threading.Thread(target=Worker(runtime, handlers(world.gateway)).run, args=(stop,), daemon=True)
    worker.start()

    def let_worker_go() -> None:
        stop.set()
        worker.join(20)

    yield Live(world, config.desk_url, portal, let_worker_go)
    let_worker_go()
    open_ones = list(connections.values())
    connections.clear()  # the loop ends when it has nothing to watch; closed under it, it would break
    server.pull_trigger()
    web.join(20)
    server.task_dispatcher.shutdown()
    for connection in open_ones:
        connection.close()
    standin.close()
    database.dispose()


Shoot = Callable[[Page, str], None]


@pytest.fixture
def shoot() -> Iterator[Shoot]:
    """Photograph a page at both widths and ask axe; serious findings fail the test at its end."""
    found: list[str] = []
    SHOTS.mkdir(exist_ok=True)

    def take(page: Page, name: str) -> None:
        for width, size in (("1280", WIDE), ("390", NARROW)):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.wait_for_load_state("networkidle")
            page.evaluate(LOOSEN)
            page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True)
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if overflow > 1:
                found.append(f"{name} at {width}: {overflow} px wider than the window")
            found.extend(f"{name} at {width}: {issue}" for issue in _serious(page))
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    yield take
    assert not found, "\n".join(found)


def _serious(page: Page) -> list[str]:
    results: dict[str, Any] = Axe().run(page, options=RULES).response
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {rule['nodes'][0]['html'][:160]}"
        for rule in results["violations"] if rule["impact"] in ("serious", "critical")
    ]  # fmt: skip


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab that fails the test when a page's script breaks, or when it asks another machine for anything."""
    context = chromium.new_context(viewport=WIDE, locale="en-GB", timezone_id="Europe/Berlin")  # type: ignore[arg-type]
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    tab.on(
        "console",
        lambda line: (
            wrong.append(f"console: {line.text} ({line.location.get('url')})")
            if line.type == "error"
            else None
        ),
    )
    tab.on("request", lambda asked: wrong.append(f"asked {asked.url}") if not _ours(asked.url) else None)
    yield tab
    context.close()
    assert not wrong, "\n".join(wrong)


def _ours(url: str) -> bool:
    from urllib.parse import urlsplit

    host = urlsplit(url).hostname or ""
    return url.startswith(("data:", "blob:")) or host == "127.0.0.1" or host.endswith(".localhost")
