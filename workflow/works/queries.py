"""Reading photographs; always from the actor: somebody else's photograph does not exist."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from detection.types import Fingerprint, Reference
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say
from workflow.works.models import UploadRecord, Work, WorkFingerprint

PAGE_SIZE = 60
#: Rows of one upload that a page shows.
BATCH_SHOWN = 1000
#: Fingerprints held in memory at once while they are handed to the matcher.
REFERENCES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class PhotographPage:
    """One page of an owner's photographs, newest first."""

    works: list[Work]
    found: int
    page: int
    pages: int


def photographs(session: Session, owner: Actor, search: str = "", page: int = 1) -> PhotographPage:
    """The page (moved into the range that exists) of the photographs that hold the words."""
    wanted = _matching(owner, search)
    found = session.scalar(select(func.count()).select_from(Work).where(*wanted)) or 0
    pages = max(1, -(-found // PAGE_SIZE))
    page = min(max(page, 1), pages)
    rows = session.scalars(
        select(Work)
        .where(*wanted)
        .order_by(Work.added_at.desc(), Work.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    return PhotographPage(list(rows), found, page, pages)


def count(session: Session, owner: Actor) -> int:
    """How many places of the quota are taken."""
    own = Work.owner_id == owner_key(owner)
    return session.scalar(select(func.count()).select_from(Work).where(own)) or 0


def photograph(session: Session, actor: Actor, work_id: uuid.UUID) -> Work:
    """The photograph, for its owner and for operators; :class:`NotFound` for everybody else."""
    work = session.get(Work, work_id)
    if work is None or not _may_see(actor, work):
        raise NotFound(say("This photograph"))
    return work


def by_bytes(session: Session, owner: Actor, sha256: str) -> Work | None:
    """The owner's photograph with exactly these bytes."""
    return session.scalars(
        select(Work).where(Work.owner_id == owner_key(owner), Work.sha256 == sha256)
    ).first()


def upload_batch(session: Session, owner: Actor, batch: uuid.UUID) -> list[UploadRecord]:
    """What became of the files of one upload, in the order they came."""
    return list(
        session.scalars(
            select(UploadRecord)
            .where(UploadRecord.owner_id == owner_key(owner), UploadRecord.batch == batch)
            .order_by(UploadRecord.id)
            .limit(BATCH_SHOWN)
        )
    )


def twin(
    session: Session, owner: Actor, fingerprint: Fingerprint, within: int, least_quality: int
) -> Work | None:
    """The owner's photograph that looks the same: at most `within` of the 256 bits differ."""
    if fingerprint.pdq_quality < least_quality:
        return None
    seen = int.from_bytes(fingerprint.pdq)
    rows = session.execute(
        select(WorkFingerprint.pdq, WorkFingerprint.work_id)
        .join(Work, Work.id == WorkFingerprint.work_id)
        .where(
            Work.owner_id == owner_key(owner),
            WorkFingerprint.algorithm == fingerprint.algorithm,
            WorkFingerprint.version == fingerprint.version,
            WorkFingerprint.pdq_quality >= least_quality,
        )
    )
    nearest = min(
        (((int.from_bytes(pdq) ^ seen).bit_count(), work_id) for pdq, work_id in rows), default=None
    )
    if nearest is None or nearest[0] > within:
        return None
    return session.get(Work, nearest[1])


def references(session: Session) -> Iterator[Reference]:
    """Every photograph of the instance, for the matcher; streamed, in the order they were added."""
    rows = session.scalars(
        select(WorkFingerprint).order_by(WorkFingerprint.id).execution_options(yield_per=REFERENCES_AT_ONCE)
    )
    for row in rows:
        yield Reference(work_id=str(row.work_id), fingerprint=fingerprint_of(row))


def fingerprint_of(row: WorkFingerprint) -> Fingerprint:
    """The row as the matcher knows it."""
    return Fingerprint(
        algorithm=row.algorithm,
        version=row.version,
        pdq=row.pdq,
        pdq_quality=row.pdq_quality,
        phash=row.phash,
        features=row.features,
        feature_count=row.feature_count,
        width=row.width,
        height=row.height,
    )


def owner_key(owner: Actor) -> uuid.UUID:
    """The account of the one who acts."""
    return uuid.UUID(owner.id)


def _may_see(actor: Actor, work: Work) -> bool:
    if actor.role is Role.RIGHTS_HOLDER:
        return work.owner_id == owner_key(actor)
    return actor.role is Role.OPERATOR


def _matching(owner: Actor, search: str) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [Work.owner_id == owner_key(owner)]
    for word in search.lower().split():
        columns = (Work.title, Work.file_name, Work.creator, Work.credit_line)
        wanted.append(or_(*(func.lower(c).contains(word, autoescape=True) for c in columns)))
    return wanted
