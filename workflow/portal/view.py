"""The case as its page shows it: plain values, made from the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.cases.models import Case, Offer, Use
from workflow.cases.pricing import FactShown, facts_shown, from_stored
from workflow.cases.pricing.sheet import Line
from workflow.cases.pricing.tariff_files import shipped
from workflow.cases.states import ClaimNature, LetterKind
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say, stored

LETTER_WORDS: dict[LetterKind, str] = {
    LetterKind.OFFER: say("Request and offer"),
    LetterKind.REMINDER: say("Reminder"),
    LetterKind.DUNNING: say("Formal reminder"),
    LetterKind.PAID: say("Payment received: licence and receipt"),
    LetterKind.CLOSING: say("Closing letter"),
    LetterKind.RECEIPT_OF_ANSWER: say("We received your answer"),
}

#: What the sum is, by the law that applies to it.
ASKED_WORDS: dict[ClaimNature, str] = {
    ClaimNature.CONTRACT: say("A licence fee for the use so far, VAT included."),
    ClaimNature.DAMAGES: say(
        "Damages for the use so far: the offer of a licence was not accepted. Damages carry no VAT."
    ),
}

_CORNERS = 3


@dataclass(frozen=True, slots=True)
class Sheet:
    """How the sum is made: the tariff for one use, then the claim with VAT and total."""

    tariff: list[Line]
    tariff_total: Money
    claim: list[Line]
    total: Money
    edition: str
    #: The neutral tariff that ships with the program, not a market survey.
    example: bool
    #: Somebody set another price than the tariff's; the reason is the label of the claim's line.
    by_hand: bool
    #: What the price depends on, the weakest first.
    facts: list[FactShown]


@dataclass(frozen=True, slots=True)
class Outline:
    """Where the photograph lies in the found picture."""

    points: list[tuple[float, float]]
    width: int
    height: int


def sheet_of(case: Case, offer: Offer) -> Sheet:
    """The stored sheet: nothing is computed anew but the sums."""
    currency = offer.net.currency
    tariff = [
        Line(
            stored(row["label"]), Money(int(row["minor"]), Currency(row["currency"])), stored(row["why"]),
            row.get("source", ""),
        )
        for row in offer.sheet
    ]  # fmt: skip
    named = {name for row in offer.sheet for name in row.get("facts", ())}
    tariff_total = sum((line.amount for line in tariff), Money.zero(currency))
    claim = [Line(stored(line.label), line.net) for line in offer.lines]
    if offer.vat_rate_bp:
        claim.append(Line(say("VAT {rate} %", rate=f"{offer.vat_rate_bp / 100:g}"), offer.vat))
    return Sheet(
        tariff=tariff,
        tariff_total=tariff_total,
        claim=claim,
        total=offer.total,
        edition=offer.edition,
        example=_example(offer),
        by_hand=offer.net != sum((tariff_total for _ in case.uses), Money.zero(currency)),
        facts=facts_shown(from_stored(offer.facts), named) if named else [],
    )


def outline_of(use: Use) -> Outline | None:
    """The outline from the facts of the match, if they hold a whole one."""
    facts: dict[str, Any] = use.match_facts
    points, width, height = facts.get("outline"), facts.get("found_width"), facts.get("found_height")
    if not isinstance(points, list) or len(points) < _CORNERS:
        return None
    if not isinstance(width, int) or not isinstance(height, int) or width < 1 or height < 1:
        return None
    if not all(isinstance(point, list | tuple) and len(point) == 2 for point in points):  # noqa: PLR2004 - x and y
        return None
    return Outline([(float(x), float(y)) for x, y in points], width, height)


def _example(offer: Offer) -> bool:
    by_practice = "practice" in offer.sheet[0].get("facts", ())
    return not by_practice and any(tariff.edition == offer.edition and tariff.example for tariff in shipped())
