"""The demo's photographs go in, its small web is crawled over HTTP, and both are compared."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workflow.demo.photographs import works
from workflow.demo.server import WorldServer
from workflow.demo.web import World
from workflow.hits.intake import take_in
from workflow.kernel.actors import Actor
from workflow.kernel.errors import Refused, Unavailable
from workflow.kernel.ids import new_id
from workflow.kernel.runtime import Runtime
from workflow.works.intake import Sent
from workflow.works.intake import take_in as take_photograph_in
from workflow.works.states import UploadVerdict

#: More than the demo's web has, so that nothing is cut off.
PAGE_LIMIT = 400
DEPTH = 12
#: Uploads at the same time; each keeps one decoding child busy.
AT_ONCE = 2


def upload(runtime: Runtime, owner: Actor) -> None:
    """Hand in every photograph of the demo as its owner would."""
    batch = new_id()

    def hand_in(path: Path) -> None:
        with path.open("rb") as stream:
            sent = Sent(path.name, stream, batch, online_since="2021")
            record = take_photograph_in(runtime, sent, owner, runtime.clock.business())
        if record.verdict is not UploadVerdict.ACCEPTED:
            raise Refused(f"{path.name}: {record.sentence}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(hand_in, [photograph.path for photograph in works()]))


def search(runtime: Runtime, world: World) -> None:
    """Serve the small web, crawl it in a process of its own, compare what came back."""
    port = runtime.config.world_port
    try:
        server = WorldServer(world, port)
    except OSError as taken:
        raise Unavailable(
            f"Port {port} is in use; the demo's web needs it. Is another Lichtbild running?"
        ) from taken
    with server:
        _crawl(runtime, world.seeds_at(port))
    take_in(runtime)


def _crawl(runtime: Runtime, seeds: tuple[str, ...]) -> None:
    command = [
        sys.executable, "-m", "workflow.cli", "--instance", runtime.config.instance,
        "crawl", *seeds, "--pages", str(PAGE_LIMIT), "--depth", str(DEPTH), "--fetch-only",
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise Unavailable("The crawl of the demo's web ended early; see the lines above.")
