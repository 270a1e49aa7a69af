"""How much of everything one image may use."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one decoding; each refusal names the limit that was hit."""

    max_bytes: int = 100 * _MIB
    max_pixels: int = 200_000_000
    max_side: int = 30_000
    min_side: int = 32
    #: Frames of an animation, pages of a TIFF. Only the first is ever decoded.
    max_frames: int = 500
    #: Scans of a progressive JPEG; real ones have about ten.
    max_scans: int = 100
    #: EXIF, XMP, colour profiles and comments together.
    max_metadata: int = 8 * _MIB
    #: Wall time; the CPU time of the child is limited to the same.
    seconds: float = 20.0
    #: Address space of the child.
    memory: int = 2048 * _MIB


#: A photographer's own files.
UPLOAD = Limits()
#: Whatever the web served.
FOUND = Limits(max_bytes=25 * _MIB, max_pixels=80_000_000, min_side=16, seconds=10.0)
