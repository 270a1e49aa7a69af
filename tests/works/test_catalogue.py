"""The catalogue of bad and strange files: each gets its verdict, and only good ones leave rows."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from workflow.kernel.documents import Document
from workflow.kernel.runtime import Runtime
from workflow.works.models import UploadRecord, Work, WorkFingerprint
from workflow.works.states import UploadVerdict

from . import files
from .conftest import Browser, Intake

UNREADABLE, REFUSED = UploadVerdict.UNREADABLE, UploadVerdict.REFUSED
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

BAD = {
    "empty": (b"", UNREADABLE, "empty"),
    "html": (b"<!doctype html><script>alert(1)</script>", UNREADABLE, "unsupported_type"),
    "svg": (SVG, UNREADABLE, "unsupported_type"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n(ls) system", UNREADABLE, "unsupported_type"),
    "pdf": (b"%PDF-1.7\n1 0 obj", UNREADABLE, "unsupported_type"),
    "jpeg2000": (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(60), UNREADABLE, "unsupported_type"),
    "pixel flood": (lambda: files.png_of_size(50_000, 50_000), REFUSED, "too_many_pixels"),
    "height 0": (files.jpeg_without_height, UNREADABLE, "unreadable"),
    "60,000 x 1": (lambda: files.png_of_size(60_000, 1), REFUSED, "dimensions"),
    "gif 10,000 frames": (lambda: files.gif_with_frames(10_000), REFUSED, "too_many_frames"),
    "apng bomb": (files.apng_bomb, REFUSED, "too_many_frames"),
    "huge iccp": (files.png_huge_profile, REFUSED, "metadata_bomb"),
    "bad crc": (files.png_bad_sum, UNREADABLE, "corrupt"),
    "half a jpeg": (lambda: files.photo()[: len(files.photo()) // 2], UNREADABLE, "truncated"),
    "1,000 scans": (files.jpeg_with_many_scans, REFUSED, "too_many_scans"),
    "12 bits": (files.jpeg_with_twelve_bits, UNREADABLE, "unsupported_variant"),
    "tiff loop": (files.tiff_loop, UNREADABLE, "corrupt"),
    "tiff 1,000 pages": (lambda: files.tiff_pages(1000), REFUSED, "too_many_frames"),
    "tiff fax": (
        lambda: files.saved(files.opened().convert("1"), "TIFF", compression="group4"),
        UNREADABLE, "unsupported_variant",
    ),
    "10 MB of notes": (files.jpeg_flooded_with_notes, REFUSED, "metadata_bomb"),
    "one colour": (
        lambda: files.saved(Image.new("RGB", (900, 700), "white")),
        UploadVerdict.NOT_DISTINCTIVE, "not_distinctive",
    ),
    "8 x 8": (lambda: files.saved(Image.new("RGB", (8, 8), "red")), UploadVerdict.TOO_SMALL, "too_small"),
    "599 wide": (
        lambda: files.saved(files.opened().resize((599, 337))), UploadVerdict.TOO_SMALL, "too_small",
    ),
}  # fmt: skip

GOOD = {
    "600 wide": lambda: files.saved(files.opened().resize((600, 337))),
    "gif and script": files.gif_with_script,
    "jpeg and zip": files.jpeg_and_zip,
    "php in a comment": lambda: files.after_start(files.photo(), files.segment(0xFE, files.PHP)),
    "animated webp": files.animated_webp,
    "cmyk, broken profile": files.cmyk_with_broken_profile,
    "sixteen bit": files.sixteen_bit,
    "palette with transparency": files.palette_with_transparency,
    "orientation 9": lambda: files.with_exif(Orientation=9),
    "script in a comment": lambda: files.with_exif(UserComment=files.SCRIPT.encode(), Artist=files.SCRIPT),
    "one bit": lambda: files.saved(files.opened().convert("1"), "PNG"),
    "heic": files.heic,
    "avif": lambda: files.saved(files.opened(), "AVIF"),
}


def bytes_of(source: object) -> bytes:
    return source() if callable(source) else source  # type: ignore[return-value]


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_their_verdict_and_leave_nothing(take_in: Intake, name: str) -> None:
    source, verdict, code = BAD[name]
    record = take_in(bytes_of(source))
    assert (record.verdict, record.code) == (verdict, code)
    assert record.sentence.endswith(".") and record.remedy.endswith(".")
    assert [take_in.count(m) for m in (UploadRecord, Work, WorkFingerprint, Document)] == [1, 0, 0, 0]


def test_a_script_is_told_the_reason_and_a_code(browser: Browser) -> None:
    for name, (source, verdict, code) in BAD.items():
        answer = browser.upload(("photo.jpg", bytes_of(source)), accept="application/json")
        assert answer.status_code == (415 if code.startswith("unsupported") else 422), name
        (row,) = json.loads(answer.data)["files"]
        assert (row["verdict"], row["code"], row["kind"]) == (verdict, code, "danger"), name


def test_a_missing_end_marker_is_decided_by_whether_all_pixels_are_there(take_in: Intake) -> None:
    record = take_in(files.photo().removesuffix(b"\xff\xd9"))
    assert record.code in ("accepted", "truncated")
    assert take_in.count(Work) == (1 if record.code == "accepted" else 0)


@pytest.mark.parametrize("name", GOOD)
def test_strange_but_good_files_are_taken_and_shown_clean(
    take_in: Intake, runtime: Runtime, name: str
) -> None:
    sent = bytes_of(GOOD[name])
    record = take_in(sent)
    assert record.verdict is UploadVerdict.ACCEPTED, record.sentence
    with runtime.database.reading() as session:
        work = session.scalars(select(Work)).one()
        shown = [runtime.vault.get(session, k) for k in (work.display_document_id, work.thumb_document_id)]
        kept = runtime.vault.get(session, work.original_document_id)
    assert kept == sent
    for data, side in zip(shown, (1400, 360), strict=True):
        copy = Image.open(io.BytesIO(data))
        copy.load()
        assert (copy.format, copy.mode) == ("JPEG", "RGB") and max(copy.size) <= side
        assert not copy.getexif() and not {"comment", "xmp", "icc_profile", "photoshop"} & set(copy.info)
        assert files.PHP not in data and b"evil.php" not in data and b"alert" not in data


def test_the_type_goes_by_content_not_by_name(take_in: Intake, runtime: Runtime) -> None:
    take_in(files.saved(files.opened(), "PNG"), "holiday.jpg")
    with runtime.database.reading() as session:
        work = session.scalars(select(Work)).one()
        assert (work.media_type, work.file_name) == ("image/png", "holiday.jpg")
        assert (work.width, work.height) == (1400, 788)


def test_one_byte_too_many_is_refused_without_keeping_it(take_in: Intake) -> None:
    record = take_in(bytes(100 * 1024 * 1024 + 1))
    assert (record.verdict, record.code) == (UploadVerdict.REFUSED, "too_large")
    assert [take_in.count(m) for m in (Work, Document)] == [0, 0]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\sea.jpg", "sea.jpg"),
        ("sea\0\n\u202egpj.exe", "seagpj.exe"),
        ("CON.jpg", "file-CON.jpg"),
        (".htaccess", "htaccess"),
        ("", "unnamed"),
        (None, "unnamed"),
    ],
)
def test_file_names_are_made_harmless(take_in: Intake, sent: str | None, kept: str) -> None:
    assert take_in(files.photo(), sent).file_name == kept


def test_a_picture_with_little_detail_is_taken_with_a_warning(take_in: Intake, runtime: Runtime) -> None:
    logo = Image.new("RGB", (1000, 700), "white")
    ImageDraw.Draw(logo).ellipse((300, 200, 700, 500), outline="navy", width=40)
    record = take_in(files.saved(logo))
    assert record.verdict is UploadVerdict.ACCEPTED and "little detail" in record.sentence
    with runtime.database.reading() as session:
        assert not session.scalars(select(Work)).one().distinctive
