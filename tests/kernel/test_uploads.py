"""Uploads: limits, names and kinds; the numbers are those of the list of bad inputs."""

from __future__ import annotations

import io
import unicodedata
from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.kernel.errors import Refused
from workflow.kernel.uploads import (
    MAX_PROOF_BYTES,
    TooLarge,
    UploadedFile,
    allowed_proof,
    judge_image,
    read_limited,
    receive_file,
    sanitise_name,
    size_text,
)


class Endless:
    """A stream that never ends, and counts what was taken from it."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        self.taken += size
        return b"x" * size


class Dripping(io.BytesIO):
    """Gives one byte at a time, whatever was asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(1, size or 0))


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_up_to_the_limit(size: int) -> None:
    assert read_limited(io.BytesIO(b"x" * size), 100) == b"x" * size
    assert read_limited(Dripping(b"x" * size), 100) == b"x" * size


def test_one_byte_more_is_refused() -> None:
    with pytest.raises(TooLarge, match="larger than 100 bytes"):
        read_limited(io.BytesIO(b"x" * 101), 100)


def test_an_endless_stream_is_left_after_the_limit() -> None:
    stream = Endless()
    with pytest.raises(TooLarge, match="larger than 1 MB"):
        read_limited(stream, 1024**2)
    assert stream.taken == 1024**2 + 1


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Refused, match="is empty"):
        receive_file("a.jpg", io.BytesIO(b""), 100)


def test_a_received_file_knows_its_hash() -> None:
    file = receive_file("../a.jpg", io.BytesIO(b"abc"), 100)
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file == UploadedFile("a.jpg", b"abc", digest)


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kim\\Harbour.JPG", "Harbour.JPG"),
        ("a\0b\nc\rd.jpg", "abcd.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066x\u2069\ufeff\u200b.png", "x.png"),
        ("CON.jpg", "file-CON.jpg"),
        ("nul", "file-nul"),
        ("lpt1.tar.gz", "file-lpt1.tar.gz"),
        ("console.jpg", "console.jpg"),
        (".htaccess", "htaccess"),
        ("...", "unnamed"),
        ("", "unnamed"),
        (None, "unnamed"),
        ("/", "unnamed"),
        ("  a   b .jpg ", "a b .jpg"),
        ('"><svg onload=x>.pdf', "___svg onload=x_.pdf"),
        ("Fähre im Nebel – 日本.jpg", "Fähre im Nebel – 日本.jpg"),
        ("a" * 500 + ".jpeg", "a" * 115 + ".jpeg"),
        ("a" * 500, "a" * 120),
        ("a." + "b" * 500, "a." + "b" * 118),
    ],
)
def test_names(given_name: str | None, safe: str) -> None:
    assert sanitise_name(given_name) == safe


@given(name=st.text(max_size=300))
def test_every_name_is_safe_and_stays_so(name: str) -> None:
    safe = sanitise_name(name)
    assert 0 < len(safe) <= 120
    assert not set(safe) & set('/\\<>:"|?*')
    assert not any(unicodedata.category(sign)[0] == "C" for sign in safe)
    assert safe[0] not in " ." and safe[-1] not in " ."
    assert sanitise_name(safe) == safe


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.4\nrest", "application/pdf"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"%PDF-1.4\n<script>PK\x03\x04", "application/pdf"),  # a polyglot is kept, never rendered
    ],
)
def test_proofs_are_known_by_their_content(data: bytes, media_type: str) -> None:
    assert allowed_proof(data) == media_type


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"MZ\x90\0", "a program"),
        (b"PK\x03\x04word/vbaProject.bin", "print it to PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "print it to PDF"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"GIF89a", "GIF"),
        (b"From: kim@example.org\nSubject: licence", "not a PDF, JPEG or PNG"),
        (b"<html>%PDF-1.4", "not a PDF, JPEG or PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PDF, JPEG or PNG"),
        (b"%PD", "not a PDF, JPEG or PNG"),
        (b"\x89PNG\n\x1a\n", "not a PDF, JPEG or PNG"),
    ],
)
def test_what_is_no_proof_is_refused_with_a_way_on(data: bytes, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        allowed_proof(data)


def test_the_size_of_a_proof() -> None:
    assert allowed_proof(b"%PDF-" + bytes(MAX_PROOF_BYTES - 5)) == "application/pdf"
    with pytest.raises(TooLarge, match="larger than 10 MB"):
        allowed_proof(b"%PDF-" + bytes(MAX_PROOF_BYTES - 4))


@given(st.binary(max_size=100))
def test_any_bytes_are_judged(data: bytes) -> None:
    good = data.startswith((b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
    with nullcontext() if good else pytest.raises(Refused, match=r"\.$"):
        assert allowed_proof(data) in ("application/pdf", "image/jpeg", "image/png")


@dataclass(frozen=True)
class Picture:
    format: str = "JPEG"
    width: int = 800
    height: int = 600
    frames: int = 1
    sha256: str = "0" * 64


class TooSmallError(Exception):
    """A refusal as the decoder words it."""

    code = "too_small"
    sentence = "The picture is 8 x 8 pixels."
    remedy = "Send one of at least 600 pixels."


class SmallDecoder:
    """Takes ``ok``, refuses ``small``, breaks on anything else."""

    def inspect(self, data: bytes) -> Picture:
        if data == b"ok":
            return Picture()
        raise TooSmallError if data == b"small" else RuntimeError("broken pipe")

    def normalise(self, data: bytes, max_side: int) -> bytes:
        return data[:max_side]


def test_the_decoder_is_asked_and_its_refusal_becomes_a_verdict() -> None:
    accepted = judge_image(SmallDecoder(), UploadedFile("a.jpg", b"ok", ""))
    assert (accepted.accepted, accepted.code, accepted.image) == (True, "accepted", Picture())
    refused = judge_image(SmallDecoder(), UploadedFile("a.jpg", b"small", ""))
    assert (refused.accepted, refused.code, refused.image) == (False, "too_small", None)
    assert (refused.sentence, refused.remedy) == (TooSmallError.sentence, TooSmallError.remedy)


def test_a_broken_decoder_is_not_a_verdict() -> None:
    with pytest.raises(RuntimeError, match="broken pipe"):
        judge_image(SmallDecoder(), UploadedFile("a.jpg", b"?", ""))


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 kB"), (1536, "1.5 kB"), (10 * 1024**2, "10 MB")],
)
def test_sizes_in_words(size: int, text: str) -> None:
    assert size_text(size) == text
