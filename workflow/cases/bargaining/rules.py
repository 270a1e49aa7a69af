"""The dated numbers of bargaining."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parents[1] / "data" / "bargaining.yaml"


@dataclass(frozen=True, slots=True)
class BargainingRules:
    """What holds on a day."""

    counter_offers_per_case: int
    least_percent: int


def rules_on(on: date) -> BargainingRules:
    """The rules in force; the first edition holds for everything before it."""
    rows = _data()["editions"]
    row = max((each for each in rows if each["effective_from"] <= on), default=rows[0],
              key=lambda each: each["effective_from"])  # fmt: skip
    return BargainingRules(row["counter_offers_per_case"], row["least_percent"])


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return found
