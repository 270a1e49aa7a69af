"""What every measurement shares: rows of name, value, unit, baseline, ratio; a table; a file; the goals."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``ratio`` is the value against the baseline; ``goal`` says which ratios are good enough."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    goal: str = ""

    @property
    def missed(self) -> bool:
        """Whether the figure has a goal and does not reach it."""
        if not self.goal or self.ratio is None:
            return False
        bound = float(self.goal[2:])
        return self.ratio < bound if self.goal.startswith(">=") else self.ratio > bound


def row(name: str, value: float, unit: str, baseline: float | None = None, goal: str = "") -> Row:
    """A figure, against a baseline when there is one; ``goal`` (``>=0.4``, ``<=1``) bounds the ratio."""
    ratio = round(value / baseline, 3) if baseline else None
    return Row(name, round(value, 3), unit, baseline and round(baseline, 3), ratio, goal)


def at_most(name: str, value: float, unit: str, bound: float) -> Row:
    """A figure that should not be above ``bound``."""
    return row(name, value, unit, bound, "<=1")


def finish(name: str, rows: list[Row], goals: bool) -> int:
    """Print the table, write ``bench/results/NAME.json``; with ``goals`` 1 when one is missed."""
    print(f"{'what':<62}{'value':>11} {'unit':<16}{'baseline':>10}{'ratio':>8}  goal")
    for line in rows:
        baseline = "" if line.baseline is None else f"{line.baseline:g}"
        ratio = "" if line.ratio is None else f"{line.ratio:g}"
        mark = "  MISSED" if line.missed else ""
        print(f"{line.name:<62}{line.value:>11g} {line.unit:<16}{baseline:>10}{ratio:>8}  {line.goal}{mark}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps([asdict(line) for line in rows], indent=2) + "\n")
    missed = [line.name for line in rows if line.missed]
    for line_name in missed if goals else []:
        print(f"goal missed: {line_name}", file=sys.stderr)
    return 1 if goals and missed else 0


def options(about: str | None) -> argparse.ArgumentParser:
    """The options of every measurement."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--goals", action="store_true", help="exit 1 when a goal is missed")
    return parser
