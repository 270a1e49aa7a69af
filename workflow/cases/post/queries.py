"""Reading what is on its way by post; for operators."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from workflow.cases.models import Case, Letter
from workflow.cases.post.batches import why_not_post
from workflow.cases.post.models import LetterDelivery, PostBatch
from workflow.cases.post.states import DeliveryState, Way
from workflow.kernel.db import Session
from workflow.kernel.documents import Document
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One letter of a batch; ``reason``: why it must be taken out of the pile before posting."""

    delivery: LetterDelivery
    letter: Letter
    case: Case
    reason: str | None


def batches(session: Session) -> list[PostBatch]:
    """The newest batches."""
    return list(session.scalars(select(PostBatch).order_by(PostBatch.number.desc()).limit(SHOWN)))


def lying(session: Session) -> dict[uuid.UUID, int]:
    """How many letters of each batch wait to be posted."""
    rows = session.execute(
        select(LetterDelivery.batch_id, func.count())
        .where(LetterDelivery.state == DeliveryState.BATCHED)
        .group_by(LetterDelivery.batch_id)
    )
    return {batch_id: count for batch_id, count in rows if batch_id is not None}


def batch_of(session: Session, batch_id: uuid.UUID) -> PostBatch:
    """One batch."""
    batch = session.get(PostBatch, batch_id)
    if batch is None:
        raise NotFound(say("This batch"))
    return batch


def lines_of(session: Session, batch: PostBatch, now: datetime) -> list[Line]:
    """What is in the batch, in its order, each asked whether it may still go."""
    rows = session.execute(
        select(LetterDelivery, Letter, Case)
        .join(Letter, Letter.id == LetterDelivery.letter_id)
        .join(Case, Case.id == Letter.case_id)
        .where(LetterDelivery.batch_id == batch.id)
        .order_by(LetterDelivery.position)
    )
    return [
        Line(
            delivery, letter, case,
            why_not_post(session, case, letter, now) if delivery.state is DeliveryState.BATCHED else None,
        )
        for delivery, letter, case in rows
    ]  # fmt: skip


def waiting_count(session: Session) -> int:
    """How many letters wait for a batch."""
    return (
        session.scalar(
            select(func.count())
            .select_from(LetterDelivery)
            .where(LetterDelivery.way == Way.POST, LetterDelivery.state == DeliveryState.WAITING)
        )
        or 0
    )


def delivery_of(session: Session, delivery_id: uuid.UUID) -> tuple[LetterDelivery, Letter, Case]:
    """One posting with its letter and case."""
    found = session.execute(
        select(LetterDelivery, Letter, Case)
        .join(Letter, Letter.id == LetterDelivery.letter_id)
        .join(Case, Case.id == Letter.case_id)
        .where(LetterDelivery.id == delivery_id, LetterDelivery.way == Way.POST)
    ).first()
    if found is None:
        raise NotFound(say("This letter"))
    return found[0], found[1], found[2]


def document_of(session: Session, document_id: uuid.UUID) -> Document:
    """The bytes behind a batch."""
    return session.get_one(Document, document_id)
