"""What a file says about itself, as the parent sees it: plain lines, cleaned, never believed.

The reading happens in the decoding child (``notes_reading``); a child that was taken over by a
hostile image can send wrong words, but nothing other than words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from urllib.parse import urlsplit

from workflow.works.models import LINE_LENGTH, TITLE_LENGTH

URL_LENGTH = 500
#: Before this year nobody took a photograph.
FIRST_YEAR = 1826

#: Control signs, surrogates, and signs that turn the direction of the text after them.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"\s+")
_MARKS = re.compile(r"[\u0300-\u036f]{5,}")
_MOMENT = re.compile(r"(\d{4})[-:]?(\d{2})?[-:]?(\d{2})?(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2}))?.*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notes:
    """Empty where the file says nothing."""

    title: str = ""
    creator: str = ""
    credit_line: str = ""
    copyright_notice: str = ""
    licence_url: str = ""
    #: ``2023-05-01 14:02:11`` or the known part of it, in the camera's own time.
    taken_on: str = ""


def notes_from_wire(said: Mapping[str, object]) -> Notes:
    """The words of the child, held to plain lines of a sane length."""

    def line(key: str, longest: int = LINE_LENGTH) -> str:
        word = said.get(key, "")
        return clean_line(word, longest) if isinstance(word, str) else ""

    return Notes(
        title=line("title", TITLE_LENGTH),
        creator=line("creator"),
        credit_line=line("credit_line"),
        copyright_notice=line("copyright_notice"),
        licence_url=_web_address(line("licence_url", URL_LENGTH + 1)),
        taken_on=moment(line("taken_on")),
    )


def clean_line(text: str, longest: int) -> str:
    """One line in composed form without control signs; what is too long is cut and marked so."""
    text = _UNWANTED.sub(" ", text[: longest * 8])
    text = _MARKS.sub("", unicodedata.normalize("NFC", text))
    text = _BLANKS.sub(" ", text).strip()
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def moment(text: str) -> str:
    """A date as cameras and programs write it, in one form; empty when it cannot be one."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return ""
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups())
    if year is None or year < FIRST_YEAR:
        return ""
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return ""
    if month is None or day is None:
        return f"{year:04d}" if month is None else f"{year:04d}-{month:02d}"
    told = f"{year:04d}-{month:02d}-{day:02d}"
    if hour is None or minute is None:
        return told
    try:
        clock = time(hour, minute, second or 0)
    except ValueError:
        return told
    return f"{told} {clock:%H:%M}" if second is None else f"{told} {clock:%H:%M:%S}"


def _web_address(text: str) -> str:
    """The address if it is one a browser could open; shown as text, never fetched by us."""
    if len(text) > URL_LENGTH or " " in text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.netloc else ""
