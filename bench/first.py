"""First figures: set-up, demo, memory. Prints a table and writes bench/results/first.json.

    python bench/first.py [--goals] [--skip-setup]

Runs in a folder of its own under the temporary directory, on ports of its own; bounded in time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from running import build_demo, environment, started
from table import ROOT, Row, at_most, finish, options, row


def main() -> int:
    """Measure, print, write; with --goals exit 1 when one is missed."""
    parser = options(__doc__)
    parser.add_argument("--skip-setup", action="store_true")
    chosen = parser.parse_args()
    rows: list[Row] = []
    if not chosen.skip_setup:
        with tempfile.TemporaryDirectory(prefix="lichtbild-clone-") as folder:
            rows.append(
                at_most("set-up in a fresh clone, warm package cache", set_up(Path(folder)), "s", 180)
            )
    with environment() as place:
        rows += demo(place)
        with started(place) as process:
            rows.append(at_most("memory of web, ticker and worker", memory_mb(process), "MB", 700))
    return finish("first", rows, chosen.goals)


def set_up(folder: Path) -> float:
    """Seconds from a bare clone to a ready environment."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    began = time.monotonic()
    subprocess.run(["make", "--silent", "setup"], cwd=clone, check=True)
    return time.monotonic() - began


def demo(environment: dict[str, str]) -> list[Row]:
    """Build the demo world once."""
    began = time.monotonic()
    told = json.loads(build_demo(environment))
    seconds = time.monotonic() - began
    return [
        at_most("lichtbild demo --fresh", seconds, "s", 90),
        row("planted uses missed", told["planted"] - told["hits_correct"], f"of {told['planted']}"),
        row("wrong hits", told["hits_wrong"], f"of {told['images_compared']} images"),
    ]


def memory_mb(parent: int) -> float:
    """Resident megabytes of web, ticker and worker, children included."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,rss,args"], check=True, stdout=subprocess.PIPE, text=True)
    lines = [line.split(None, 3) for line in listed.stdout.splitlines()[1:]]
    wanted = {
        pid for pid, ppid, _, command in lines
        if ppid == str(parent) and command.split()[-1] in ("web", "ticker", "worker")
    }  # fmt: skip
    total = sum(int(rss) for pid, ppid, rss, _ in lines if pid in wanted or ppid in wanted)
    return total / 1024


if __name__ == "__main__":
    sys.exit(main())
