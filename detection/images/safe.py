"""The one decode path for uploads and crawl, as the parent sees it."""

from __future__ import annotations

import hashlib

from detection.images.limits import UPLOAD, Limits
from detection.images.packing import fingerprint_from_wire
from detection.images.pool import DecodePool
from detection.images.refusals import refusal
from detection.types import Fingerprint, ImageInfo


class SafeDecoder:
    """Facts about hostile bytes, had from child processes. Safe to call from any thread."""

    def __init__(self, pool: DecodePool, limits: Limits = UPLOAD) -> None:
        self._pool = pool
        self._limits = limits

    def inspect(self, data: bytes) -> ImageInfo:
        """Decode the whole image once and say what it is; raises ImageRefused."""
        self._check_size(data)
        answer, _ = self._pool.call("inspect", data, self._limits)
        return ImageInfo(
            format=str(answer["format"]),
            width=int(answer["width"]),
            height=int(answer["height"]),
            frames=int(answer["frames"]),
            sha256=hashlib.sha256(data).hexdigest(),
            remarks=tuple(str(remark) for remark in answer["remarks"]),
        )

    def normalise(self, data: bytes, max_side: int) -> bytes:
        """A fresh JPEG without any metadata: upright, sRGB, on white, at most `max_side` long."""
        self._check_size(data)
        _, jpeg = self._pool.call("normalise", data, self._limits, {"max_side": max_side})
        return jpeg

    def fingerprint(self, data: bytes, *, found: bool = False) -> Fingerprint:
        """Measure a photograph to look for; `found` measures an image to look in."""
        self._check_size(data)
        answer, body = self._pool.call("fingerprint", data, self._limits, {"found": found})
        return fingerprint_from_wire(answer, body)

    def close(self) -> None:
        """End the children."""
        self._pool.close()

    def _check_size(self, data: bytes) -> None:
        if not data:
            raise refusal("empty")
        if len(data) > self._limits.max_bytes:
            raise refusal("too_large", max_megabytes=self._limits.max_bytes // 1024 // 1024)
