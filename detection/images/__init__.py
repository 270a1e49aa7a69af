"""Images from strangers: decoded in child processes with limits, brought to one form, measured.

Importing this package costs no memory: Pillow, NumPy and OpenCV are loaded in the children only.
"""

from __future__ import annotations

from detection.images.distinct import Distinctiveness, distinctiveness
from detection.images.limits import FOUND, UPLOAD, Limits
from detection.images.pool import DecodePool
from detection.images.refusals import REMARKS, ImageRefused
from detection.images.safe import SafeDecoder

__all__ = [
    "FOUND",
    "REMARKS",
    "UPLOAD",
    "DecodePool",
    "Distinctiveness",
    "ImageRefused",
    "Limits",
    "SafeDecoder",
    "distinctiveness",
]
