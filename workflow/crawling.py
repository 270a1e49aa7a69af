"""The crawl of an instance: its settings from the configuration, its guard, its place for bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from detection.crawl.job import CrawlJob
from detection.crawl.run import run_crawl
from detection.egress import EgressPolicy
from workflow.building import clock_for
from workflow.config import Config
from workflow.kernel.failpoints import failpoint

#: How the crawler introduces itself; site owners find the operator under the address.
USER_AGENT = "Lichtbild/0.1 (+{desk}/how-it-works)"
DEMO_REQUESTS_AT_ONCE = 16


def fetch(config: Config, sites: Sequence[str], *, pages: int, depth: int) -> dict[str, Any]:
    """Crawl once, in this process (a process can do it only once), and return the counts.

    Sightings carry wall time; intake turns it into the business time that letters name.
    """
    clock = clock_for(config)
    job = CrawlJob(
        database_url=config.database_url,
        store_dir=config.crawl_dir,
        seeds=tuple(sites),
        user_agent=USER_AGENT.format(desk=config.desk_url),
        wall=lambda: clock.wall().timestamp(),
        policy=_policy(config, sites),
        max_depth=depth,
        max_pages=pages,
        failpoint=failpoint,
        **_pace(config),
    )
    return asdict(run_crawl(job))


def _policy(config: Config, sites: Sequence[str]) -> EgressPolicy:
    """Only a demo may look into its own small web on loopback, by exact host and port."""
    if not config.demo:
        return EgressPolicy()
    from workflow.demo.web import load_world

    world = load_world(config.instance_dir / "world")
    asked = {urlsplit(site).port for site in sites}
    return EgressPolicy(allowed=world.allowed(config.world_port) if asked <= {config.world_port} else {})


def _pace(config: Config) -> dict[str, Any]:
    """Polite everywhere; quick only where the server is our own."""
    if not config.demo:
        return {}
    return {
        "delay": 0.0,
        "per_host": 4,
        "at_once": DEMO_REQUESTS_AT_ONCE,
        "autothrottle": False,
        "decoders": 2,
    }
