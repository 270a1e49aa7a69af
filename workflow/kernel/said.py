"""Sentences for people that can be said in another language later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NoReturn, Self

#: English month names: a letter must not depend on the locale of the machine it was written on.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Said(str):
    """An English sentence that knows what it was made of, so that the edge can say it in another language.

    Its value as text is the English sentence with the values filled in; so it may be compared, stored and
    written as JSON like any other text. ``msgid`` is the sentence with its ``{names}``, ``values`` what
    stands there (texts, numbers, dates, ``Money``, other ``Said``), ``many`` the sentence for more than one.
    """

    __slots__ = ("many", "msgid", "number", "values")

    msgid: str
    many: str
    number: int
    values: Mapping[str, Any]

    def __new__(cls, msgid: str, values: Mapping[str, Any], many: str = "", number: int = 1) -> Self:
        chosen = many if many and number != 1 else msgid
        text = chosen.format(**{name: _plain(value) for name, value in values.items()}) if values else chosen
        said = super().__new__(cls, text)
        for name, value in (("msgid", msgid), ("many", many), ("number", number)):
            object.__setattr__(said, name, value)
        object.__setattr__(said, "values", MappingProxyType(dict(values)))
        return said

    def __setattr__(self, name: str, value: object) -> NoReturn:
        msg = f"what was said stays said: {name}"
        raise AttributeError(msg)

    def __reduce__(self) -> tuple[type[Said], tuple[str, dict[str, Any], str, int]]:
        return Said, (self.msgid, dict(self.values), self.many, self.number)


def say(text: str, /, **values: Any) -> Said:
    """The sentence ``text``, whose ``{names}`` are ``values``; the catalogue knows it by ``text`` itself."""
    return text if isinstance(text, Said) and not values else Said(text, values)


def say_many(one: str, many: str, count: int, /, **values: Any) -> Said:
    """The sentence for one or for several; ``{count}`` is filled in as well."""
    return Said(one, {"count": count, **values}, many, count)


def stored(text: str, /) -> Said:
    """A sentence that was stored as text: told in the reader's language as far as it is ours."""
    return Said(text, {})


class Typed(str):
    """What a person wrote: in every language as it was written."""

    __slots__ = ()


class Answered(Typed):
    """What came in by a form of ours: a line that begins with one of ``heads`` and a colon was put there by
    the form and is told in the reader's language; all others are the person's."""

    __slots__ = ("heads",)

    heads: tuple[str, ...]

    def __new__(cls, text: str, heads: tuple[str, ...]) -> Self:
        made = super().__new__(cls, text)
        made.heads = heads
        return made


class Noted(str):
    """A note that may be ours or a person's: told in another language only if every word of it is ours."""

    __slots__ = ()


def inside(said: str, /) -> Said:
    """The words as they stand inside an English sentence: without the capital at the start."""
    return stored(said[:1].lower() + said[1:])


def joined(sentences: Iterable[str], /) -> Said | str:
    """Several sentences after each other, each still to be told in the reader's language."""
    told = ""
    for sentence in sentences:
        told = say("{before} {after}", before=told, after=sentence) if told else sentence
    return told


def _plain(value: Any) -> Any:
    """A value inside an English sentence."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return date_text(value)
    return value


def date_text(on: date) -> str:
    """``22 Nov 2026`` with no-break spaces. A moment is a bug here: its day depends on the zone."""
    assert not isinstance(on, datetime), "choose the zone first: calendar.local_date"
    return f"{on.day}\u00a0{MONTHS[on.month - 1]}\u00a0{on.year}"
