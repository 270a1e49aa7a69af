"""The first formula, kept so that what was priced by it can be computed again."""

from __future__ import annotations

from typing import Any

from workflow.cases.pricing.facts import MEDIA_WORDS, FeeFacts, Placement
from workflow.cases.pricing.sheet import Basis, FeeSheet, SheetLine
from workflow.cases.pricing.tariffs import Tariff
from workflow.kernel.errors import Refused
from workflow.kernel.money import Money
from workflow.kernel.said import say, say_many

LARGE_PX = 1000
_DAYS_PER_MONTH = 30.4375
_PERCENT_BP = 100
#: The open last step of that edition.
_FOR_EVER = 1200


def price(facts: FeeFacts, tariff: Tariff) -> FeeSheet:
    """The sheet; :class:`Refused` when the edition has no price or no step for the use."""
    base = tariff.base_of(facts.use_class, facts.medium)
    months, percent = _duration_step(tariff.raw, facts)
    fee = base.share_bp(percent * _PERCENT_BP)
    word, kind = MEDIA_WORDS[facts.medium], say(facts.use_class.value.capitalize())
    lines = [
        SheetLine(
            say("{kind} use on a {medium}", kind=kind, medium=word) if facts.medium != "social_media" else
            say("{kind} use in social media", kind=kind),
            say("seen {first_seen} to {last_seen}: step “{step}”, {percent} % of the base {base}",
                first_seen=facts.first_seen, last_seen=facts.last_seen, percent=percent, base=base,
                step=say_many("up to {count} month", "up to {count} months", months))
            if months < _FOR_EVER else
            say("more than 36 months, {percent} % of the base {base}", percent=percent, base=base),
            fee,
        )
    ]  # fmt: skip
    surcharges = tariff.raw["surcharges"]
    if facts.placement is Placement.HOME_PAGE:
        lines.append(_surcharge(say("Shown on the home page"), surcharges["home_page"], fee))
    if facts.longest_side_px >= LARGE_PX:
        label = say("Shown at {longest_side_px} pixels", longest_side_px=facts.longest_side_px)
        lines.append(_surcharge(label, surcharges["large"], fee))
    if not facts.credited:
        so_far = sum((line.net for line in lines[1:]), lines[0].net)
        lines.append(_surcharge(say("The photographer was not named"), tariff.missing_credit, so_far))
    middle = sum((line.net for line in lines[1:]), lines[0].net)
    spread = tariff.raw["range"]
    return FeeSheet(
        edition=tariff.edition, formula=1, example=tariff.example, basis=Basis.TARIFF, lines=tuple(lines),
        low=middle.share_bp(spread["low"] * _PERCENT_BP), high=middle.share_bp(spread["high"] * _PERCENT_BP),
    )  # fmt: skip


def _surcharge(label: str, percent: int, base: Money) -> SheetLine:
    why = say("+{percent} % of {base}", percent=percent, base=base)
    return SheetLine(label, why, base.share_bp(percent * _PERCENT_BP))


def _duration_step(raw: Any, facts: FeeFacts) -> tuple[int, int]:
    days = (facts.last_seen - facts.first_seen).days + 1
    if days < 1:
        raise Refused(say("The use cannot end before it began."))
    for step in raw["duration"]:
        if days <= step["months"] * _DAYS_PER_MONTH:
            return step["months"], step["percent"]
    raise Refused(say("The tariff has no step for a use this long."))
