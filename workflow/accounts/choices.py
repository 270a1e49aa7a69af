"""What the selects of the account forms offer."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale

from workflow.accounts.states import LABELS, AccountKind, Rank
from workflow.kernel.money import Currency
from workflow.kernel.said import say
from workflow.web.languages import LANGUAGES as LANGUAGES_OF_PAGES
from workflow.web.languages import language

#: Codes that are not countries (unions, outlying areas, pseudo-accents).
NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "DG", "EA", "IC", "TA", "CQ"}
#: Letters exist in these.
LANGUAGES = ("de", "en")

PARTNER = "legal_partner"

Choice = tuple[str, str]


def words(members: Iterable[StrEnum]) -> list[Choice]:
    """The members with their labels."""
    return [(member.value, LABELS[member]) for member in members]


def owner_kinds() -> list[Choice]:
    """Every kind that can sign up by itself."""
    return words(kind for kind in AccountKind if kind is not AccountKind.STAFF)


def places() -> list[Choice]:
    """The places somebody can be invited to: every rank of the office, and beside it."""
    return [*words(Rank), (PARTNER, say("Legal partner: the cases handed over to this firm, nothing else"))]


def countries() -> list[Choice]:
    """Every country by its name in the reader's language."""
    return _countries(language())


@lru_cache(maxsize=8)
def _countries(code_of_language: str) -> list[Choice]:
    names = Locale(code_of_language).territories
    found = [
        (code, str(name))
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES  # noqa: PLR2004
    ]
    return sorted(found, key=lambda choice: choice[1])


def reading_languages() -> list[Choice]:
    """The languages pages can be read in, each by its own name."""
    return [("", say("As the browser asks")), *LANGUAGES_OF_PAGES.items()]


def languages() -> list[Choice]:
    """The languages letters can be asked in, by their names in the reader's language."""
    names = Locale(language()).languages
    return [(code, str(names[code])) for code in LANGUAGES]


@lru_cache(maxsize=1)
def time_zones() -> list[Choice]:
    """Every named zone of a place."""
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name]


def currencies() -> list[Choice]:
    """The currencies an offer can be made in."""
    return [(currency.value, currency.value) for currency in Currency]
