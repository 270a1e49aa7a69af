"""The decoder of uploads: the one decode path of ``detection.images``, which also reads notes."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from detection.images import UPLOAD, DecodePool, Limits, SafeDecoder
from detection.images.refusals import refusal
from detection.types import Fingerprint, ImageInfo
from workflow.works.bare_jpeg import NotJpeg, bare
from workflow.works.notes import Notes, notes_from_wire

CHILD = "workflow.works.decoding_child"


@runtime_checkable
class PhotographDecoder(Protocol):
    """What an upload asks of a decoder; every call raises ImageRefused."""

    def inspect(self, data: bytes) -> ImageInfo:
        """Decode the whole image once and say what it is."""
        ...

    def normalise(self, data: bytes, max_side: int) -> bytes:
        """A fresh JPEG without any metadata."""
        ...

    def fingerprint(self, data: bytes) -> Fingerprint:
        """Measure a photograph to look for."""
        ...

    def notes(self, data: bytes) -> Notes:
        """What the file says about itself."""
        ...


class UploadDecoder(SafeDecoder):
    """A :class:`SafeDecoder` whose children read notes as well. Safe to call from any thread."""

    def __init__(self, size: int = 1, limits: Limits = UPLOAD) -> None:
        pool = DecodePool(size, module=CHILD)
        super().__init__(pool, limits)

    def normalise(self, data: bytes, max_side: int) -> bytes:
        """As in the base class, and looked at once more on this side."""
        try:
            return bare(super().normalise(data, max_side))
        except NotJpeg as nonsense:
            raise refusal("unreadable") from nonsense

    def notes(self, data: bytes) -> Notes:
        """EXIF, IPTC and XMP; broken or hostile ones are passed over."""
        self._check_size(data)
        answer, _ = self._pool.call("notes", data, self._limits)
        said = answer.get("notes")
        return notes_from_wire(said if isinstance(said, dict) else {})
