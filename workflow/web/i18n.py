"""Texts in the reader's language: the one place where an English text becomes another one.

Templates say ``{{ _("Text") }}`` or ``{% trans %}``; Python says ``say("Text with {name}.", name=…)``, and
whatever was said and reaches a template, a flash or an error page is translated there. Unknown text stays
English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask.json.tag import JSONTag
from flask.sessions import SecureCookieSessionInterface
from jinja2 import pass_context
from markupsafe import Markup

from workflow.kernel.money import Money
from workflow.kernel.pdf import Tongue
from workflow.kernel.said import Answered, Noted, Typed
from workflow.kernel.wording import Said, datum
from workflow.kernel.wording import date_text as english_date
from workflow.web import catalogue
from workflow.web.formats import date_text, datetime_text, money_text
from workflow.web.languages import LANGUAGES, in_language, language
from workflow.web.retelling import retold

if TYPE_CHECKING:
    from flask import Flask
    from jinja2 import Environment
    from jinja2.runtime import Context


#: What is told in the reader's language wherever it comes out.
TOLD = (Said, Noted, Answered)


def translate(text: Any) -> str:
    """``text`` in the reader's language; a plain text as far as the catalogue knows it again."""
    known = catalogue.texts(language())
    if known is None:
        return str(text)
    if isinstance(text, Answered):
        return "\n".join(_line(line, text.heads) for line in text.split("\n"))
    if isinstance(text, Typed):
        return str(text)
    if isinstance(text, Said):
        found = known.counted(text.msgid, text.number) if text.many else known.text(text.msgid)
        if found is not None:
            return _filled(found, text.values) if text.values else found
    return retold(known, language(), str(text), wholly=isinstance(text, Noted))


def _line(line: str, heads: tuple[str, ...]) -> str:
    head, colon, _rest = line.partition(": ")
    return translate(Noted(line)) if colon and head in heads else line


def translated_all(texts: Iterable[Any]) -> list[str]:
    """Each of the texts in the reader's language."""
    return [translate(text) for text in texts]


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return text.format(**{name: _shown(value) for name, value in values.items()})


def _shown(value: Any) -> Any:
    """A value inside a sentence, as the reader's language writes it; names and numbers stay as they are."""
    if isinstance(value, TOLD):
        return translate(value)
    if isinstance(value, Money):
        return money_text(value)
    if isinstance(value, datetime):
        return datetime_text(value)
    return date_text(value) if isinstance(value, date) else value


@pass_context
def _gettext(context: Context, text: str, /, **values: Any) -> str:
    known = catalogue.texts(language())
    return _written(context, (known.text(text) if known else None) or text, values)


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int, /, **values: Any) -> str:
    known = catalogue.texts(language())
    text = (known.counted(one, count) if known else None) or (one if count == 1 else many)
    return _written(context, text, {"num": count, **values})


@pass_context
def _pgettext(context: Context, sense: str, text: str, /, **values: Any) -> str:
    known = catalogue.texts(language())
    return _written(context, (known.by_context.get((sense, text)) if known else None) or text, values)


def _written(context: Context, text: str, values: Mapping[str, Any]) -> str:
    """The text with its ``%(names)s`` filled in; the catalogue's own HTML is kept, values are escaped."""
    told = {name: _at_the_edge(value) for name, value in values.items()}
    return (Markup(text) if context.eval_ctx.autoescape else text) % told  # noqa: S704 - ours, not theirs


def _at_the_edge(value: Any) -> Any:
    """What every ``{{ … }}`` passes through: a sentence that was said is told in the reader's language."""
    return translate(value) if isinstance(value, TOLD) else value


class SaidTag(JSONTag):
    """A flash that waits in the cookie for the next page: kept in the language of its reader."""

    __slots__ = ()
    key = " said"

    def check(self, value: Any) -> bool:
        """Whether this is a sentence that was said."""
        return isinstance(value, Said)

    def to_json(self, value: Any) -> str:
        """The sentence in the reader's language."""
        return translate(value)

    def to_python(self, value: str) -> str:
        """The sentence as it was kept."""
        return value


def teach(env: Environment) -> None:
    """Give the templates of ``env`` ``_``, ``ngettext``, ``{% trans %}`` and the filter ``translated``."""
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    env.newstyle_gettext = True  # type: ignore[attr-defined]
    env.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext, pgettext=_pgettext)
    env.finalize = _at_the_edge
    env.filters["translated"] = _translated
    env.filters["noted"] = _noted


def teach_documents(env: Environment) -> None:
    """The same for letters and certificates, whose dates are written out in the language of the letter."""
    teach(env)
    env.filters["date"] = _day


#: What prints letters is taught by this (``Press(tongue=…)``).
DOCUMENTS = Tongue(teach_documents, in_language)


def _day(on: date) -> str:
    return datum(on) if language() == "de" else english_date(on)


def install(app: Flask) -> None:
    """Teach the templates of ``app`` the languages, and its cookie to keep what was said."""
    for code in LANGUAGES:
        catalogue.texts(code)  # a broken catalogue stops the start, not a page
    teach(app.jinja_env)
    serializer = SecureCookieSessionInterface.serializer
    if SaidTag.key not in serializer.tags:
        serializer.register(SaidTag, index=0)


def _noted(value: str) -> str:
    """As a filter, for notes that a person may have written."""
    return translate(Noted(value))


def _translated(value: Any) -> Any:
    """As a filter: ready HTML is left alone."""
    return value if isinstance(value, Markup) or value is None else translate(value)
