"""Every document printed with fictitious data: what it says, how long it is, what it must not say."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from jinja2 import UndefinedError

from workflow.kernel.pdf import Press

from . import samples

PICTURES = samples.pictures()
FAMILIES = {"Source-Sans-3", "Source-Serif-4", "IBM-Plex-Mono"}


@pytest.fixture(scope="module")
def press() -> Press:
    return samples.press()


@pytest.fixture(scope="module")
def printed(press: Press) -> dict[str, bytes]:
    return {
        name: press.render(template, context, PICTURES)
        for name, (template, context, _) in samples.ALL.items()
    }


def text_of(pdf: bytes) -> str:
    """The text in reading order, on one line, with plain spaces."""
    command = ["pdftotext", "-", "-"]
    text = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    return " ".join(text.replace("\u00a0", " ").split())


def _bare(text: str) -> str:
    """Without spaces and hyphens: pdftotext joins lines at them."""
    return re.sub(r"[\s-]", "", text)


@pytest.mark.parametrize("name", samples.ALL)
def test_every_document(printed: dict[str, bytes], name: str) -> None:
    _, context, most_pages = samples.ALL[name]
    with pikepdf.open(io.BytesIO(printed[name])) as document:
        assert len(document.pages) <= most_pages
        width, height = (float(side) for side in document.pages[0].mediabox[2:])
        assert (round(width), round(height)) == (595, 842)
        assert document.Root.Lang == "en"
        assert document.Root.MarkInfo.Marked
        assert str(document.docinfo.Title)
        assert str(document.docinfo.CreationDate).startswith(f"D:{context['today']:%Y%m%d}")
        assert b'pdfuaid:part="1"' in document.Root.Metadata.read_bytes()
    text = text_of(printed[name])
    assert context["reference"] in text
    assert context["sender"].name in text
    assert f"Page 1 of {len(re.findall(r'Page [0-9] of [0-9]', text))}" in text
    assert "None" not in text


@pytest.mark.parametrize("name", samples.ALL)
def test_only_the_shipped_fonts_and_all_of_them_embedded(
    printed: dict[str, bytes], name: str, tmp_path: Path
) -> None:
    (tmp_path / "it.pdf").write_bytes(printed[name])
    table = subprocess.run(
        ["pdffonts", "it.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    rows = table.splitlines()[2:]
    assert rows
    for row in rows:
        assert re.match(r"[A-Z]{6}\+", row)
        assert row.split("+")[1].split()[0].rstrip(",").removesuffix("-Semi-Bold") in FAMILIES, row
        assert re.search(r"\byes yes yes\b", row), row  # embedded, subset, readable as text


@pytest.mark.parametrize(
    "name", [name for name in samples.ALL if name.startswith(("offer", "reminder", "dunning"))]
)
def test_what_a_letter_that_asks_for_an_answer_says(printed: dict[str, bytes], name: str) -> None:
    context = samples.ALL[name][1]
    text = text_of(printed[name])
    amount = f"{context['total'].minor // 100},{context['total'].minor % 100:02} €"
    until = context["answer_by"]
    assert amount in text
    assert f"by {until.day} {until:%b %Y}" in text
    for said in ("code", "portal_url", "work_title", "owner_name", "page_title"):
        assert context[said] in text
    assert _bare(context["page_url"]) in _bare(text)
    assert context["sender"].handler_name in text
    assert all(f"{number}." in text for number in (1, 2, 3))
    for line in context["recipient_lines"]:
        assert line in text


@pytest.mark.parametrize("name", [name for name in samples.ALL if name.startswith(("offer", "reminder"))])
def test_no_threat_before_dunning(printed: dict[str, bytes], name: str) -> None:
    body = text_of(printed[name]).split("Who writes to you")[0].lower()
    for word in (
        "court",
        "lawyer",
        "legal action",
        "sue",
        "penalt",
        "interest",
        "illegal",
        "theft",
        "infring",
    ):
        assert not re.search(rf"\b{word}", body), word
    assert "!" not in body


def test_the_price_is_the_same_in_every_reminder(printed: dict[str, bytes]) -> None:
    for name in ("offer", "reminder-friendly", "reminder-second", "reminder-last_offer"):
        assert set(re.findall(r"\d+,\d\d €", text_of(printed[name]))) <= {
            "150,00 €",
            "50,00 €",
            "200,00 €",
            "14,00 €",
            "214,00 €",
        }
        assert "214,00 €" in text_of(printed[name])


def test_the_statutory_notices_of_the_first_letter(printed: dict[str, bytes]) -> None:
    text = text_of(printed["offer"])
    for said in (
        "Article 14 GDPR", "Responsible: Bildrechte Nord GmbH", "the legal notice of harbour-shop.example",
        "Article 6(1)(f)", "access, correction, erasure, restriction, and objection", "data protection authority",
        "How long:", "Who receives it:",
    ):  # fmt: skip
        assert said in text


def test_dunning_says_since_when_and_what_next(printed: dict[str, bytes]) -> None:
    text = text_of(printed["dunning-formal"])
    assert "Owed since 20 Mar 2024, as of 6 May 2024, no VAT is due" in text
    assert "the next step follows on 21 May 2024" in text
    assert "How to end it, by 21 May 2024" in text
    assert "before court" in text_of(printed["dunning-last_before_court"])


def test_a_closing_letter_closes(printed: dict[str, bytes]) -> None:
    for name in (name for name in samples.ALL if name.startswith("closing")):
        assert "No further claim will be made against you" in text_of(printed[name])
    assert "We were mistaken" in text_of(printed["closing-error"])


def test_the_certificate_names_what_may_be_done(printed: dict[str, bytes]) -> None:
    text = text_of(printed["certificate"])
    for said in (
        "L-2024-000017",
        "Studio Nordlicht",
        "Harbour Shop GmbH",
        "worldwide",
        "214,00 €",
        "9f86d081884c7d65",
    ):
        assert said in text


def test_the_receipt_has_what_the_tax_law_asks_for(printed: dict[str, bytes]) -> None:
    text = text_of(printed["receipt"])
    for said in (
        "R-2024-000031",
        "12 Mar 2024",
        "DE000000000",
        "200,00 €",
        "VAT 7 %",
        "14,00 €",
        "214,00 €",
        "Beispielstraße 12",
    ):
        assert said in text


def test_the_same_letter_is_the_same_bytes(press: Press, printed: dict[str, bytes]) -> None:
    template, context, _ = samples.ALL["offer"]
    assert press.render(template, context, PICTURES) == printed["offer"]


def hostile() -> dict[str, Any]:
    evil = "<script>alert(1)</script><img src=http://example.org/x>\"'{{7*191}}"
    return {
        **samples.offer(),
        "work_title": evil,
        "page_title": evil + "\u202e",
        "owner_name": "Łódź Überfähre Ñandú",
        "page_url": "http://example.org/" + "a" * 900,
        "recipient_lines": [evil, "x" * 200, "Straße"],
    }


def test_hostile_and_long_values_stay_text(press: Press) -> None:
    pdf = press.render("letter_offer", hostile(), PICTURES)
    text = text_of(pdf)
    assert "<script>alert(1)</script>" in text
    assert "1337" not in text
    assert "Łódź Überfähre Ñandú" in text
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages) <= 4


@pytest.mark.parametrize("template", sorted({template for template, _, _ in samples.ALL.values()}))
def test_a_missing_value_stops_the_letter(press: Press, template: str) -> None:
    context = next(dict(context) for name, context, _ in samples.ALL.values() if name == template)
    del context["reference"]
    with pytest.raises(UndefinedError):
        press.render(template, context, PICTURES)
    assert {path.stem for path in (samples.TEMPLATES / "documents").glob("*.html")} >= {template}


def test_every_template_has_a_sample() -> None:
    frames = {"base", "letter", "sheet", "parts"}
    shipped = {path.stem for path in (samples.TEMPLATES / "documents").glob("*.html")} - frames
    assert shipped == {template for template, _, _ in samples.ALL.values()}
