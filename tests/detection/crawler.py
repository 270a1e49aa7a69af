"""One crawl in a process of its own: `python crawler.py JOB.json` prints the summary as JSON."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from detection.crawl.job import CrawlJob
from detection.crawl.run import run_crawl
from detection.egress import EgressPolicy


def main() -> None:
    words = json.loads(Path(sys.argv[1]).read_text())
    allowed = {(host, port): address for host, port, address in words.pop("allowed")}
    job = CrawlJob(
        store_dir=Path(words.pop("store_dir")),
        policy=EgressPolicy(allowed=allowed, ports=(80, 443)),
        wall=lambda: time.clock_gettime(time.CLOCK_REALTIME),
        user_agent="LichtbildTest/1.0 (+https://example.org/bot)",
        **{name: tuple(value) if isinstance(value, list) else value for name, value in words.items()},
    )
    sys.stdout.write(json.dumps(asdict(run_crawl(job))))


if __name__ == "__main__":
    main()
