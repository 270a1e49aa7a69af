"""The fee sheet: one for owner, infringer, operator and lawyer, and what each line rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workflow.cases.pricing.facts import GRADE_WORDS, Grade
from workflow.kernel.money import Money


class Basis(StrEnum):
    """What the price of the use itself rests on."""

    #: Invoices of the owner for comparable licences.
    PRACTICE = "practice"
    #: A tariff.
    TARIFF = "tariff"
    #: It could be had for nothing.
    FREE = "free"


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of the sheet: what, why, how much (net)."""

    label: str
    why: str
    net: Money
    #: The rule behind it: a paragraph, a judgment, the tariff.
    source: str = ""
    #: The facts it depends on, by name; whoever doubts the line challenges one of these.
    facts: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The line as it is stored with the offer."""
        return {
            "label": self.label, "why": self.why, "minor": self.net.minor,
            "currency": self.net.currency.value, "source": self.source, "facts": list(self.facts),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sheet as pages show it."""

    label: str
    amount: Money
    because: str = ""
    #: The rule or the tariff behind it.
    source: str = ""


@dataclass(frozen=True, slots=True)
class FactShown:
    """A fact as people read it, with how well it is known."""

    name: str
    label: str
    value: str
    grade: Grade

    @property
    def grade_words(self) -> str:
        """How well it is known, in words."""
        return GRADE_WORDS[self.grade]


@dataclass(frozen=True, slots=True)
class FeeSheet:
    """The same sheet for everybody. ``low`` and ``high`` are how far a person may find it should be."""

    edition: str
    formula: int
    example: bool
    basis: Basis
    lines: tuple[SheetLine, ...]
    low: Money
    high: Money
    #: The facts the price depends on, strongest doubt first.
    facts: tuple[FactShown, ...] = ()

    @property
    def net(self) -> Money:
        """The sum of the lines."""
        return sum((line.net for line in self.lines[1:]), self.lines[0].net)

    def as_json(self) -> list[dict[str, Any]]:
        """The lines as they are stored with the offer."""
        return [line.as_json() for line in self.lines]
