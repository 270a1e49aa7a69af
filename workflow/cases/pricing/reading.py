"""Facts of a fee from plain JSON: every fault in a sentence of its own, nothing guessed or overlooked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from enum import StrEnum
from typing import Any

from workflow.cases.pricing.facts import (
    GRADES,
    LARGEST_PX,
    MEDIA,
    MOST_INVOICES,
    MOST_USES,
    Exchange,
    Exclusivity,
    FeeFacts,
    Grade,
    OwnInvoice,
    Placement,
    Source,
    SpecialShot,
    UserKind,
)
from workflow.cases.states import UseClass
from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import Said, say


def from_stored(stored: Mapping[str, Any]) -> FeeFacts:
    """The facts as they were stored with an offer, also by an earlier version of this program."""
    told = dict(stored)
    if "home_page" in told:  # until formula 2 this was the only placement that counted
        placed = Placement.HOME_PAGE if told.pop("home_page") else Placement.SUB_PAGE
        told["placement"] = placed.value
    return read_facts(told)


def read_facts(told: Mapping[str, Any]) -> FeeFacts:
    """The facts from plain JSON; :class:`Refused` with every fault in a sentence of its own."""
    reader = _Reader(told)
    found: dict[str, Any] = {
        "use_class": reader.word("use_class", UseClass),
        "medium": reader.one_of("medium", MEDIA),
        "placement": reader.word("placement", Placement, Placement.SUB_PAGE),
        "longest_side_px": reader.whole("longest_side_px", 1, LARGEST_PX),
        "first_seen": reader.day("first_seen"),
        "last_seen": reader.day("last_seen"),
        "credited": reader.truth("credited"),
        "uses": reader.whole("uses", 1, MOST_USES, 1),
        "languages": reader.whole("languages", 1, 100, 1),
        "altered": reader.truth("altered", default=False),
        "exclusivity": reader.word("exclusivity", Exclusivity, Exclusivity.NONE),
        "special": reader.word("special", SpecialShot, SpecialShot.NONE),
        "source": reader.word("source", Source, Source.RESERVED),
        "user": reader.word("user", UserKind, UserKind.UNKNOWN),
        "professional": reader.truth("professional", default=True),
        "practice": reader.practice(),
        "exchange": reader.exchange(),
        "grades": reader.grades(),
    }
    reader.end()
    first, last = found["first_seen"], found["last_seen"]
    if first and last and last < first:
        reader.faults.append(say("The use cannot end before it began."))
    if reader.faults:
        raise Refused(*reader.faults)
    return FeeFacts(**found)


MISSING: Any = object()
FACTS = tuple(each.name for each in fields(FeeFacts))


class _Reader:
    """Takes one value after the other and notes what is wrong with it."""

    def __init__(self, told: Any) -> None:
        self.faults: list[Said] = []
        if not isinstance(told, Mapping):
            raise Refused(say("The facts of a fee are an object of names and values."))
        self._told = dict(told)

    def word(self, name: str, kind: type[StrEnum], default: Any = MISSING) -> Any:
        value = self._take(name, default)
        if isinstance(value, str) and not isinstance(value, StrEnum):
            value = next((each for each in kind if each.value == value), value)
        if value is not None and not isinstance(value, kind):
            return self._fault(name, say("one of {known}", known=", ".join(kind)))
        return value

    def one_of(self, name: str, known: tuple[str, ...]) -> Any:
        value = self._take(name)
        if value is not None and value not in known:
            return self._fault(name, say("one of {known}", known=", ".join(known)))
        return value

    def whole(self, name: str, least: int, most: int, default: Any = MISSING) -> Any:
        value = self._take(name, default)
        if value is not None and (type(value) is not int or not least <= value <= most):
            return self._fault(name, say("a whole number from {least} to {most}", least=least, most=most))
        return value

    def truth(self, name: str, *, default: Any = MISSING) -> Any:
        value = self._take(name, default)
        if value is not None and not isinstance(value, bool):
            return self._fault(name, say("true or false"))
        return value

    def day(self, name: str) -> Any:
        value = self._take(name)
        try:
            return None if value is None else date.fromisoformat(value)
        except (TypeError, ValueError):
            return self._fault(name, say("a day such as 2024-03-01"))

    def text(self, name: str, longest: int = 100) -> Any:
        value = self._take(name)
        if value is not None and (not isinstance(value, str) or not 0 < len(value) <= longest):
            return self._fault(name, say("a text of at most {longest} signs", longest=longest))
        return value

    def practice(self) -> tuple[OwnInvoice, ...]:
        rows = self._take("practice", [])
        if not isinstance(rows, list | tuple) or len(rows) > MOST_INVOICES:
            self._fault("practice", say("a list of at most {most} invoices", most=MOST_INVOICES))
            return ()
        found = []
        for row in rows:
            part = self._part("practice", row)
            if part is None:
                continue
            net, currency = part.whole("net_minor", 1, 10**10), part.word("currency", Currency, Currency.EUR)
            invoice: dict[str, Any] = {
                "number": part.text("number"), "on": part.day("on"),
                "use_class": part.word("use_class", UseClass), "medium": part.one_of("medium", MEDIA),
                "months": part.whole("months", 1, 1200),
            }  # fmt: skip
            part.end()
            self.faults += part.faults
            if not part.faults:
                found.append(OwnInvoice(**invoice, net=Money(net, currency)))
        return tuple(found)

    def exchange(self) -> Exchange | None:
        row = self._take("exchange", None, optional=True)
        part = self._part("exchange", row) if row is not None else None
        if part is None:
            return None
        found: dict[str, Any] = {
            "currency": part.word("currency", Currency),
            "rate_millionths": part.whole("rate_millionths", 1, 10**12),
            "on": part.day("on"), "source": part.text("source", 200),
        }  # fmt: skip
        part.end()
        self.faults += part.faults
        return None if part.faults else Exchange(**found)

    def grades(self) -> dict[str, Grade]:
        told = self._take("grades", {})
        if not isinstance(told, Mapping):
            self._fault("grades", say("an object of facts and grades"))
            return {}
        found = {}
        for name, grade in told.items():
            if name not in FACTS or grade not in GRADES:
                self._fault(f"grades.{name}", say("one of {known}", known=", ".join(GRADES)))
            else:
                found[name] = Grade(grade)
        return found

    def end(self) -> None:
        """What is left was not asked for: a misspelt fact must not be taken for one that is missing."""
        for name in self._told:
            self.faults.append(say("“{name}” is not a fact of a fee.", name=str(name)[:40]))

    def _part(self, name: str, row: Any) -> _Reader | None:
        try:
            return _Reader(row)
        except Refused:
            self._fault(name, say("an object of names and values"))
            return None

    def _take(self, name: str, default: Any = MISSING, *, optional: bool = False) -> Any:
        value = self._told.pop(name, default)
        if value is MISSING or (value is None and not optional):
            self.faults.append(say("“{name}” is missing.", name=name))
            return None
        return value

    def _fault(self, name: str, wanted: Said) -> None:
        self.faults.append(say("“{name}” has to be {wanted}.", name=name, wanted=wanted))
