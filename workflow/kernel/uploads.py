"""Uploads: bytes from strangers, limited while they are read, named harmlessly, known by their content.

Nothing here decodes a picture: the decoder is handed in (it works in a child process with limits), so
that uploads and crawled pictures go one and the same way.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

MAX_PROOF_BYTES = 10 * 1024**2
MAX_NAME_LENGTH = 120
_CHUNK = 64 * 1024
_MAX_SUFFIX = 12
UNNAMED = "unnamed"
#: Unicode categories without a visible sign: control, direction, surrogates, private use, line ends.
_UNSHOWN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_KB, _MB = 1024, 1024**2

#: Names that mean a device, not a file, to some systems.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


class TooLarge(Refused):
    """More bytes came than are taken; nothing was kept."""


class Stream(Protocol):
    """Where bytes come from."""

    def read(self, size: int, /) -> bytes: ...


class DecodedImage(Protocol):
    """What the decoder learned of a picture."""

    @property
    def format(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def sha256(self) -> str: ...


class Decoder(Protocol):
    """Opens pictures in a safe place; refuses with an exception that is an :class:`ImageRefusal`."""

    def inspect(self, data: bytes) -> DecodedImage: ...
    def normalise(self, data: bytes, max_side: int) -> bytes: ...


@runtime_checkable
class ImageRefusal(Protocol):
    """Why a picture was not taken: a code for tables, a sentence, and what would help."""

    code: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ImageVerdict:
    """The answer to one uploaded picture; ``image`` is there when it was accepted."""

    accepted: bool
    code: str
    sentence: str
    remedy: str = ""
    image: DecodedImage | None = None


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as it came: its name made harmless, its bytes, their SHA-256 in hex."""

    name: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class _ProofKind:
    media_type: str
    start: bytes


_PROOFS = (
    _ProofKind("application/pdf", b"%PDF-"),
    _ProofKind("image/jpeg", b"\xff\xd8\xff"),
    _ProofKind("image/png", b"\x89PNG\r\n\x1a\n"),
)

#: What people send instead, known by its first bytes, and what helps.
_INSTEAD = (
    (
        b"PK\x03\x04",
        say("an archive or an office document"),
        say("Please print it to PDF, or unpack it first."),
    ),
    (b"\xd0\xcf\x11\xe0", say("an office document or a saved mail"), say("Please print it to PDF.")),
    (b"MZ", say("a program"), say("Please send the licence itself.")),
    (b"GIF8", say("a GIF picture"), say("Please save it as PNG or JPEG.")),
    (b"II*\0", say("a TIFF picture"), say("Please save it as PNG or JPEG.")),
    (b"MM\0*", say("a TIFF picture"), say("Please save it as PNG or JPEG.")),
)
_HEIC_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")


def receive_file(name: str | None, stream: Stream, limit: int) -> UploadedFile:
    """Read one uploaded file; :class:`Refused` when it is empty, :class:`TooLarge` beyond ``limit`` bytes."""
    data = read_limited(stream, limit)
    if not data:
        raise Refused(say("The file is empty."))
    return UploadedFile(sanitise_name(name), data, hashlib.sha256(data).hexdigest())


def read_limited(stream: Stream, limit: int) -> bytes:
    """All bytes of the stream; stops and raises :class:`TooLarge` at the first byte beyond the limit.

    What the sender said about the length beforehand is not believed.
    """
    parts, left = [], limit + 1
    while left and (part := stream.read(min(_CHUNK, left))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise TooLarge(say("The file is larger than {size_text}.", size_text=size_text(limit)))
    return b"".join(parts)


def sanitise_name(name: str | None) -> str:
    """A name that is safe to show and to offer for download; never used as a path of ours.

    Folders, control and direction signs go, device names and dots at the front too; the ending stays.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name or ""))[-1]
    kept = "".join(sign for sign in last if unicodedata.category(sign) not in _UNSHOWN)
    plain = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "_", kept)).strip(" .")
    if not plain:
        return UNNAMED
    if _DEVICES.fullmatch(plain):
        plain = f"file-{plain}"
    stem, dot, suffix = plain.rpartition(".")
    if len(plain) > MAX_NAME_LENGTH and dot and len(suffix) <= _MAX_SUFFIX:
        return f"{stem[: MAX_NAME_LENGTH - len(suffix) - 1].rstrip(' .')}.{suffix}"
    return plain[:MAX_NAME_LENGTH].rstrip(" .")


def allowed_proof(data: bytes) -> str:
    """The media type of a licence proof by its content: PDF, JPEG or PNG up to 10 MB, else :class:`Refused`.

    PDFs are stored as they are and never rendered here; nobody is shown the original inline.
    """
    if not data:
        raise Refused(say("The file is empty."))
    if len(data) > MAX_PROOF_BYTES:
        raise TooLarge(say("The file is larger than {size_text}.", size_text=size_text(MAX_PROOF_BYTES)))
    for kind in _PROOFS:
        if data.startswith(kind.start):
            return kind.media_type
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise Refused(say("This is a HEIC or AVIF picture. Please send it as JPEG, PNG or PDF."))
    for start, what, remedy in _INSTEAD:
        if data.startswith(start):
            raise Refused(say("This is {what}, not a PDF, JPEG or PNG. {remedy}", what=what, remedy=remedy))
    raise Refused(say("This is not a PDF, JPEG or PNG. Please print it to PDF, or send a photograph of it."))


def judge_image(decoder: Decoder, file: UploadedFile) -> ImageVerdict:
    """Let the decoder look at a picture; its refusals become a verdict, its failures are raised."""
    try:
        image = decoder.inspect(file.data)
    except Exception as refusal:
        if not isinstance(refusal, ImageRefusal):
            raise
        return ImageVerdict(False, refusal.code, refusal.sentence, refusal.remedy)
    return ImageVerdict(True, "accepted", say("Accepted."), image=image)


def size_text(size: int) -> str:
    """``10 MB``, ``1.5 MB``, ``320 kB``, ``12 bytes``; 1 MB is 1024 kB."""
    if size < _KB:
        return say("{size} bytes", size=size)
    amount, unit = (size / _KB, "kB") if size < _MB else (size / _MB, "MB")
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
