# ruff: noqa: PLR2004 - markers of a published file format
"""The segments of a JPEG file, walked without decoding."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from detection.images.limits import Limits
from detection.images.refusals import refusal

_START_OF_SCAN = 0xDA
_END = 0xD9
#: Baseline, extended and progressive Huffman coding; everything else is rare or patented.
_KNOWN_FRAMES = (0xC0, 0xC1, 0xC2)
_ALL_FRAMES = (*_KNOWN_FRAMES, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
_NOTES = (*range(0xE0, 0xF0), 0xFE)
#: Padding, restart markers and the like stand alone.
_WITHOUT_LENGTH = (0xFF, 0x01, *range(0xD0, 0xD9))
#: A marker inside coded data: not a stuffed zero, not a restart marker, not padding.
_NEXT_MARKER = re.compile(rb"\xff(?=[\x01-\xcf\xd8-\xfe])")


def scan_jpeg(data: bytes, limits: Limits) -> None:
    """Refuse variants the decoder lacks, floods of scans and floods of notes.

    A file without the end marker passes here and is refused as truncated by the decoder.
    """
    scans, notes, framed = 0, 0, False
    for marker, at, length in _segments(data):
        if marker in _ALL_FRAMES:
            _check_frame(marker, data[at : at + 5])
            framed = True
        elif marker in _NOTES:
            notes += length
        elif marker == _START_OF_SCAN:
            scans += 1
        if notes > limits.max_metadata:
            raise refusal("metadata_bomb")
        if scans > limits.max_scans:
            raise refusal("too_many_scans")
    if not framed:
        raise refusal("truncated")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, place of the content and length of every segment; coded data is skipped."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise refusal("corrupt")
        marker = data[at + 1]
        if marker == _END:
            return
        if marker in _WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        yield marker, at + 4, length
        at += 2 + length
        if marker == _START_OF_SCAN:
            following = _NEXT_MARKER.search(data, at)
            if following is None:
                return
            at = following.start()


def _check_frame(marker: int, head: bytes) -> None:
    if len(head) < 5:
        raise refusal("truncated")
    precision, height, width = struct.unpack(">BHH", head)
    if marker not in _KNOWN_FRAMES or precision != 8:
        raise refusal("unsupported_variant", found="JPEG")
    if not width or not height:
        raise refusal("unreadable")
