"""The catalogue of texts: what each English text is called in another language."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
#: A sentence with values is recognised again only if this much of it is fixed words, and with less than
#: :data:`CERTAIN_SIGNS` only if every value is one of ours too: others write sentences as well.
FEWEST_SIGNS, CERTAIN_SIGNS = 6, 12
NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language. ``plural`` tells which form a number takes."""

    single: Mapping[str, str]
    several: Mapping[str, tuple[str, ...]]
    by_context: Mapping[tuple[str, str], str]
    #: The sentences for one and for several, each with its translation.
    by_number: tuple[tuple[str, str], ...]
    plural: Callable[[int], int]

    def text(self, msgid: str) -> str | None:
        """The text for ``msgid``, or ``None``."""
        return self.single.get(msgid)

    def counted(self, msgid: str, count: int) -> str | None:
        """The form of ``msgid`` for this number, or ``None``."""
        forms = self.several.get(msgid)
        return forms[self.plural(count)] if forms else None


def path_of(language: str) -> Path:
    """Where the catalogue of this language lies."""
    return TRANSLATIONS / f"{language}.po"


def read(language: str) -> Catalog:
    """The catalogue as it lies on the disk; a fault in it is an error with its line."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def texts(language: str) -> Texts | None:
    """What is translated into this language; ``None`` for the language the texts are written in."""
    if not path_of(language).exists():
        return None
    catalogue = read(language)
    single: dict[str, str] = {}
    several: dict[str, tuple[str, ...]] = {}
    by_context: dict[tuple[str, str], str] = {}
    by_number: list[tuple[str, str]] = []
    for message in catalogue:
        if not message.id or not message.string:
            continue
        if isinstance(message.id, (tuple, list)):
            if all(message.string):
                several[message.id[0]] = tuple(message.string)
                by_number += zip(message.id, message.string, strict=False)
        elif message.context:
            by_context[message.context, message.id] = str(message.string)
        else:
            single[message.id] = str(message.string)
    return Texts(single, several, by_context, tuple(by_number), gettext.c2py(catalogue.plural_expr))


@dataclass(frozen=True, slots=True)
class Recalled:
    """A stored English sentence as one of the catalogue's: its translation, and what fills it."""

    told: str
    values: Mapping[str, str]
    #: Enough words of its own: it can be nothing else, whatever fills it.
    certain: bool


@lru_cache(maxsize=4096)
def recalled(language: str, text: str) -> tuple[Recalled, ...]:
    """Every sentence with values that ``text`` may be, the most precise first."""
    return tuple(
        Recalled(told, found.groupdict(), fixed >= CERTAIN_SIGNS)
        for pattern, told, fixed in _patterns(language)
        if (found := pattern.fullmatch(text))
    )


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str, int], ...]:
    """Every sentence with values as a pattern, its translation and how much of it is fixed words."""
    known = texts(language)
    if known is None:
        return ()
    found = [(_fixed(msgid), msgid, told) for msgid, told in (*known.single.items(), *known.by_number)]
    found.sort(key=lambda each: -each[0])
    return tuple((_pattern(msgid), told, fixed) for fixed, msgid, told in found if fixed >= FEWEST_SIGNS)


def _fixed(msgid: str) -> int:
    """How much of a sentence with values is words of its own; 0 for a sentence that cannot be recalled."""
    names = NAME.findall(msgid)
    return len(NAME.sub("", msgid).strip()) if names and len(set(names)) == len(names) else 0


def _pattern(msgid: str) -> re.Pattern[str]:
    parts = NAME.split(msgid)
    source = (re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts))
    return re.compile("".join(source), re.DOTALL)
