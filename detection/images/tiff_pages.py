"""The chain of pages in a TIFF file, walked without decoding."""

from __future__ import annotations

import struct

from detection.images.limits import Limits
from detection.images.refusals import refusal

_COMPRESSION = 259
_NOTES = (700, 33723, 34377, 34675, 37724)  # XMP, IPTC, Photoshop, colour profile, layers
#: None, LZW, JPEG, Deflate (two numbers), PackBits. Fax codecs and the old JPEG are not photographs.
_KNOWN_COMPRESSIONS = (1, 5, 7, 8, 32946, 32773)


def count_pages(data: bytes, limits: Limits) -> int:
    """Pages of the file; refuses loops, floods and codecs that photographs do not use."""
    order = "<" if data[:2] == b"II" else ">"
    at = _number(data, 4, order + "I")
    seen: set[int] = set()
    while at:
        if at in seen:
            raise refusal("corrupt")
        seen.add(at)
        if len(seen) > limits.max_frames:
            raise refusal("too_many_frames", max_frames=limits.max_frames)
        entries = _number(data, at, order + "H")
        notes = 0
        for entry in range(entries):
            notes += _check_entry(data, at + 2 + 12 * entry, order)
        if notes > limits.max_metadata:
            raise refusal("metadata_bomb")
        at = _number(data, at + 2 + 12 * entries, order + "I")
    if not seen:
        raise refusal("unreadable")
    return len(seen)


def _check_entry(data: bytes, at: int, order: str) -> int:
    """Size of a note that the entry points to; refuses rare codecs."""
    tag = _number(data, at, order + "H")
    if tag == _COMPRESSION:
        codec = _number(data, at + 8, order + "H")
        if codec not in _KNOWN_COMPRESSIONS:
            raise refusal("unsupported_variant", found="TIFF")
    return _number(data, at + 4, order + "I") if tag in _NOTES else 0


def _number(data: bytes, at: int, form: str) -> int:
    size = struct.calcsize(form)
    if at < 0 or at + size > len(data):
        raise refusal("truncated")
    value: int = struct.unpack(form, data[at : at + size])[0]
    return value
