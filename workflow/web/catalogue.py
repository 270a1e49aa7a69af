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
#: A sentence with values is recognised again only if this much of it is fixed words.
FIXED_SIGNS = 12
NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language. ``plural`` tells which form a number takes."""

    single: Mapping[str, str]
    several: Mapping[str, tuple[str, ...]]
    by_context: Mapping[tuple[str, str], str]
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
    for message in catalogue:
        if not message.id or not message.string:
            continue
        if isinstance(message.id, (tuple, list)):
            if all(message.string):
                several[message.id[0]] = tuple(message.string)
        elif message.context:
            by_context[message.context, message.id] = str(message.string)
        else:
            single[message.id] = str(message.string)
    return Texts(single, several, by_context, gettext.c2py(catalogue.plural_expr))


@lru_cache(maxsize=4096)
def recalled(language: str, text: str) -> tuple[str, Mapping[str, str]] | None:
    """A stored English sentence as the text it was made from and its values, or ``None``.

    Audit lines, holds and refused dates keep the English sentence; its page may be read in another language.
    """
    for pattern, msgid in _patterns(language):
        found = pattern.fullmatch(text)
        if found:
            return msgid, found.groupdict()
    return None


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every sentence with values as a pattern, the most precise first."""
    known = texts(language)
    found: list[tuple[int, re.Pattern[str], str]] = []
    for msgid in known.single if known else ():
        names = NAME.findall(msgid)
        fixed = len(NAME.sub("", msgid).strip())
        if not names or fixed < FIXED_SIGNS or len(set(names)) != len(names):
            continue
        parts = NAME.split(msgid)
        source = "".join(
            re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts)
        )
        found.append((fixed, re.compile(source, re.DOTALL), msgid))
    return tuple((pattern, msgid) for _, pattern, msgid in sorted(found, key=lambda each: -each[0]))
