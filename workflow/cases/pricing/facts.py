"""What a fee depends on: the facts of one photograph's use, how well each is known, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from workflow.cases.states import UseClass
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import Said, say

#: Where a photograph is used; the tariff has a price for each that it knows.
MEDIA_WORDS: dict[str, Said] = {
    "website": say("website"),
    "blog": say("blog"),
    "online_shop": say("online shop"),
    "marketplace": say("market place"),
    "social_media": say("social media"),
    "banner": say("banner"),
    "newsletter": say("newsletter"),
    "app": say("app"),
    "newspaper": say("newspaper"),
    "magazine": say("magazine"),
    "book": say("book"),
    "brochure": say("brochure"),
    "poster": say("poster"),
    "packaging": say("packaging"),
}
MEDIA = tuple(MEDIA_WORDS)
LARGEST_PX = 100_000
MOST_USES = 1_000
MOST_INVOICES = 50


class Placement(StrEnum):
    """Where on the page, or in the work, the photograph stands."""

    SUB_PAGE = "sub_page"
    HOME_PAGE = "home_page"
    HERO = "hero"
    PRODUCT = "product"
    THUMBNAIL = "thumbnail"
    AD = "ad"


class Exclusivity(StrEnum):
    """Whether others may use the photograph meanwhile."""

    NONE = "none"
    SECTOR = "sector"
    FULL = "full"


class SpecialShot(StrEnum):
    """What made the photograph dear to take."""

    NONE = "none"
    AERIAL = "aerial"
    MODELS = "models"
    MANY_MODELS = "many_models"


class Source(StrEnum):
    """Under which terms the photograph could be had when it was used."""

    RESERVED = "reserved"
    CREATIVE_COMMONS = "creative_commons"
    PRESS_KIT = "press_kit"


class UserKind(StrEnum):
    """Who used the photograph."""

    UNKNOWN = "unknown"
    PRIVATE = "private"
    SMALL_BUSINESS = "small_business"
    COMPANY = "company"
    PUBLIC_BODY = "public_body"
    NONPROFIT = "nonprofit"
    PRESS = "press"


class Grade(StrEnum):
    """How well a fact is known, from weak to strong."""

    #: Nobody looked: it was guessed, or is what is usual.
    ASSUMED = "assumed"
    #: One of the parties says so.
    STATED = "stated"
    #: Read from the page or its picture by a program or a person.
    OBSERVED = "observed"
    #: The recipient showed it, and a person accepted it.
    SHOWN = "shown"
    #: A document shows it.
    PROVEN = "proven"


GRADES = tuple(Grade)
GRADE_WORDS: dict[Grade, Said] = {
    Grade.ASSUMED: say("assumed"),
    Grade.STATED: say("stated"),
    Grade.OBSERVED: say("observed"),
    Grade.SHOWN: say("shown by the recipient"),
    Grade.PROVEN: say("proven"),
}
PLACEMENT_WORDS: dict[Placement, Said] = {
    Placement.SUB_PAGE: say("on a sub-page"),
    Placement.HOME_PAGE: say("on the home page"),
    Placement.HERO: say("as the large picture of a page"),
    Placement.PRODUCT: say("as the picture of a product"),
    Placement.THUMBNAIL: say("as a small preview"),
    Placement.AD: say("in an advertisement"),
}
EXCLUSIVITY_WORDS: dict[Exclusivity, Said] = {
    Exclusivity.NONE: say("not exclusive"),
    Exclusivity.SECTOR: say("exclusive in one line of business"),
    Exclusivity.FULL: say("exclusive"),
}
SPECIAL_WORDS: dict[SpecialShot, Said] = {
    SpecialShot.NONE: say("nothing special"),
    SpecialShot.AERIAL: say("from the air, under water or as a panorama"),
    SpecialShot.MODELS: say("one to five models"),
    SpecialShot.MANY_MODELS: say("six models or more"),
}
SOURCE_WORDS: dict[Source, Said] = {
    Source.RESERVED: say("all rights reserved"),
    Source.CREATIVE_COMMONS: say("offered under a Creative Commons licence"),
    Source.PRESS_KIT: say("offered in a press kit"),
}
USER_WORDS: dict[UserKind, Said] = {
    UserKind.UNKNOWN: say("not known"),
    UserKind.PRIVATE: say("a private person"),
    UserKind.SMALL_BUSINESS: say("a small business"),
    UserKind.COMPANY: say("a company"),
    UserKind.PUBLIC_BODY: say("a public body"),
    UserKind.NONPROFIT: say("a non-profit"),
    UserKind.PRESS: say("a press publisher"),
}
CLASS_WORDS: dict[UseClass, Said] = {
    UseClass.COMMERCIAL: say("Commercial"),
    UseClass.EDITORIAL: say("Editorial"),
    UseClass.PRIVATE: say("Private"),
}


@dataclass(frozen=True, slots=True)
class OwnInvoice:
    """What the owner really was paid for a licence: it comes before any tariff (BGH I ZR 187/17)."""

    #: How the owner calls it: the number of the invoice.
    number: str
    on: date
    use_class: UseClass
    medium: str
    #: For how many months the licence was.
    months: int
    net: Money


@dataclass(frozen=True, slots=True)
class Exchange:
    """The rate from the tariff's currency to the one of the offer; frozen with its day and source."""

    currency: Currency
    #: Units of ``currency`` for one of the tariff's, in millionths.
    rate_millionths: int
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class FeeFacts:
    """The facts of one photograph's use. Each is shown on the sheet with its grade and can be challenged."""

    use_class: UseClass
    medium: str
    placement: Placement
    longest_side_px: int
    first_seen: date
    last_seen: date
    #: Whether the photographer was named.
    credited: bool
    #: Pages, channels or auctions that show this photograph.
    uses: int = 1
    #: Languages the page is in.
    languages: int = 1
    altered: bool = False
    exclusivity: Exclusivity = Exclusivity.NONE
    special: SpecialShot = SpecialShot.NONE
    source: Source = Source.RESERVED
    user: UserKind = UserKind.UNKNOWN
    #: Takes photographs for a living; others get nothing for a missing name (AG Köln 137 C 53/12).
    professional: bool = True
    practice: tuple[OwnInvoice, ...] = ()
    exchange: Exchange | None = None
    #: By the name of the fact; what is not named is :attr:`Grade.ASSUMED`.
    grades: Mapping[str, Grade] = field(default_factory=dict)

    def grade(self, fact: str) -> Grade:
        """How well this fact is known."""
        return self.grades.get(fact, Grade.ASSUMED)

    def looked_at(self) -> FeeFacts:
        """The same facts after a person compared them with the page: nothing is merely assumed any more."""
        seen = {name: max(self.grade(name), Grade.OBSERVED, key=GRADES.index) for name in ON_THE_PAGE}
        return replace(self, grades={**self.grades, **seen})

    def as_json(self) -> dict[str, Any]:
        """The facts as they are stored with the offer."""
        stored: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "practice":
                value = [_invoice_json(invoice) for invoice in value]
            elif each.name == "exchange":
                value = _exchange_json(value)
            elif each.name == "grades":
                value = {name: grade.value for name, grade in sorted(value.items())}
            elif isinstance(value, StrEnum):
                value = value.value
            elif isinstance(value, date):
                value = value.isoformat()
            stored[each.name] = value
        return stored


#: What a person who has the page before them can see.
ON_THE_PAGE = ("use_class", "medium", "placement", "longest_side_px", "first_seen", "last_seen", "credited",
               "uses", "languages", "altered", "source", "user")  # fmt: skip


def _invoice_json(invoice: OwnInvoice) -> dict[str, Any]:
    return {
        "number": invoice.number, "on": invoice.on.isoformat(), "use_class": invoice.use_class.value,
        "medium": invoice.medium, "months": invoice.months, "net_minor": invoice.net.minor,
        "currency": invoice.net.currency.value,
    }  # fmt: skip


def _exchange_json(exchange: Exchange | None) -> dict[str, Any] | None:
    if exchange is None:
        return None
    return {
        "currency": exchange.currency.value, "rate_millionths": exchange.rate_millionths,
        "on": exchange.on.isoformat(), "source": exchange.source,
    }  # fmt: skip
