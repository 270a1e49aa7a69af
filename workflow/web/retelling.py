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
_LISTED = re.compile(r"(, | and )")
_DATE = re.compile(rf"(\d{{1,2}})\u00a0({'|'.join(MONTHS)})\u00a0(\d{{4}})")


def retold(known: Texts, language: str, text: str) -> str:
    """``text`` in the reader's language as far as it is ours."""
    return _whole(known, language, text) or _in_parts(known, language, text)


def _whole(known: Texts, language: str, text: str) -> str | None:
    if len(text) > LONGEST:
        return None
    if (found := known.text(text)) is not None:
        return found
    for each in catalogue.recalled(language, text):
        values = {name: _value(known, language, value) for name, value in each.values.items()}
        if each.certain or all(told is not None for told in values.values()):
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
    parts = _LISTED.split(text)
    if len(parts) == 1:
        return None
    told = [_whole(known, language, part) for part in parts[::2]]
    if not all(told):
        return None
    between = [known.text(sign.strip()) or sign.strip() for sign in parts[1::2]]
    signs = [sign if sign == "," else f" {sign}" for sign in between]
    return str(told[0]) + "".join(f"{sign} {word}" for sign, word in zip(signs, told[1:], strict=True))


def _in_parts(known: Texts, language: str, text: str) -> str:
    """Sentence by sentence; those nobody knows stay."""
    pieces = _BETWEEN.split(text)
    if len(pieces) == 1:
        return text
    return "".join(_each(known, language, pieces))


def _sentence(known: Texts, language: str, piece: str) -> str | None:
    """One sentence, or the words before a colon."""
    if not piece:
        return None
    found = _whole(known, language, piece)
    if found is None and piece.endswith(":"):
        head = _whole(known, language, piece[:-1])
        return None if head is None else f"{head}:"
    return found


def _each(known: Texts, language: str, pieces: list[str]) -> Iterator[str]:
    """``pieces`` are sentences with what stands between them."""
    at = 0
    while at < len(pieces):
        longest = min(2 * TOGETHER - 1, len(pieces) - at)
        for many in range(longest - (longest + 1) % 2, 0, -2):
            piece = "".join(pieces[at : at + many])
            found = _sentence(known, language, piece)
            if found is not None or many == 1:
                yield piece if found is None else found
                break
        yield from pieces[at + many : at + many + 1]
        at += many + 1
