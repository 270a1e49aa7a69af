"""A German reader reads German: no page of the whole world holds an English word of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html import escape as html_escape

import pytest
from lxml import html

from tests.contracts.test_routes import Walk, visitors
from tests.world import World
from workflow.web import catalogue
from workflow.web.languages import COOKIE

pytestmark = pytest.mark.sqlite_only("the words of a page are the same on any database")

WORD = re.compile(r"(?<![\w@./:#-])[A-Za-zÄÖÜäöüß’']{2,}(?![\w@/-]|\.\w)")
ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-confirm")
#: What people typed or what has no other name, with the reason: it stands as it was written.
THEIRS = (
    # the people and companies of the world, and their photographs
    "Demo Photographer", "Demo Operator", "Example Picture Rights (demo)", "Example Walks Ltd",
    "Example register, no. 0000", "Example Authority", "Chapel below the ridge", "Forest stream over limestone",
    # the titles of the small web's pages, its captions, a sender, and what somebody wrote
    "A page", "A picture", "Five walks", "The ridge", "Somebody", "About a picture.", "Example Visitor", "What does it cost?", "As agreed",
    "The photograph is mine; I granted no licence.", "The picture is still there.",
    # commands, and an island that has no German name
    "lichtbild ticker", "lichtbild worker", "Isle of Man", "Heard und McDonaldinseln",
)  # fmt: skip
#: Pages that show mails and samples, not texts of the desk.
KEPT = ("csrf_token", "trigger", "version")
KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
#: Forms that end the walk.
LEAVING = ("/log-out", "/language", "/sign-out")
NOT_OURS = ("demo_mailbox", "demo_styleguide")


@cache
def english() -> frozenset[str]:
    """The words of the catalogue's English texts that no German text has."""
    ours, german = set(), set()
    for message in catalogue.read("de"):
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        ids = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        for text in ids:
            ours |= words_of(re.sub(r"%\(\w+\)s|\{\w+\}|<[^>]+>", " ", text))
        for text in forms:
            german |= words_of(re.sub(r"%\(\w+\)s|\{\w+\}|<[^>]+>", " ", text))
    return frozenset(ours - german)


def words_of(text: str) -> set[str]:
    return {word.strip("’'").lower() for word in WORD.findall(text)}


def texts(page: str) -> Iterator[str]:
    """Every text a reader sees or hears."""
    tree = html.fromstring(page)
    for each in tree.xpath(
        "//script|//style|//noscript|//*[@lang and not(self::html)]|//select[@name='time_zone']|//datalist"
    ):
        each.drop_tree()
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        yield from (str(element.get(name)) for name in ATTRIBUTES if element.get(name))
        yield from (text for text in (element.text, element.tail) if text and text.strip())


def found_in(page: str) -> set[str]:
    told = set()
    for text in texts(page):
        rest = " ".join(text.split())
        for theirs in THEIRS:
            rest = rest.replace(theirs, " ")
        if bad := words_of(rest) & english():
            told.add(f"{rest[:200]}  [{' '.join(sorted(bad))}]")
    return told


@pytest.mark.slow
def test_a_german_reader_reads_german_on_every_page(full_world: World) -> None:
    told: dict[str, str] = {}
    for walk in visitors(full_world):
        in_german(walk)
        walk.walk()
        for path, answer in walk.seen.items():
            shown = answer.mimetype == "text/html" and answer.status_code not in (301, 302, 303, 308)
            if shown and not walk.endpoint(path).startswith(NOT_OURS):
                for sentence in found_in(answer.text):
                    told.setdefault(sentence, f"{walk.role.value} {path}")
    found = [f"{where}: {sentence}" for sentence, where in sorted(told.items(), key=lambda each: each[1])]
    assert not found, "\n".join(found)


def forms_of(walk: Walk) -> Iterator[tuple[str, html.FormElement]]:
    """One form of every kind this walk has seen, the page it stands on first."""
    known = set()
    for path, answer in list(walk.seen.items()):
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        for form in html.fromstring(answer.text).forms:
            action = KEY.sub("", str(form.get("action") or path))
            kind = (action.partition("?")[0], tuple(sorted(form.fields.keys())))
            if form.method.upper() == "POST" and kind not in known and not action.endswith(LEAVING):
                known.add(kind)
                yield path, form


def _is_hidden(form: html.FormElement, name: str) -> bool:
    return bool(form.xpath(f".//input[@type='hidden'][@name='{name}']"))


def in_german(walk: Walk) -> None:
    walk.visitor.client.set_cookie(COOKIE, "de", domain=walk.app.config["SERVER_NAME"].partition(":")[0])


@pytest.mark.slow
def test_a_refused_form_says_why_in_german(full_world: World) -> None:
    """Every form of every page sent empty, and once more full of nonsense: nothing of it is in English."""
    told: dict[str, str] = {}
    for walk in visitors(full_world):
        in_german(walk)
        walk.walk()
        for path, form in forms_of(walk):
            for nonsense in ("", "€\u0001 nonsense <b>"):
                fields = [
                    (name, value if name in KEPT or _is_hidden(form, name) else nonsense)
                    for name, value in form.form_values()
                ]
                answer = walk.visitor.send(str(form.get("action") or path), fields)
                if answer.status_code >= 400 and answer.mimetype == "text/html":
                    for sentence in found_in(answer.text.replace(html_escape(nonsense), "")):
                        told.setdefault(sentence, f"{walk.role.value} {path} {form.get('action')}")
    found = [f"{where}: {sentence}" for sentence, where in sorted(told.items(), key=lambda each: each[1])]
    assert not found, "\n".join(found)
