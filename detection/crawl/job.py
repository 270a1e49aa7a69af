"""What to crawl and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from detection.egress import EgressPolicy, canonical_host


def nowhere(_name: str) -> None:
    """Passing a place means nothing."""


@dataclass(frozen=True, slots=True)
class CrawlJob:
    """One crawl of given sites.

    `wall` tells the time in seconds since 1970: the wall clock of the house.
    """

    database_url: str
    store_dir: Path
    seeds: tuple[str, ...]
    user_agent: str
    wall: Callable[[], float]
    policy: EgressPolicy = field(default_factory=EgressPolicy)
    #: Sites whose pages are read; without any, the hosts of the seeds.
    hosts: tuple[str, ...] = ()
    max_depth: int = 5
    max_pages: int = 10_000
    #: Seconds between two requests to one host, and how many run at once.
    delay: float = 0.5
    per_host: int = 2
    at_once: int = 16
    #: Slow down when a host answers slowly; pointless on loopback.
    autothrottle: bool = True
    timeout: float = 20.0
    max_bytes: int = 25 * 1024 * 1024
    lease_seconds: float = 120.0
    #: Processes that decode images.
    decoders: int = 1
    #: Told which place of the crawl is being passed; a rehearsal may end the process there.
    failpoint: Callable[[str], None] = nowhere

    def site_hosts(self) -> tuple[str, ...]:
        """The hosts whose pages are read."""
        named = self.hosts or tuple(urlsplit(seed).hostname or "" for seed in self.seeds)
        return tuple(dict.fromkeys(canonical_host(host) for host in named if host))


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """Counts of the round, what an interrupted run brought before included."""

    pages: int
    images: int
    sightings: int
    #: Not fetched or not taken for a reason: robots.txt, guard, other site, not a usable image.
    refused: int
    #: Given up: errors of servers and networks.
    failed: int
    seconds: float


def stopwatch() -> Callable[[], float]:
    """Seconds since this call."""
    start = time.monotonic()
    return lambda: time.monotonic() - start
