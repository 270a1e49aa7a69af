"""Sentences that were stored in English, told in another language.

Audit lines, holds, refused dates and what a search found are kept as English text; whoever reads them later
may read another language. A stored text is the catalogue's own entry, or one of its sentences with values
filled in, or several of them after each other.

Others write sentences that look like ours. What is known to be a person's is
:class:`~workflow.kernel.said.Typed` and never comes here; what may be theirs is told ``wholly`` or stays as
it is. Every text is looked at in bounded time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from workflow.kernel.said import MONTHS
from workflow.web import catalogue
from workflow.web.catalogue import Texts
from workflow.web.formats import date_text

#: Longer pieces are nobody's sentence but somebody's letter.
LONGEST = 600
#: A longer text is told as it is, and so is one of more pieces: it is nobody's note.
MOST, PIECES = 4_000, 80
#: A value within a value within a value: deeper is nobody's sentence.
DEEPEST = 3
#: So many sentences may belong to one entry of the catalogue.
TOGETHER = 3
_BETWEEN = re.compile(r"(\n|(?<=[.?:;]) )")
#: Amounts, counts, shares.
_NUMBER = re.compile(r"[-+]?\d[\d.,]*(\s?[%€$£])?")
#: References, editions, hashes: nobody's words.
_SIGN = re.compile(r"[A-Z0-9]{6}-[A-Z0-9]|[a-z]+(-[a-z0-9]+)*-\d+|[0-9a-f]{12,64}")
_AND = " and "
_DATE = re.compile(rf"(\d{{1,2}})\u00a0({'|'.join(MONTHS)})\u00a0(\d{{4}})")


def retold(known: Texts, language: str, text: str, *, wholly: bool = False) -> str:
    """``text`` in the reader's language as far as it is ours: as one sentence or as several, whichever
    leaves less of it as it was. ``wholly``: only sentences with nothing in them that is not ours."""
    if len(text) > MOST:
        return text
    teller = _Teller(known, language, strict=wholly)
    whole = teller.whole(text)
    parts = teller.in_parts(text)
    if whole is None:
        return parts
    before = set(text.split())
    return min((whole, parts), key=lambda told: len(before.intersection(told.split())))


@dataclass
class _Teller:
    """Tells one text; whatever was tried once is not tried again."""

    known: Texts
    language: str
    strict: bool
    _tried: dict[tuple[str, bool], str | None] = field(default_factory=dict)
    _depth: int = 0

    def whole(self, text: str, *, wholly: bool = False) -> str | None:
        """The one sentence of ours that ``text`` is; ``wholly``: with nothing in it that is not ours."""
        wholly = wholly or self.strict
        if len(text) > LONGEST or self._depth > DEEPEST:
            return None
        if (found := self.known.text(text)) is not None:
            return found
        key = (text, wholly)
        if key not in self._tried:
            self._tried[key] = None  # also the answer to whoever asks meanwhile
            self._depth += 1
            self._tried[key] = self._sentence_with_values(text, wholly=wholly)
            self._depth -= 1
        return self._tried[key]

    def _sentence_with_values(self, text: str, *, wholly: bool) -> str | None:
        for each in catalogue.recalled(self.language, text):
            values = {name: self._value(value) for name, value in each.values.items()}
            if (each.certain and not wholly) or all(told is not None for told in values.values()):
                return each.told.format(**{name: told or each.values[name] for name, told in values.items()})
        return None

    def _value(self, value: str) -> str | None:
        """What stood in a place of a sentence: a date, a number, words of ours or a list of them."""
        if day := _DATE.fullmatch(value):
            return date_text(date(int(day[3]), MONTHS.index(day[2]) + 1, int(day[1])))
        if _NUMBER.fullmatch(value) or _SIGN.fullmatch(value):
            return value
        if found := self.whole(value) or self._list(value):
            return found
        told = self.in_parts(value)
        return told if told != value else None

    def _list(self, text: str) -> str | None:
        """``a, b and c`` when all of it is ours."""
        words = text.split(", ")
        if len(words) == 1:
            return self._pair(text)
        told = [self.whole(part) or self._pair(part) for part in words[:PIECES]]
        return ", ".join(word or "" for word in told) if all(told) and len(words) <= PIECES else None

    def _pair(self, text: str) -> str | None:
        """``a and b`` when both are ours."""
        words = text.split(_AND)
        pair = self.known.text("{first} and {second}")
        if pair is None or len(words) != 2:  # noqa: PLR2004 - a pair
            return None
        first, second = (self.whole(word) for word in words)
        return pair.format(first=first, second=second) if first and second else None

    def in_parts(self, text: str) -> str:
        """Sentence by sentence; those nobody knows stay."""
        pieces = _BETWEEN.split(text)
        if not 1 < len(pieces) <= PIECES:
            return text
        return "".join(self._each(pieces))

    def _sentence(self, piece: str, *, wholly: bool) -> str | None:
        """One sentence, or words of ours before a full stop or a colon."""
        if not piece:
            return None
        found = self.whole(piece, wholly=wholly)
        if found is None and piece.endswith((".", ":")):
            words = self.whole(piece[:-1], wholly=wholly)
            return None if words is None else words + piece[-1]
        return found

    def _each(self, pieces: list[str]) -> Iterator[str]:
        """``pieces`` are sentences with what stands between them."""
        at = 0
        while at < len(pieces):
            longest = min(2 * TOGETHER - 1, len(pieces) - at)
            for many in range(longest - (longest + 1) % 2, 0, -2):
                piece = "".join(pieces[at : at + many])
                found = self._sentence(piece, wholly=many > 1)
                if found is not None or many == 1:
                    yield piece if found is None else found
                    break
            yield from pieces[at + many : at + many + 1]
            at += many + 1
