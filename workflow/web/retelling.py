"""Sentences that were stored in English, told in another language.

Audit lines, holds, refused dates and what a search found are kept as English text; whoever reads them later
may read another language. A stored text is the catalogue's own entry, or one of its sentences with values
filled in, or several of them after each other. What a person wrote stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from workflow.kernel.said import MONTHS
from workflow.web import catalogue
from workflow.web.catalogue import Texts
from workflow.web.formats import date_text

#: Longer pieces are nobody's sentence but somebody's letter.
LONGEST = 600
#: So many sentences may belong to one entry of the catalogue.
TOGETHER = 3
_BETWEEN = re.compile(r"(\n|(?<=[.?:;]) )")
#: Amounts, counts, shares.
_NUMBER = re.compile(r"[-+]?\d[\d.,]*(\s?[%€$£])?")
_AND = " and "
_DATE = re.compile(rf"(\d{{1,2}})\u00a0({'|'.join(MONTHS)})\u00a0(\d{{4}})")


def retold(known: Texts, language: str, text: str) -> str:
    """``text`` in the reader's language as far as it is ours: as one sentence or as several, whichever
    leaves less of it as it was."""
    whole = _whole(known, language, text)
    parts = _in_parts(known, language, text)
    if whole is None:
        return parts
    before = set(text.split())
    return min((whole, parts), key=lambda told: len(before.intersection(told.split())))


def _whole(known: Texts, language: str, text: str, *, wholly: bool = False) -> str | None:
    """The one sentence of ours that ``text`` is; ``wholly``: with nothing in it that is not ours."""
    if len(text) > LONGEST:
        return None
    if (found := known.text(text)) is not None:
        return found
    for each in catalogue.recalled(language, text):
        values = {name: _value(known, language, value) for name, value in each.values.items()}
        if (each.certain and not wholly) or all(told is not None for told in values.values()):
            return each.told.format(**{name: told or each.values[name] for name, told in values.items()})
    return None


def _value(known: Texts, language: str, value: str) -> str | None:
    """What stood in a place of a sentence: a date, a number, words of ours or a list of them."""
    if day := _DATE.fullmatch(value):
        return date_text(date(int(day[3]), MONTHS.index(day[2]) + 1, int(day[1])))
    if _NUMBER.fullmatch(value):
        return value
    if found := _whole(known, language, value) or _list(known, language, value):
        return found
    told = _in_parts(known, language, value)
    return told if told != value else None


def _list(known: Texts, language: str, text: str) -> str | None:
    """``a, b and c`` when all of it is ours."""
    told = [_whole(known, language, part) or _pair(known, language, part) for part in text.split(", ")]
    return ", ".join(word or "" for word in told) if all(told) else None


def _pair(known: Texts, language: str, text: str) -> str | None:
    """``a and b`` when both are ours."""
    words = text.split(_AND)
    told = [_whole(known, language, word) for word in words]
    pair = known.text("{first} and {second}")
    if pair is None or len(words) != 2 or not all(told):  # noqa: PLR2004 - a pair
        return None
    return pair.format(first=told[0], second=told[1])


def _in_parts(known: Texts, language: str, text: str) -> str:
    """Sentence by sentence; those nobody knows stay."""
    pieces = _BETWEEN.split(text)
    if len(pieces) == 1:
        return text
    return "".join(_each(known, language, pieces))


def _sentence(known: Texts, language: str, piece: str, *, wholly: bool) -> str | None:
    """One sentence, or words of ours before a full stop or a colon."""
    if not piece:
        return None
    found = _whole(known, language, piece, wholly=wholly)
    if found is None and piece.endswith((".", ":")):
        words = _whole(known, language, piece[:-1], wholly=wholly)
        return None if words is None else words + piece[-1]
    return found


def _each(known: Texts, language: str, pieces: list[str]) -> Iterator[str]:
    """``pieces`` are sentences with what stands between them."""
    at = 0
    while at < len(pieces):
        longest = min(2 * TOGETHER - 1, len(pieces) - at)
        for many in range(longest - (longest + 1) % 2, 0, -2):
            piece = "".join(pieces[at : at + many])
            found = _sentence(known, language, piece, wholly=many > 1)
            if found is not None or many == 1:
                yield piece if found is None else found
                break
        yield from pieces[at + many : at + many + 1]
        at += many + 1
