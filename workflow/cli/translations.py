"""The catalogue of texts: bring it up to date, or check that nothing lacks its translation."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from babel.messages.catalog import Catalog

    from workflow.cli.found_texts import Text

HEADER = r"""msgid ""
msgstr ""
"Project-Id-Version: Lichtbild\n"
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"""
#: ``{name}`` of Python's sentences, ``%(name)s`` of the templates'.
PLACEHOLDER = re.compile(r"\{(\w+)\}|%\((\w+)\)s")
WIDTH = 110


@click.group()
def translations() -> None:
    """Texts of the pages in other languages: update the catalogue, or check it."""


@translations.command()
def update() -> None:
    """Take new texts into the catalogues and drop those that are gone; translations are kept."""
    from workflow.cli.found_texts import texts
    from workflow.web import catalogue
    from workflow.web.languages import ENGLISH, LANGUAGES

    found = texts()
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        known = catalogue.read(language)
        catalogue.path_of(language).write_text(_written(language, found, known), encoding="utf-8")
        missing = sum(1 for text in found if not all(_translated(known, text)))
        click.echo(f"{language}: {len(found)} texts, {missing} without a translation.")


@translations.command()
def check() -> None:
    """Exit 1 when a text lacks its translation, a placeholder differs, or an entry is no longer used."""
    found = problems()
    for sentence in found:
        click.echo(sentence, err=True)
    sys.exit(1 if found else 0)


def problems() -> list[str]:
    """What is wrong with the catalogues, one sentence each; empty when all is well."""
    from workflow.cli.found_texts import texts
    from workflow.web import catalogue
    from workflow.web.languages import ENGLISH, LANGUAGES

    told: list[str] = []
    found = texts()
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        known = catalogue.read(language)
        told += [fault for text in sorted(found, key=_order) for fault in _faults(language, text, known)]
        used = {(text.text, text.context) for text in found}
        for message in known:
            msgid = message.id if isinstance(message.id, str) else message.id[0]
            if msgid and (msgid, message.context or "") not in used:
                told.append(f"{language}: “{msgid}” is no longer used. Run: lichtbild translations update")
    return told + mail_problems()


def mail_problems() -> list[str]:
    """Mails to people of the desk that another language lacks, or that ask for other values there."""
    from workflow.cli.found_texts import MAILS_TO_RECIPIENTS
    from workflow.config import ROOT
    from workflow.web.languages import ENGLISH, LANGUAGES

    folder = ROOT / "templates" / "mails"
    english = {path.stem: path for path in sorted(folder.glob("*.txt"))}
    told = []
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        theirs = {path.stem: path for path in sorted((folder / language).glob("*.txt"))}
        told += [
            f"{language}: the mail “{name}” is no longer used." for name in theirs if name not in english
        ]
        for name, path in english.items():
            if name in MAILS_TO_RECIPIENTS:
                continue
            if name not in theirs:
                told.append(f"{language}: the mail “{name}” has no translation.")
            elif _asked(path) != _asked(theirs[name]):
                told.append(f"{language}: the mail “{name}” asks for other values than the English one.")
    return told


def _asked(path: Path) -> set[str]:
    """The names a mail's template wants filled."""
    from jinja2 import meta

    from workflow.kernel.wording import template_environment

    reader = template_environment(path.parent)
    return meta.find_undeclared_variables(reader.parse(path.read_text("utf-8")))


def _faults(language: str, text: Text, known: Catalog) -> list[str]:
    forms = _translated(known, text)
    if not all(forms):
        return [f"{language}: “{text.text}” has no translation."]
    wanted = _names(text.many or text.text)
    several = bool(text.many)
    return [
        f"{language}: “{text.text}”: placeholders {sorted(_names(form))} instead of {sorted(wanted)}."
        for form in forms
        if (_names(form) - wanted if several else _names(form) != wanted)
    ]


def _names(text: str) -> set[str]:
    return {one or other for one, other in PLACEHOLDER.findall(text)}


def _translated(known: Catalog, text: Text) -> tuple[str, ...]:
    message = known.get(text.text, text.context or None)
    given = message.string if message else ""
    if text.many:
        return tuple(given) if isinstance(given, (tuple, list)) else ("", "")
    return (given if isinstance(given, str) else "",)


def _order(text: Text) -> tuple[str, str]:
    return text.text, text.context


def _written(language: str, found: set[Text], known: Catalog) -> str:
    """The whole catalogue: sorted, without dates and line numbers, so that differences stay small."""
    from babel.messages.pofile import normalize

    entries = [HEADER.format(language=language)]
    for text in sorted(found, key=_order):
        lines = [f"msgctxt {normalize(text.context, width=WIDTH)}"] if text.context else []
        lines.append(f"msgid {normalize(text.text, width=WIDTH)}")
        forms = _translated(known, text)
        if text.many:
            lines.append(f"msgid_plural {normalize(text.many, width=WIDTH)}")
            lines += [f"msgstr[{at}] {normalize(form, width=WIDTH)}" for at, form in enumerate(forms)]
        else:
            lines.append(f"msgstr {normalize(forms[0], width=WIDTH)}")
        entries.append("\n".join(lines) + "\n")
    return "\n".join(entries)
