"""How facts are written for people: sentences, dates, money, headers, filters of letters and mails."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from workflow.kernel.errors import Refused
from workflow.kernel.money import Money, format_money
from workflow.kernel.said import Said, date_text, say, say_many

__all__ = [
    "Said", "and_list", "date_text", "datum", "one_line", "say", "say_many", "shown_through", "spaced",
    "template_environment",
]  # fmt: skip


_MONATE = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip


def shown_through(channel: str) -> str:
    """How a page shows a picture, in words; ``channel`` as the crawler names it."""
    if channel.startswith(("img", "picture", "lazy", "amp")):
        return say("A picture in the page")
    if channel.startswith("css"):
        return say("A background in the page's style")
    if channel in ("jsonld", "microdata", "og-image", "twitter-image", "meta"):
        return say("Named for search engines and previews")
    return say("A link to it") if channel == "link-to-image" else say("The page's code")


def one_line(text: str, what: str) -> str:
    """The text itself if it fits into one line of a header; :class:`Refused` for any control character."""
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text):
        raise Refused(say("{what} contains a line break or a control character.", what=what))
    return text


def spaced(text: str, group: int = 4) -> str:
    """Long numbers in groups, such as an IBAN: ``DE89 3704 0044 …``, with no-break spaces."""
    signs = "".join(text.split())
    return "\u00a0".join(signs[at : at + group] for at in range(0, len(signs), group))


def template_environment(templates: Path) -> Environment:
    """The Jinja environment of letters and mails: HTML is escaped, a missing value is an error."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(enabled_extensions=("html", "svg"), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # texts come through as they are until somebody teaches the environment other languages
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.globals["_"] = environment.globals["gettext"]
    environment.filters["translated"] = _as_it_is
    environment.filters["money"] = _money
    environment.filters["date"] = date_text
    environment.filters["datum"] = datum
    environment.filters["spaced"] = spaced
    environment.filters["and_list"] = and_list
    return environment


def _as_it_is(text: Any) -> Any:
    return text


def and_list(words: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *first, last = list(words)
    return f"{', '.join(first)} and {last}" if first else last


def datum(on: date) -> str:
    """``22. November 2026`` with no-break spaces, for German mails."""
    assert not isinstance(on, datetime), "choose the zone first: calendar.local_date"
    return f"{on.day}.\u00a0{_MONATE[on.month - 1]}\u00a0{on.year}"


def _money(amount: Money) -> str:
    return format_money(amount)
