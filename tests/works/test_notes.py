"""What files say about themselves: three places, one precedence, nothing hostile followed."""

from __future__ import annotations

import pytest

from workflow.works.decoding import UploadDecoder
from workflow.works.notes import clean_line, moment, notes_from_wire

from . import files

FULL = """<rdf:Description photoshop:Credit="Photo: B. Example / Example Pictures"
  xmpRights:WebStatement="https://example.org/licence" photoshop:DateCreated="2021-06-01T10:11:12+02:00">
 <dc:creator><rdf:Seq><rdf:li>B. Example</rdf:li><rdf:li>C. Beispiel</rdf:li></rdf:Seq></dc:creator>
 <dc:title><rdf:Alt><rdf:li xml:lang="de">Hafen</rdf:li><rdf:li xml:lang="x-default">Harbour</rdf:li></rdf:Alt></dc:title>
 <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 2021 B. Example</rdf:li></rdf:Alt></dc:rights>
</rdf:Description>"""


def test_exif(decoder: UploadDecoder) -> None:
    notes = decoder.notes(
        files.with_exif(
            Artist="Zoë Example".encode(), Copyright="© Zoë".encode(), DateTimeOriginal="2023:05:01 14:02:11"
        )
    )
    assert (notes.creator, notes.copyright_notice) == ("Zoë Example", "© Zoë")
    assert notes.taken_on == "2023-05-01 14:02:11"


def test_iptc_in_both_alphabets(decoder: UploadDecoder) -> None:
    for charset, word in ([(1, 90, b"\x1b%G")], "Zoë".encode()), ([], "Zoë".encode("cp1252")):
        block = files.iptc_block(
            [*charset, (2, 80, word), (2, 110, b"Example Pictures"), (2, 55, b"20210601")]
        )
        notes = decoder.notes(files.after_start(files.saved(files.opened()), block))
        assert (notes.creator, notes.credit_line, notes.taken_on) == ("Zoë", "Example Pictures", "2021-06-01")


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "TIFF"])
def test_xmp(decoder: UploadDecoder, form: str) -> None:
    packet = files.xmp(FULL)
    options = {"tiffinfo": {700: packet}} if form == "TIFF" else {"xmp": packet}
    notes = decoder.notes(files.saved(files.opened(), form, **options))
    assert notes.creator == "B. Example, C. Beispiel"
    assert notes.title == "Harbour"
    assert notes.credit_line == "Photo: B. Example / Example Pictures"
    assert notes.copyright_notice == "© 2021 B. Example"
    assert notes.licence_url == "https://example.org/licence"
    assert notes.taken_on == "2021-06-01 10:11:12"


def test_xmp_in_png(decoder: UploadDecoder) -> None:
    assert decoder.notes(files.png_with_text()).credit_line == "Example Pictures"


def test_xmp_wins_but_for_the_date_of_the_camera(decoder: UploadDecoder) -> None:
    exif = files.with_exif(Artist="Camera owner", DateTimeOriginal="2020:01:02 03:04:05")
    packet = b"http://ns.adobe.com/xap/1.0/\0" + files.xmp(FULL)
    notes = decoder.notes(files.after_start(exif, files.segment(0xE1, packet)))
    assert (notes.creator, notes.taken_on) == ("B. Example, C. Beispiel", "2020-01-02 03:04:05")


@pytest.mark.parametrize(
    "packet",
    [
        files.xmp(
            "<rdf:Description><dc:title>&xxe;</dc:title></rdf:Description>",
            before='<!DOCTYPE x [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>',
        ),
        files.xmp(
            "<rdf:Description><dc:title>&b;</dc:title></rdf:Description>",
            before='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        ),
        files.xmp(FULL)[:-20],
        b"\xff\xfe\x00" * 50,
        b"<a>" * 10_000,
        files.xmp(FULL + "<rdf:li>x</rdf:li>" * 200_000),
    ],
    ids=["external entity", "billion laughs", "cut off", "no xml", "deep", "three megabytes"],
)
def test_hostile_xmp_says_nothing(decoder: UploadDecoder, packet: bytes) -> None:
    notes = decoder.notes(files.saved(files.opened(), "WEBP", xmp=packet))
    assert (notes.title, notes.creator, notes.credit_line) == ("", "", "")


def test_scripts_stay_words_and_long_words_are_cut(decoder: UploadDecoder) -> None:
    assert decoder.notes(files.with_exif(Artist=files.SCRIPT)).creator == files.SCRIPT
    assert len(decoder.notes(files.with_exif(Artist="x" * 5000)).creator) == 300


def test_a_child_can_send_nothing_but_plain_lines() -> None:
    notes = notes_from_wire({
        "title": ["no", "text"], "creator": "a\x00b\n\u202ec", "credit_line": "e" + "\u0301" * 40,
        "licence_url": "javascript:alert(1)", "taken_on": "2023-02-30", "unknown": "x",
    })  # fmt: skip
    assert (notes.title, notes.creator, notes.licence_url, notes.taken_on) == ("", "a b c", "", "")
    assert len(notes.credit_line) <= 2


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2023:05:01 14:02:11", "2023-05-01 14:02:11"),
        ("2023-05-01T14:02Z", "2023-05-01 14:02"),
        ("20230501", "2023-05-01"),
        ("2023-05", "2023-05"),
        ("2023", "2023"),
        ("2023:05:01 25:61:00", "2023-05-01"),
        ("0000:00:00 00:00:00", ""),
        ("1700-01-01", ""),
        ("yesterday", ""),
        ("٢٠٢٣", ""),
    ],
)
def test_dates_of_cameras(written: str, kept: str) -> None:
    assert moment(written) == kept


def test_lines_are_cut_with_a_mark() -> None:
    assert clean_line("a" * 50, 10) == "a" * 9 + "…"
