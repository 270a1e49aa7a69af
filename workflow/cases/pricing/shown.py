"""A tariff as people read it: prices by medium and class, lengths of use, surcharges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from workflow.cases.pricing.facts import (
    CLASS_WORDS,
    EXCLUSIVITY_WORDS,
    MEDIA_WORDS,
    PLACEMENT_WORDS,
    SPECIAL_WORDS,
    USER_WORDS,
)
from workflow.cases.pricing.tariffs import Tariff, in_force
from workflow.cases.states import UseClass
from workflow.kernel.errors import Refused
from workflow.kernel.money import Money
from workflow.kernel.said import Said, say


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One medium with its price per class of use; ``None`` where the edition has none."""

    medium: Said
    prices: tuple[Money | None, ...]


@dataclass(frozen=True, slots=True)
class PercentRow:
    """What changes a price, by how many per cent of the fee for the use itself."""

    what: Said
    percent: int


CLASSES: tuple[Said, ...] = tuple(CLASS_WORDS[each] for each in UseClass)


def prices_of(tariff: Tariff) -> list[PriceRow]:
    """The prices of the plain use, in the order of the media."""
    rows = [
        PriceRow(
            words,
            tuple(
                Money(minor, tariff.currency)
                if (minor := tariff.base.get(use_class, {}).get(medium)) is not None
                else None
                for use_class in UseClass
            ),
        )
        for medium, words in MEDIA_WORDS.items()
    ]
    return [row for row in rows if any(row.prices)]


def surcharges_of(tariff: Tariff) -> list[PercentRow]:
    """Everything that is added or taken off, in the order of the formula; what is zero is left out."""
    rows = [
        *(PercentRow(say("Stands {where}", where=PLACEMENT_WORDS[key]), value)
          for key, value in tariff.placement.items()),
        *(PercentRow(say("Longest side from {px} px", px=step.from_px), step.percent)
          for step in tariff.sizes),
        PercentRow(say("Each further language"), tariff.further_language),
        PercentRow(say("Altered"), tariff.altered),
        *(PercentRow(say("Use {how}", how=EXCLUSIVITY_WORDS[key]), value)
          for key, value in tariff.exclusivity.items()),
        *(PercentRow(say("Taken with {what}", what=SPECIAL_WORDS[key]), value)
          for key, value in tariff.special.items()),
        *(PercentRow(say("Used by {whom}", whom=USER_WORDS[key]), value)
          for key, value in tariff.user.items()),
        PercentRow(say("Each further use of the same photograph"), tariff.further_use),
        PercentRow(say("The photographer is not named (of the whole licence, its own line)"),
                   tariff.missing_credit),
    ]  # fmt: skip
    return [row for row in rows if row.percent]


def force_of(tariff: Tariff, everything: Iterable[Tariff], on: date) -> tuple[str, Said]:
    """The chip of an edition on that day: priced by it, later, over, or stands behind another."""
    if on < tariff.effective_from:
        return "neutral", say("Later")
    if not tariff.in_force(on):
        return "neutral", say("Over")
    try:
        chosen = in_force(everything, on)
    except Refused:  # pragma: no cover - this one is in force
        chosen = tariff
    if chosen.edition == tariff.edition:
        return "done", say("Priced by it")
    return "neutral", say("Another comes first")
