"""From bytes to everything that will be stored, before any transaction begins."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from detection.images import Distinctiveness, ImageRefused, distinctiveness
from detection.images.pool import PoolClosed, PoolUnavailable
from detection.types import Fingerprint, ImageInfo
from workflow.kernel.errors import Unavailable
from workflow.kernel.said import say
from workflow.works.decoding import PhotographDecoder
from workflow.works.notes import Notes
from workflow.works.rules import UploadRules
from workflow.works.verdicts import (
    NotTaken,
    nothing_to_tell_apart,
    of_refused_image,
    too_small,
)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it came, and what its owner said about it."""

    #: Made harmless by ``kernel.uploads.sanitise_name``.
    file_name: str
    data: bytes
    #: Of the bytes, in hex.
    sha256: str
    #: The files that were sent in one go.
    batch: uuid.UUID
    online_since: str = ""
    published_where: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that may become a photograph: decoded, measured, re-encoded."""

    upload: Upload
    info: ImageInfo
    fingerprint: Fingerprint
    #: Fresh JPEGs without metadata.
    display: bytes
    thumb: bytes
    notes: Notes
    distinctive: bool


def prepare(decoder: PhotographDecoder, upload: Upload, rules: UploadRules) -> Prepared:
    """Decode and measure in the child process; touches neither database nor vault.

    Raises :class:`NotTaken` with the verdict, :class:`Unavailable` when no child can be started.
    """
    try:
        info = decoder.inspect(upload.data)
        if max(info.width, info.height) < rules.shortest_longest_side:
            raise too_small(max(info.width, info.height), rules.shortest_longest_side)
        fingerprint = decoder.fingerprint(upload.data)
        expected = distinctiveness(fingerprint)
        if expected is Distinctiveness.NONE:
            raise nothing_to_tell_apart()
        display = decoder.normalise(upload.data, rules.display_side)
        thumb = decoder.normalise(display, rules.thumb_side)
        notes = decoder.notes(upload.data)
    except ImageRefused as refused:
        raise of_refused_image(refused) from refused
    except (PoolUnavailable, PoolClosed) as missing:
        raise Unavailable(say("Photographs cannot be opened at this moment. Please try again.")) from missing
    return Prepared(
        upload=upload,
        info=info,
        fingerprint=fingerprint,
        display=display,
        thumb=thumb,
        notes=notes,
        distinctive=expected is Distinctiveness.GOOD,
    )


__all__ = ["NotTaken", "Prepared", "Upload", "prepare"]
