"""Writing photographs: add one, note a refusal, correct the words. The caller commits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session

from detection.images.distinct import PDQ_QUALITY_FLOOR
from workflow.accounts.models import Account
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.documents import Document, Vault
from workflow.kernel.errors import NotFound, Stale
from workflow.kernel.ids import new_id
from workflow.kernel.said import say
from workflow.works import queries
from workflow.works.models import TITLE_LENGTH, UploadRecord, Work, WorkFingerprint
from workflow.works.notes import clean_line
from workflow.works.preparing import Prepared, Upload
from workflow.works.rules import rules_on
from workflow.works.states import UploadVerdict
from workflow.works.verdicts import NotTaken, quota_full

JPEG = "image/jpeg"


@dataclass(frozen=True, slots=True)
class WorkWords:
    """What an owner may correct; the picture itself never changes."""

    title: str
    creator: str
    credit_line: str
    copyright_notice: str
    online_since: str
    published_where: str


def add_work(session: Session, vault: Vault, prepared: Prepared, owner: Actor, now: datetime) -> UploadRecord:
    """Store documents, photograph and fingerprint; the record says what became of the file.

    The same bytes twice are no error: the record points to the photograph that is there. A full
    quota is recorded as a refusal. The bytes are durable before a row names them.
    """
    upload, rules = prepared.upload, rules_on(now.date())
    settled = note_if_settled(session, upload, owner, now)
    if settled is not None:
        return settled
    twin = queries.twin(session, owner, prepared.fingerprint, rules.twin_distance, PDQ_QUALITY_FLOOR)
    work = _new_work(session, vault, prepared, owner, now)
    audit.record(
        session, "work", work.id, "work:add", owner, now,
        label=say("Uploaded the photograph"), note=f"{upload.file_name}, SHA-256 {upload.sha256}",
    )  # fmt: skip
    return _note(
        session, upload, owner, now, verdict=UploadVerdict.ACCEPTED, code="accepted",
        sentence=_welcome(prepared, twin), work_id=work.id,
    )  # fmt: skip


def note_if_settled(session: Session, upload: Upload, owner: Actor, now: datetime) -> UploadRecord | None:
    """Record a duplicate or a full quota, which the bytes alone decide; else ``None``.

    Holds the owner's row until the end of the transaction.
    """
    _lock_owner(session, owner)
    present = queries.by_bytes(session, owner, upload.sha256)
    if present is not None:
        return _note(
            session, upload, owner, now, verdict=UploadVerdict.DUPLICATE, code="duplicate",
            sentence=say("This file is already among your photographs, as “{title}”.", title=present.title),
            remedy=say("There is nothing to do."), work_id=present.id,
        )  # fmt: skip
    quota = rules_on(now.date()).photographs_per_owner
    if queries.count(session, owner) >= quota:
        return note_refusal(session, upload, owner, quota_full(quota), now)
    return None


def note_refusal(
    session: Session, upload: Upload, owner: Actor, refused: NotTaken, now: datetime
) -> UploadRecord:
    """Record that the file was not taken, why, and what would help."""
    return _note(
        session, upload, owner, now, verdict=refused.verdict, code=refused.code,
        sentence=refused.sentence, remedy=refused.remedy,
    )  # fmt: skip


def edit_work(
    session: Session, work_id: uuid.UUID, words: WorkWords, seen_version: int, actor: Actor,
    now: datetime,
) -> Work:  # fmt: skip
    """Correct the words of an own photograph; :class:`Stale` when they changed meanwhile."""
    own = (Work.id == work_id, Work.owner_id == queries.owner_key(actor))
    work = session.scalars(select(Work).where(*own).with_for_update()).first()
    if work is None:
        raise NotFound(say("This photograph"))
    if work.version != seen_version:
        raise Stale
    changed = [name for name in WorkWords.__slots__ if getattr(work, name) != getattr(words, name)]
    if not changed:
        return work
    for name in changed:
        setattr(work, name, getattr(words, name))
    work.version += 1
    audit.record(
        session, "work", work.id, "work:edit", actor, now,
        label=say("Corrected the words of the photograph"),
        note=", ".join(name.replace("_", " ") for name in changed),
    )  # fmt: skip
    return work


def _lock_owner(session: Session, owner: Actor) -> None:
    """One upload of an owner after the other, so that two can neither pass the quota nor double."""
    held = session.scalar(
        select(Account.role).where(Account.id == queries.owner_key(owner)).with_for_update()
    )
    if held is not Role.RIGHTS_HOLDER:
        raise NotFound(say("This account"))


def _new_work(session: Session, vault: Vault, prepared: Prepared, owner: Actor, now: datetime) -> Work:
    upload, info, notes = prepared.upload, prepared.info, prepared.notes
    scope = f"owner:{queries.owner_key(owner)}"

    def keep(data: bytes, media_type: str, name: str) -> Document:
        return vault.put(session, scope, data, media_type=media_type, name=name, now=now)

    original = keep(upload.data, info.media_type, upload.file_name)
    display = keep(prepared.display, JPEG, "display.jpg")
    thumb = keep(prepared.thumb, JPEG, "thumbnail.jpg")
    work = Work(
        id=new_id(), owner_id=queries.owner_key(owner), title=_title(prepared),
        file_name=upload.file_name, sha256=upload.sha256, media_type=info.media_type,
        size=len(upload.data), width=info.width, height=info.height,
        original_document_id=original.id, display_document_id=display.id,
        thumb_document_id=thumb.id, creator=notes.creator, credit_line=notes.credit_line,
        copyright_notice=notes.copyright_notice, licence_url=notes.licence_url,
        taken_on=notes.taken_on, online_since=upload.online_since,
        published_where=upload.published_where, distinctive=prepared.distinctive, added_at=now,
    )  # fmt: skip
    session.add(work)
    session.flush()
    _add_fingerprint(session, work, prepared)
    return work


def _add_fingerprint(session: Session, work: Work, prepared: Prepared) -> None:
    made = prepared.fingerprint
    row = WorkFingerprint(
        id=new_id(), work_id=work.id, algorithm=made.algorithm, version=made.version,
        pdq=made.pdq, pdq_quality=made.pdq_quality, phash=made.phash, features=made.features,
        feature_count=made.feature_count, width=made.width, height=made.height,
    )  # fmt: skip
    session.add(row)
    session.flush()


def _title(prepared: Prepared) -> str:
    """What the file calls itself, else its name without the ending."""
    named = clean_line(PurePath(prepared.upload.file_name).stem, TITLE_LENGTH)
    return prepared.notes.title or named or say("Untitled")


def _welcome(prepared: Prepared, twin: Work | None) -> str:
    sentences = [say("Copies are looked for from the next search on.")]
    if not prepared.distinctive:
        sentences.append(say("It shows little detail: whole copies are found, crops often are not."))
    if twin is not None:
        title = clean_line(twin.title, 80)
        sentences.append(say("It looks the same as “{title}”: hits may be shown for both.", title=title))
    return " ".join(sentences)


def _note(
    session: Session, upload: Upload, owner: Actor, now: datetime, *, verdict: UploadVerdict,
    code: str, sentence: str, remedy: str = "", work_id: uuid.UUID | None = None,
) -> UploadRecord:  # fmt: skip
    record = UploadRecord(
        id=new_id(), owner_id=queries.owner_key(owner), batch=upload.batch,
        file_name=upload.file_name, verdict=verdict, code=code, sentence=sentence, remedy=remedy,
        work_id=work_id, at=now,
    )  # fmt: skip
    session.add(record)
    session.flush()
    return record
