"""From facts to a sheet, today or again years later: the edition names the formula, and both are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflow.cases.pricing import formula_1, formula_2
from workflow.cases.pricing.facts import FeeFacts
from workflow.cases.pricing.reading import from_stored
from workflow.cases.pricing.rules import DamageRule, damages_in
from workflow.cases.pricing.sheet import FeeSheet
from workflow.cases.pricing.tariffs import Tariff, in_force
from workflow.kernel.errors import Refused
from workflow.kernel.money import Money
from workflow.kernel.said import say

FORMULAS: Mapping[int, Callable[[FeeFacts, Tariff], FeeSheet]] = {1: formula_1.price, 2: formula_2.price}
_PERCENT_BP = 100


def quote(facts: FeeFacts, tariff: Tariff) -> FeeSheet:
    """The sheet by this edition; :class:`Refused` when it has no price for the use."""
    if facts.last_seen < facts.first_seen:
        raise Refused(say("The use cannot end before it began."))
    return FORMULAS[tariff.formula](facts, tariff)


def estimate(facts: FeeFacts, on: date, tariffs: Iterable[Tariff]) -> FeeSheet:
    """The sheet by the edition in force on ``on``; :class:`Refused` without one, or without a price."""
    return quote(facts, in_force(tariffs, on))


def again(stored_facts: Mapping[str, Any], edition: str, tariffs: Iterable[Tariff]) -> FeeSheet:
    """What was quoted then, from what is stored: the facts and the name of the edition."""
    for tariff in tariffs:
        if tariff.edition == edition:
            return quote(from_stored(stored_facts), tariff)
    raise Refused(say("The edition “{edition}” is not known here any more.", edition=edition[:60]))


@dataclass(frozen=True, slots=True)
class CourtView:
    """What the law of a country would make of the fee, for whoever weighs an offer; never what is asked."""

    rule: DamageRule
    #: By the percentage of the rule; ``None`` where it names none.
    sum: Money | None


def court_view(sheet: FeeSheet, country: str, on: date) -> CourtView | None:
    """The rule of the country for damages, with its sum; ``None`` where no rule is known."""
    rule = damages_in(country, on)
    if rule is None:
        return None
    return CourtView(rule, sheet.net.share_bp(rule.percent * _PERCENT_BP) if rule.percent else None)


def as_damages(label: str) -> str:
    """The label of a line about one photograph, of the same photograph; other labels stay."""
    before, title = "Licence for the use of “", label.removesuffix("”")
    if not label.startswith(before):
        return label
    return say("Damages for the use of “{work_title}”", work_title=title.removeprefix(before))[:300]
