"""What the lines of a sheet rest on, and how countries value an unlicensed use: dated, with source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import Said, say

DATA = Path(__file__).resolve().parents[1] / "data" / "fee_rules.yaml"

MODEL_WORDS: dict[str, Said] = {
    "licence_analogy": say("what a sensible licensee would have paid"),
    "adequate_fee_doubled": say("the adequate fee, up to twice"),
    "lump_sum_above_royalty": say("a lump sum above the fee, and moral damage"),
    "lump_sum_on_royalty": say("a lump sum reckoned from the fee"),
    "licence_plus_uplift": say("the fee with a supplement"),
    "user_principle": say("what the user should have paid"),
    "actual_or_statutory": say("the actual damage, or a sum the law names for registered works"),
}


@dataclass(frozen=True, slots=True)
class DamageRule:
    """How one country reckons damages for a use without a licence."""

    country: str
    model: str
    #: Of the licence fee; ``None`` where no number is given.
    percent: int | None
    legal: str
    effective_from: date
    verified: bool
    #: What the law names instead of a fee: least, most, most when wilful.
    statutory: tuple[Money, Money, Money] | None

    @property
    def words(self) -> Said:
        """The model as a sentence part."""
        return MODEL_WORDS[self.model]


def source_of(rule: str, on: date) -> str:
    """The source of a line that no tariff explains; :class:`Refused` before it was in force."""
    for row in _data()["rules"]:
        if row["id"] == rule and row["effective_from"] <= on:
            return str(row["source"])
    raise Refused(say("No rule “{rule}” is known for {day}.", rule=rule, day=on))


def damages_in(country: str, on: date) -> DamageRule | None:
    """How damages are reckoned there; ``None`` where no rule is known, so that a person decides."""
    found = [row for row in _data()["damages"] if row["country"] == country and row["effective_from"] <= on]
    if not found:
        return None
    row = max(found, key=lambda each: each["effective_from"])
    named = row.get("statutory")
    return DamageRule(
        country, row["model"], row.get("percent"), row["legal"], row["effective_from"], row["verified"],
        _statutory(named) if named else None,
    )  # fmt: skip


def _statutory(named: dict[str, Any]) -> tuple[Money, Money, Money]:
    currency = Currency(named["currency"])
    return Money(named["least"], currency), Money(named["most"], currency), Money(named["wilful"], currency)


def countries_with_rules() -> tuple[str, ...]:
    """Every country whose rule is known."""
    return tuple(sorted({row["country"] for row in _data()["damages"]}))


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return found
