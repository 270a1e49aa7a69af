"""What a licence would have cost: a dated table, a formula with a version, and a sheet line by line.

The same facts, edition and formula give the same cents years later; all three are stored with the offer.
There is no penalty for being unlicensed; a missing credit is its own line (market practice).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from workflow.cases.states import UseClass
from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say, say_many

DATA = Path(__file__).parent / "data" / "fees.yaml"
MEDIA = ("website", "online_shop", "social_media")
MEDIA_WORDS = {
    "website": say("website"),
    "online_shop": say("online shop"),
    "social_media": say("social media"),
}
LARGE_PX = 1000
_DAYS_PER_MONTH = 30.4375
_PERCENT_BP = 100


@dataclass(frozen=True, slots=True)
class FeeFacts:
    """What the fee depends on; every field is shown on the sheet."""

    use_class: UseClass
    medium: str
    home_page: bool
    longest_side_px: int
    first_seen: date
    last_seen: date
    credited: bool

    def as_json(self) -> dict[str, Any]:
        """The facts as they are stored with the offer."""
        return {
            **asdict(self),
            "use_class": self.use_class.value,
            "first_seen": self.first_seen.isoformat(),
            "last_seen": self.last_seen.isoformat(),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> FeeFacts:
        """The facts as they were stored."""
        return cls(
            **{
                **stored,
                "use_class": UseClass(stored["use_class"]),
                "first_seen": date.fromisoformat(stored["first_seen"]),
                "last_seen": date.fromisoformat(stored["last_seen"]),
            }
        )


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of the sheet: what, why, how much (net)."""

    label: str
    why: str
    net: Money


@dataclass(frozen=True, slots=True)
class FeeSheet:
    """The same sheet for owner, operator and infringer."""

    edition: str
    formula: int
    example: bool
    lines: tuple[SheetLine, ...]
    low: Money
    high: Money

    @property
    def net(self) -> Money:
        return sum((line.net for line in self.lines[1:]), self.lines[0].net)

    def as_json(self) -> list[dict[str, Any]]:
        """The lines as they are stored with the offer."""
        return [
            {
                "label": line.label,
                "why": line.why,
                "minor": line.net.minor,
                "currency": line.net.currency.value,
            }
            for line in self.lines
        ]


def estimate(facts: FeeFacts, on: date) -> FeeSheet:
    """The fee by the tariff in force on ``on``; :class:`Refused` when there is none or a fact is unknown."""
    tariff = _tariff_on(on)
    currency = Currency(tariff["currency"])
    try:
        base = Money(tariff["base"][facts.use_class.value][facts.medium], currency)
    except KeyError as unknown:
        raise Refused(
            say(
                "The tariff has no price for “{medium}” ({use_class}).",
                medium=facts.medium,
                use_class=facts.use_class.value,
            )
        ) from unknown
    months, percent = _duration_step(tariff, facts)
    fee = base.share_bp(percent * _PERCENT_BP)
    word, kind = MEDIA_WORDS[facts.medium], say(facts.use_class.value.capitalize())
    lines = [
        SheetLine(
            say("{kind} use on a {medium}", kind=kind, medium=word) if word != "social media" else
            say("{kind} use in social media", kind=kind),
            say("seen {first_seen} to {last_seen}: step “{step}”, {percent} % of the base {base}",
                first_seen=facts.first_seen, last_seen=facts.last_seen, percent=percent, base=base,
                step=say_many("up to {count} month", "up to {count} months", months))
            if months < 1200 else  # noqa: PLR2004 - the open last step
            say("more than 36 months, {percent} % of the base {base}", percent=percent, base=base),
            fee,
        )
    ]  # fmt: skip
    surcharges = tariff["surcharges"]
    if facts.home_page:
        lines.append(_surcharge(say("Shown on the home page"), surcharges["home_page"], fee))
    if facts.longest_side_px >= LARGE_PX:
        lines.append(
            _surcharge(
                say("Shown at {longest_side_px} pixels", longest_side_px=facts.longest_side_px),
                surcharges["large"],
                fee,
            )
        )
    if not facts.credited:
        so_far = sum((line.net for line in lines[1:]), lines[0].net)
        lines.append(_surcharge(say("The photographer was not named"), tariff["missing_credit"], so_far))
    middle = sum((line.net for line in lines[1:]), lines[0].net)
    return FeeSheet(
        edition=tariff["edition"],
        formula=tariff["formula"],
        example=bool(tariff.get("example")),
        lines=tuple(lines),
        low=middle.share_bp(tariff["range"]["low"] * _PERCENT_BP),
        high=middle.share_bp(tariff["range"]["high"] * _PERCENT_BP),
    )


def as_damages(label: str) -> str:
    """The label of a line about one photograph, of the same photograph; other labels stay."""
    before, title = "Licence for the use of “", label.removesuffix("”")
    if not label.startswith(before):
        return label
    return say("Damages for the use of “{work_title}”", work_title=title.removeprefix(before))[:300]


def _surcharge(label: str, percent: int, base: Money) -> SheetLine:
    return SheetLine(
        label, say("+{percent} % of {base}", percent=percent, base=base), base.share_bp(percent * _PERCENT_BP)
    )


def _duration_step(tariff: dict[str, Any], facts: FeeFacts) -> tuple[int, int]:
    days = (facts.last_seen - facts.first_seen).days + 1
    if days < 1:
        raise Refused(say("The use cannot end before it began."))
    for step in tariff["duration"]:
        if days <= step["months"] * _DAYS_PER_MONTH:
            return step["months"], step["percent"]
    raise Refused(say("The tariff has no step for a use this long."))


def tariff_is_example(on: date) -> bool:
    """Whether only the shipped, neutral tariff is in force; also where none is."""
    try:
        return bool(_tariff_on(on)["example"])
    except Refused:
        return True


def _tariff_on(on: date) -> dict[str, Any]:
    in_force = [row for row in _editions() if row["effective_from"] <= on]
    if not in_force:
        raise Refused(say("No tariff is in force on {isoformat}.", isoformat=on.isoformat()))
    return max(in_force, key=lambda row: row["effective_from"])


@cache
def _editions() -> list[dict[str, Any]]:
    editions: list[dict[str, Any]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))["editions"]
    return editions
