"""A last look at the copies we show: JPEG segments that draw, and no words of a stranger's."""

from __future__ import annotations

import struct

_START, _START_OF_SCAN = b"\xff\xd8", 0xDA
_MARK, _LENGTH_ITSELF = 0xFF, 2
_COMMENT, _NOTES = 0xFE, range(0xE1, 0xF0)  # APP1 to APP15: EXIF, XMP, IPTC, profiles


class NotJpeg(Exception):
    """The bytes are no JPEG file."""


def bare(jpeg: bytes) -> bytes:
    """The same picture without comments and notes; raises :class:`NotJpeg`."""
    if not jpeg.startswith(_START):
        raise NotJpeg
    kept, at = [_START], len(_START)
    while at + 4 <= len(jpeg):
        mark, marker, length = struct.unpack_from(">BBH", jpeg, at)
        if mark != _MARK or length < _LENGTH_ITSELF:
            raise NotJpeg
        if marker == _START_OF_SCAN:
            return b"".join((*kept, jpeg[at:]))
        end = at + 2 + length
        if marker != _COMMENT and marker not in _NOTES:
            kept.append(jpeg[at:end])
        at = end
    raise NotJpeg
