"""A photograph as an HTTP answer: our fresh copies shown, the original only handed out."""

from __future__ import annotations

import uuid
from enum import StrEnum

from flask import Response, request

from workflow.kernel.documents import Document
from workflow.kernel.errors import NotFound
from workflow.web.current import actor, reading, runtime
from workflow.works import queries
from workflow.works.models import Work

#: The bytes behind an address never change; after this a browser asks whether it may still look.
KEPT_SECONDS = 3600


class PictureKind(StrEnum):
    """Which of the three documents."""

    DISPLAY = "display"
    THUMB = "thumb"
    #: The owner's own bytes: never shown inline, whatever they claim to be.
    ORIGINAL = "original"


def picture(work_id: uuid.UUID, kind: PictureKind) -> Response:
    """The picture, for those who may see the photograph; 304 when the browser has it already."""
    with reading() as session:
        work = queries.photograph(session, actor(), work_id)
        document = session.get(Document, _document_id(work, kind))
        assert document is not None, "a foreign key guards this"
        if request.if_none_match.contains(document.address):
            response = Response(status=304)
        else:
            data = runtime().vault.get(session, document.id)
            response = Response(data, mimetype=document.media_type)
        if kind is PictureKind.ORIGINAL:
            response.headers.set("Content-Disposition", "attachment", filename=work.file_name)
        response.set_etag(document.address)
    response.cache_control.private = True
    response.cache_control.max_age = KEPT_SECONDS
    return response


def kind_of(word: str, *, original: bool) -> PictureKind:
    """The kind by its word in the address; what this role may not have does not exist."""
    if word not in set(PictureKind) or (word == PictureKind.ORIGINAL and not original):
        raise NotFound
    return PictureKind(word)


def _document_id(work: Work, kind: PictureKind) -> uuid.UUID:
    return {
        PictureKind.DISPLAY: work.display_document_id,
        PictureKind.THUMB: work.thumb_document_id,
        PictureKind.ORIGINAL: work.original_document_id,
    }[kind]
