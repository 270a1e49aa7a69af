"""Tariffs: dated editions with a source. A licensed edition in force comes before the shipped example.

Published tariff booklets are copyrighted, so a neutral example ships with the program, marked as such; an
operator loads the edition that was licensed, see :mod:`workflow.cases.pricing.tariff_files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from workflow.cases.pricing.facts import Exclusivity, Grade, Placement, SpecialShot, UserKind
from workflow.cases.states import UseClass
from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import Said, say, say_many


@dataclass(frozen=True, slots=True)
class Step:
    """A length of use, rounded up to: so many weeks or months, or any longer one."""

    weeks: int | None
    months: int | None
    percent: int

    def covers(self, first: date, last: date) -> bool:
        """Whether a use from ``first`` to ``last`` (both included) is no longer than this."""
        if self.weeks is not None:
            return last < first + timedelta(weeks=self.weeks)
        if self.months is not None:
            return last < _months_after(first, self.months)
        return True

    @property
    def words(self) -> Said:
        """``up to 6 months``."""
        if self.weeks is not None:
            return say_many("up to {count} week", "up to {count} weeks", self.weeks)
        if self.months is not None:
            return say_many("up to {count} month", "up to {count} months", self.months)
        return say("any longer use")


@dataclass(frozen=True, slots=True)
class SizeStep:
    """From this longest side on; per cent of the licence."""

    from_px: int
    percent: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """One edition. Percentages are of the fee for the use itself, unless said otherwise."""

    edition: str
    formula: int
    effective_from: date
    #: The last day it is in force; ``None`` = until a later edition begins.
    effective_to: date | None
    currency: Currency
    #: Neutral, shipped with the program, not a market survey.
    example: bool
    source: str
    base: Mapping[UseClass, Mapping[str, int]]
    duration: tuple[Step, ...]
    placement: Mapping[Placement, int]
    sizes: tuple[SizeStep, ...]
    #: For each language beyond the first.
    further_language: int
    altered: int
    exclusivity: Mapping[Exclusivity, int]
    special: Mapping[SpecialShot, int]
    user: Mapping[UserKind, int]
    #: For each further use of the same photograph.
    further_use: int
    #: Of the whole licence; its own line.
    missing_credit: int
    #: By the weakest fact: low and high in per cent of the middle.
    spread: Mapping[Grade, tuple[int, int]]
    #: The rules as they were read, for formula 1 and for keeping.
    raw: Mapping[str, Any]

    def in_force(self, on: date) -> bool:
        """Whether prices of that day are made by this edition."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)

    def base_of(self, use_class: UseClass, medium: str) -> Money:
        """The price of the plain use; :class:`Refused` where the edition has none."""
        minor = self.base.get(use_class, {}).get(medium)
        if minor is None:
            raise Refused(
                say("The tariff has no price for “{medium}” ({use_class}).",
                    medium=medium, use_class=use_class.value)
            )  # fmt: skip
        return Money(minor, self.currency)

    def step_of(self, first: date, last: date) -> Step:
        """The length of use, rounded up; :class:`Refused` when it is longer than the last step."""
        for step in self.duration:
            if step.covers(first, last):
                return step
        raise Refused(say("The tariff has no step for a use this long."))


def _months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


# --- which one ----------------------------------------------------------------------------------------------


def in_force(tariffs: Iterable[Tariff], on: date) -> Tariff:
    """The edition of that day: a licensed one before the example, the later before the earlier."""
    found = [tariff for tariff in tariffs if tariff.in_force(on)]
    if not found:
        raise Refused(say("No tariff is in force on {isoformat}.", isoformat=on.isoformat()))
    return max(found, key=lambda tariff: (not tariff.example, tariff.effective_from, tariff.formula))


def why_overlapping(tariff: Tariff, others: Iterable[Tariff]) -> Said | None:
    """Why this edition cannot stand beside the others: two licensed ones in force on one day are a riddle.

    An edition without an end gives way to the one that begins after it, so only closed periods can collide,
    and two that begin on the same day.
    """
    for other in others:
        if other.example != tariff.example or other.edition == tariff.edition:
            continue
        earlier, later = sorted((tariff, other), key=lambda each: each.effective_from)
        same = earlier.effective_from == later.effective_from
        if same or (earlier.effective_to is not None and later.effective_from <= earlier.effective_to):
            return say("The edition “{edition}” is in force at the same time.", edition=other.edition)
    return None
