"""One file from its first byte to its verdict: decode and measure, then one short transaction.

Used by the desk, the command line and the demo alike.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime

from detection.images import UPLOAD, ImageRefused
from detection.images.refusals import refusal
from workflow.kernel.actors import Actor
from workflow.kernel.failpoints import failpoint
from workflow.kernel.runtime import Runtime
from workflow.kernel.uploads import Stream, TooLarge, read_limited, sanitise_name
from workflow.works import services
from workflow.works.decoding import PhotographDecoder
from workflow.works.models import UploadRecord
from workflow.works.preparing import Prepared, Upload, prepare
from workflow.works.rules import rules_on
from workflow.works.verdicts import NotTaken, of_refused_image

#: Files that are in memory at the same time; each may weigh a hundred megabytes and is copied.
_ROOM = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file on its way in; nothing of it has been read."""

    file_name: str | None
    stream: Stream
    batch: uuid.UUID
    online_since: str = ""
    published_where: str = ""


def take_in(runtime: Runtime, sent: Sent, owner: Actor, now: datetime) -> UploadRecord:
    """Take one file of `owner` in; the record (already committed) says what became of it.

    Never raises for what a file holds; :class:`Unavailable` when this machine cannot decode now.
    """
    with _ROOM:
        upload, refused = _read(sent)
        if refused is None:
            with runtime.database.transaction() as session:  # spares the decoding
                known = services.note_if_settled(session, upload, owner, now)
            if known is not None:
                return known
            try:
                prepared = prepare(_decoder(runtime), upload, rules_on(now.date()))
            except NotTaken as not_taken:
                refused = not_taken
            else:
                return _add(runtime, prepared, owner, now)
        with runtime.database.transaction() as session:
            return services.note_refusal(session, upload, owner, refused, now)


def _add(runtime: Runtime, prepared: Prepared, owner: Actor, now: datetime) -> UploadRecord:
    failpoint("upload.after_prepare")
    with runtime.database.transaction() as session:
        record = services.add_work(session, runtime.vault, prepared, owner, now)
        failpoint("upload.before_commit")
    failpoint("upload.after_commit")
    return record


def _read(sent: Sent) -> tuple[Upload, NotTaken | None]:
    """The upload; without its bytes, and refused, when there are too many of them."""
    refused = None
    try:
        data = read_limited(sent.stream, UPLOAD.max_bytes)
    except TooLarge:
        data = b""
        refused = of_refused_image(_too_large())
    name = sanitise_name(sent.file_name)
    sha256 = hashlib.sha256(data).hexdigest()
    upload = Upload(name, data, sha256, sent.batch, sent.online_since, sent.published_where)
    return upload, refused


def _too_large() -> ImageRefused:
    return refusal("too_large", max_megabytes=UPLOAD.max_bytes // 1024 // 1024)


def _decoder(runtime: Runtime) -> PhotographDecoder:
    decoder = runtime.decoder
    assert isinstance(decoder, PhotographDecoder), "the runtime needs works.decoding.UploadDecoder"
    return decoder
