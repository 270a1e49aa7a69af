# ruff: noqa: PLR2004 - offsets and lengths of published file formats
"""What the bytes of a file say about themselves, read before any decoder sees them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from detection.images.jpeg_markers import scan_jpeg
from detection.images.limits import Limits
from detection.images.refusals import refusal
from detection.images.tiff_pages import count_pages

_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_PNG_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_GIF_TRAILER, _GIF_IMAGE, _GIF_EXTENSION = 0x3B, 0x2C, 0x21
#: (beginning, what a person would call it): named in the refusal.
_OTHER_TYPES = (
    (b"%PDF", "a PDF"),
    (b"%!PS", "a PostScript drawing"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript drawing"),
    (b"BM", "a BMP picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"PK\x03\x04", "an archive"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00asm", "a program"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
)


@dataclass(frozen=True, slots=True)
class Container:
    """Type by content and the number of frames or pages."""

    format: str
    frames: int


def examine(data: bytes, limits: Limits) -> Container:
    """Judge the container without decoding a pixel; raises ImageRefused."""
    kind = _sniff(data)
    if kind == "JPEG":
        scan_jpeg(data, limits)
        return Container(kind, 1)
    if kind == "TIFF":
        return Container(kind, count_pages(data, limits))
    if kind == "PNG":
        return Container(kind, _examine_png(data, limits))
    if kind == "GIF":
        return Container(kind, _count_gif_frames(data, limits))
    if kind == "WEBP":
        return Container(kind, _examine_webp(data, limits))
    return Container(kind, 1)


def _sniff(data: bytes) -> str:
    """One of the formats we read, or a refusal that names what the file is."""
    if not data:
        raise refusal("empty")
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"II*\x00", b"MM\x00*")):
        return "TIFF"
    if data[4:8] == b"ftyp":
        return _sniff_boxes(data)
    raise refusal("unsupported_type", found=_name_of(data))


def _sniff_boxes(data: bytes) -> str:
    size = min(struct.unpack(">I", data[:4])[0], 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, size, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if brands & _HEIC_BRANDS:
        return "HEIC"
    raise refusal("unsupported_type", found="a film")


def _name_of(data: bytes) -> str:
    for beginning, name in _OTHER_TYPES:
        if data.startswith(beginning):
            return name
    text = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "an SVG drawing"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<script")):
        return "a web page"
    if text.startswith(b"<?xml"):
        return "an XML document"
    return "an unknown type"


def _examine_png(data: bytes, limits: Limits) -> int:
    """Frames of a PNG; checks sums, frame announcements and the size of the notes."""
    at, frames, notes = 8, 1, 0
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        if end > len(data):
            raise refusal("truncated")
        if name in _PNG_CRITICAL:
            (said,) = struct.unpack(">I", data[end - 4 : end])
            if zlib.crc32(data[at + 4 : end - 4]) != said:
                raise refusal("corrupt")
        elif name == b"acTL" and length >= 4:
            (frames,) = struct.unpack(">I", data[at + 8 : at + 12])
            _check_frames(frames, limits)
        elif name in (b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"eXIf"):
            notes += _unpacked_size(data[at + 8 : end - 4], name, limits)
            if notes > limits.max_metadata:
                raise refusal("metadata_bomb")
        if name == b"IEND":
            return max(frames, 1)
        at = end
    raise refusal("truncated")


def _unpacked_size(chunk: bytes, name: bytes, limits: Limits) -> int:
    """Size of a note after unpacking, counted up to just over the limit."""
    start = chunk.find(b"\x78")
    if name in (b"tEXt", b"eXIf") or start < 0:
        return len(chunk)
    unpacker = zlib.decompressobj()
    try:
        size = len(unpacker.decompress(chunk[start:], limits.max_metadata + 1))
    except zlib.error:
        size = 0
    return max(len(chunk), size)


def _count_gif_frames(data: bytes, limits: Limits) -> int:
    """Walk the blocks of a GIF; a file that ends early keeps the frames it has."""
    if len(data) < 13:
        raise refusal("truncated")
    at = 13 + _palette_size(data[10])
    frames = 0
    while at < len(data) and data[at] != _GIF_TRAILER:
        if data[at] == _GIF_EXTENSION:
            at += 2
        elif data[at] == _GIF_IMAGE and at + 10 < len(data):
            frames += 1
            _check_frames(frames, limits)
            at += 11 + _palette_size(data[at + 9])
        else:
            break
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    if not frames:
        raise refusal("unreadable")
    return frames


def _palette_size(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _examine_webp(data: bytes, limits: Limits) -> int:
    """Frames of a WebP; checks the announced sizes and the notes."""
    at, frames, notes = 12, 0, 0
    while at + 8 <= len(data):
        name, length = struct.unpack("<4sI", data[at : at + 8])
        if at + 8 + length > len(data):
            raise refusal("truncated")
        if name == b"ANMF":
            frames += 1
            _check_frames(frames, limits)
        elif name in (b"EXIF", b"XMP ", b"ICCP"):
            notes += length
            if notes > limits.max_metadata:
                raise refusal("metadata_bomb")
        at += 8 + length + length % 2
    return max(frames, 1)


def _check_frames(frames: int, limits: Limits) -> None:
    if frames > limits.max_frames:
        raise refusal("too_many_frames", max_frames=limits.max_frames)
