"""What self-check found and what still stands, for the queue, ``/ready`` and the figures."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflow.kernel.db import Base
from workflow.kernel.ids import new_id

SENTENCE = 500


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that does not hold; ``grave`` is false for what only wants a look."""

    truth: str
    sentence: str
    grave: bool = True


class Finding(Base):
    """A truth that did not hold at the last check."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("truth", "sentence"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    truth: Mapped[str] = mapped_column(String(40))
    sentence: Mapped[str] = mapped_column(String(SENTENCE))
    grave: Mapped[bool]
    #: Wall time of the check that found it first.
    since: Mapped[datetime]


def note(session: Session, found: Iterable[Found], looked_at: Iterable[str], wall: datetime) -> None:
    """Write down what was found; what was looked at and holds again is forgotten. The caller commits."""
    now = {(each.truth, each.sentence[:SENTENCE]): each.grave for each in found}
    looked = set(looked_at)
    before = {(row.truth, row.sentence): row for row in session.scalars(select(Finding))}
    for key, row in before.items():
        if key not in now and row.truth in looked:
            session.execute(delete(Finding).where(Finding.id == row.id))
    for (truth, sentence), grave in now.items():
        if (truth, sentence) not in before:
            session.add(Finding(truth=truth, sentence=sentence, grave=grave, since=wall))
    session.flush()


def standing(session: Session, limit: int = 100) -> list[Finding]:
    """What stands, grave ones first, oldest first."""
    return list(
        session.scalars(
            select(Finding).order_by(Finding.grave.desc(), Finding.since, Finding.id).limit(limit)
        )
    )


def count_grave(session: Session) -> int:
    """How many truths do not hold."""
    return session.scalar(select(func.count()).select_from(Finding).where(Finding.grave)) or 0
