"""Letters in the recipient's language and in English: each half whole, nothing half and half."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pikepdf
import pytest
from jinja2.ext import extract_from_ast
from lxml import html

from tests.contracts.test_german_pages import words_of
from tests.documents import samples
from workflow.cli.found_texts import IN_ENGLISH, environment
from workflow.config import ROOT
from workflow.kernel.pdf import Press
from workflow.web import catalogue
from workflow.web.i18n import DOCUMENTS

BOTH = ("de", "en")
LETTERS = [name for name in samples.ALL if f"documents/{samples.ALL[name][0]}.html" not in IN_ENGLISH]
#: The same word in both languages.
ALIKE = {"QR code: %(address)s", "“%(work)s”", "“%(page)s”"}
#: Pages of the German half; the English one is as long or shorter.
PAGES = {"offer": 2}


@cache
def press() -> Press:
    return Press(tongue=DOCUMENTS)


def halves(name: str, **changes: Any) -> dict[str, html.HtmlElement]:
    template, context, _ = samples.ALL[name]
    tree = html.document_fromstring(press().written(template, {**context, **changes}, BOTH))
    return {str(node.get("data-edition")): node for node in tree.iter() if node.get("data-edition")}


def texts_of_templates() -> set[str]:
    """What the templates of letters say, as it was written."""
    found: set[str] = set()
    env = environment()
    for path in sorted((ROOT / "templates" / "documents").glob("*.html")):
        if f"documents/{path.name}" in IN_ENGLISH:
            continue
        for _, _, message in extract_from_ast(env.parse(path.read_text(encoding="utf-8"))):
            found |= {part for part in (message if isinstance(message, tuple) else (message,)) if part}
    return found


def values(context: Any) -> Iterator[str]:
    """Every text that is not the letter's but the case's."""
    if isinstance(context, dict):
        for each in context.values():
            yield from values(each)
    elif isinstance(context, (list, tuple)):
        for each in context:
            yield from values(each)
    elif isinstance(context, str):
        yield context
    elif hasattr(context, "__dataclass_fields__"):
        for name in context.__dataclass_fields__:
            yield from values(getattr(context, name))


def without_the_case(name: str, half: html.HtmlElement) -> str:
    """The text of a half without what stands in the rows of the case."""
    told = " ".join(half.text_content().split())
    for value in sorted(values(samples.ALL[name][1]), key=len, reverse=True):
        told = told.replace(" ".join(value.split()), " ")
    return told


def test_no_text_of_a_letter_is_a_copy_of_the_english_one() -> None:
    known = catalogue.texts("de")
    assert known is not None
    same = {text for text in texts_of_templates() if known.text(text) == text} - ALIKE
    assert not {text for text in same if len(words_of(text)) > 1}, same


@pytest.mark.parametrize("name", LETTERS)
def test_the_german_half_says_nothing_in_english(name: str) -> None:
    """Whatever of the English texts has no word in common with any German one is missing there."""
    german = without_the_case(name, halves(name)["de"])
    known = catalogue.texts("de")
    assert known is not None
    ours: set[str] = set()
    theirs: set[str] = set()
    for text in texts_of_templates():
        ours |= words_of(re.sub(r"%\(\w+\)s|<[^>]+>", " ", text))
        theirs |= words_of(re.sub(r"%\(\w+\)s|<[^>]+>", " ", known.text(text) or ""))
    # one line tells readers of English where theirs begins
    told = german.replace("(English translation follows)", " ")
    assert words_of(told) & (ours - theirs) == set()


@pytest.mark.parametrize("name", LETTERS)
def test_each_half_tells_its_language_and_the_same_sums_and_dates(name: str) -> None:
    found = halves(name)
    assert list(found) == list(BOTH) and all(found[code].get("lang") == code for code in BOTH)
    sums = {code: sorted(re.findall(r"\d[\d.]*,\d\d", found[code].text_content())) for code in BOTH}
    assert sums["de"] == sums["en"]
    said = {code: without_the_case(name, found[code]) for code in BOTH}
    days = {
        "de": re.findall(r"(\d{1,2})\.\s(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
                         r"|Dezember)\s(\d{4})", said["de"]),
        "en": re.findall(r"(\d{1,2})\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s(\d{4})", said["en"]),
    }  # fmt: skip
    assert set(days["de"]) == set(days["en"])
    assert "Maßgeblich ist dieser Text." in found["de"].text_content()
    assert "The text before it counts." in found["en"].text_content()


@pytest.mark.slow
@pytest.mark.parametrize("name", LETTERS)
def test_the_german_half_takes_no_more_paper_and_english_begins_on_a_page_of_its_own(name: str) -> None:
    template, context, _ = samples.ALL[name]
    pdf = press().render(template, context, samples.pictures(), BOTH)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        count = len(opened.pages)
        assert str(opened.Root.Lang) == "de" and opened.Root.MarkInfo.Marked
    german = PAGES.get(name, 1)
    assert count in (german + 1, 2 * german)
    pages = []
    for number in range(1, count + 1):
        told = subprocess.run(["pdftotext", "-f", str(number), "-l", str(number), "-", "-"], input=pdf,
                              capture_output=True, check=True).stdout.decode()  # fmt: skip
        pages.append(" ".join(told.split()))
    assert all(f"Seite {number} von {count}" in pages[number - 1] for number in range(1, german + 1))
    assert all(f"Page {number} of {count}" in pages[number - 1] for number in range(german + 1, count + 1))
    assert "Translation for your convenience" in pages[german]


def test_in_english_alone_nothing_speaks_of_a_translation() -> None:
    template, context, _ = samples.ALL["offer"]
    text = press().written(template, context)
    assert "ranslation" not in html.document_fromstring(text).text_content()
