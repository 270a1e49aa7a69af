"""In which languages a letter is written: the recipient's first, then English (``data/languages.yaml``).

The language is fixed when a letter is decided and kept with its facts, so that it can be printed again.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from workflow.accounts.models import OperatorProfile
from workflow.cases.models import Case, Letter
from workflow.cases.states import LetterKind
from workflow.kernel.pdf import ENGLISH
from workflow.web.languages import LANGUAGES

DATA = Path(__file__).parent / "data" / "languages.yaml"
#: The fact of a letter that names it.
FACT = "language"


def language_for(case: Case, profile: OperatorProfile | None, kind: LetterKind | None = None) -> str:
    """What a letter of this case is written in from now on: as chosen for it, else by country; a language
    that the instance does not write in, or that has no texts, gives English, and so does a formal reminder
    in a language that is not fit for it."""
    wanted = case.letter_language or table()["countries"].get(case.recipient_country, ENGLISH)
    offered = profile.languages if profile is not None else ()
    known = table()["languages"].get(wanted)
    if wanted not in offered or known is None or (kind is LetterKind.DUNNING and not known["formal"]):
        return ENGLISH
    return wanted


def choices_for(profile: OperatorProfile | None) -> list[str]:
    """The languages that can be chosen for a case."""
    offered = profile.languages if profile is not None else ()
    return [code for code in LANGUAGES if code in offered and code in table()["languages"]]


def editions_of(letter: Letter) -> tuple[str, ...]:
    """The languages of a letter, the one that counts first; a letter that names none is in English."""
    return editions_in(str(letter.facts.get(FACT, ENGLISH)))


def editions_in(language: str) -> tuple[str, ...]:
    """This language, and English for whoever does not read it."""
    return (language,) if language == ENGLISH else (language, ENGLISH)


@cache
def table() -> dict[str, Any]:
    """``data/languages.yaml``."""
    read: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return read
