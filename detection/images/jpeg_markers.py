# ruff: noqa: PLR2004 - markers of a published file format
"""The segments of a JPEG file, walked without decoding."""

from __future__ import annotations

import re
import struct

from detection.images.limits import Limits
from detection.images.refusals import refusal

_START_OF_SCAN = 0xDA
_END = 0xD9
#: Baseline, extended and progressive Huffman coding; everything else is rare or patented.
_KNOWN_FRAMES = (0xC0, 0xC1, 0xC2)
_ALL_FRAMES = (*_KNOWN_FRAMES, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
_NOTES = (*range(0xE0, 0xF0), 0xFE)
#: A marker inside coded data: not a stuffed zero, not a restart marker, not padding.
_NEXT_MARKER = re.compile(rb"\xff(?=[\x01-\xcf\xd8-\xfe])")


def scan_jpeg(data: bytes, limits: Limits) -> None:
    """Refuse variants the decoder lacks, floods of scans and floods of notes.

    A file without the end marker is taken if all its pixels decode.
    """
    at, scans, notes, framed = 2, 0, 0, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise refusal("corrupt")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            return
        if 0xD0 <= marker <= 0xD8 or marker == 0x01:
            at += 2
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if marker in _ALL_FRAMES:
            _check_frame(marker, data[at + 4 : at + 9])
            framed = True
        elif marker in _NOTES:
            notes += length
            if notes > limits.max_metadata:
                raise refusal("metadata_bomb")
        at += 2 + length
        if marker == _START_OF_SCAN:
            scans += 1
            if scans > limits.max_scans:
                raise refusal("too_many_scans")
            following = _NEXT_MARKER.search(data, at)
            if following is None:
                break
            at = following.start()
    if not framed:
        raise refusal("truncated")


def _check_frame(marker: int, head: bytes) -> None:
    if len(head) < 5:
        raise refusal("truncated")
    precision, height, width = struct.unpack(">BHH", head)
    if marker not in _KNOWN_FRAMES or precision != 8:
        raise refusal("unsupported_variant", found="JPEG")
    if not width or not height:
        raise refusal("unreadable")
