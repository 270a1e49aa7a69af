"""The operator's logo: decoded in the safe place like every picture, kept as a fresh JPEG."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflow.kernel.documents import Vault
from workflow.kernel.errors import Refused
from workflow.kernel.uploads import Decoder, ImageRefusal, receive_file

LARGEST = 5 * 1024 * 1024
LONGEST_SIDE = 800
MEDIA_TYPE = "image/jpeg"


def read(upload: Any, decoder: Decoder) -> bytes | None:
    """The picture of a file field, made harmless; ``None`` when the field was left empty.

    Takes a while: call it before the transaction. Raises :class:`Refused` with what would help.
    """
    if not upload:
        return None
    file = receive_file(upload.filename, upload.stream, LARGEST)
    try:
        return decoder.normalise(file.data, LONGEST_SIDE)
    except Exception as refusal:
        if not isinstance(refusal, ImageRefusal):
            raise
        raise Refused(refusal.sentence, *(each for each in (refusal.remedy,) if each)) from refusal


def keep(session: Session, vault: Vault, picture: bytes, now: datetime) -> uuid.UUID:
    """Store the logo plain (it stands on every letter); returns the document's id."""
    document = vault.put(session, None, picture, media_type=MEDIA_TYPE, name="logo.jpg", now=now)
    return document.id
