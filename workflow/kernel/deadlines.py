"""Every business date is a row. A tick only asks which rows are due; nothing is remembered in a timer.

``ours`` deadlines (reminders, dunning steps, hand-over) pause under a hold; statutory ones never do and
no state ends them. A due deadline that is refused stays: ``blocked``, with its reasons, on a person's list.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, Select, String, bindparam, insert, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id

DUE_BATCH = 200


class DeadlineState(StrEnum):
    """Where a deadline stands."""

    #: Waits for its time.
    OPEN = "open"
    #: A tick found it due; a worker has it in hand.
    CLAIMED = "claimed"
    #: Did what it was for.
    FIRED = "fired"
    #: Was refused; a person must look.
    BLOCKED = "blocked"
    #: Stands still under a hold.
    PAUSED = "paused"
    #: No longer needed: its subject moved on.
    ENDED = "ended"


LIVE = (DeadlineState.OPEN, DeadlineState.CLAIMED, DeadlineState.BLOCKED, DeadlineState.PAUSED)


class DeadlineRow(Base):
    """At ``due_at`` (business time) fire ``trigger`` on the subject."""

    __tablename__ = "deadlines"
    __table_args__ = (
        Index(
            "one_live_deadline_per_kind",
            "subject_type",
            "subject_id",
            "kind",
            unique=True,
            sqlite_where=text("state IN ('open', 'claimed', 'blocked', 'paused')"),
            postgresql_where=text("state IN ('open', 'claimed', 'blocked', 'paused')"),
        ),
        Index("ix_deadlines_due", "state", "due_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(String(40))
    trigger: Mapped[str] = mapped_column(String(40))
    due_at: Mapped[datetime]
    ours: Mapped[bool] = mapped_column(default=True)
    state: Mapped[DeadlineState] = enum_column(DeadlineState, "state", default=DeadlineState.OPEN)
    reasons: Mapped[list[str]] = mapped_column(default=list)
    #: How often a tick took it; part of the message's key, so that it can be taken again.
    claims: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]


_OPEN = insert(DeadlineRow)
_END = (
    update(DeadlineRow)
    .where(
        DeadlineRow.subject_type == bindparam("of"),
        DeadlineRow.subject_id == bindparam("which"),
        DeadlineRow.state.in_(LIVE),
        DeadlineRow.ours.is_(True),
    )
    .values(state=bindparam("over"), ended_at=bindparam("now"))
)


def open_deadline(
    session: Session,
    subject_type: str,
    subject_id: uuid.UUID,
    *,
    kind: str,
    trigger: str,
    due_at: datetime,
    now: datetime,
    ours: bool = True,
) -> uuid.UUID:
    """Write down a date at once; returns its key. The database refuses a second live one of the kind."""
    key = new_id()
    session.connection().execute(
        _OPEN,
        {
            "id": key, "subject_type": subject_type, "subject_id": subject_id, "kind": kind,
            "trigger": trigger, "due_at": due_at, "opened_at": now, "ours": ours, "reasons": [],
            "state": DeadlineState.OPEN, "claims": 0,
        },
    )  # fmt: skip
    return key


def live(session: Session, subject_type: str, subject_id: uuid.UUID) -> list[DeadlineRow]:
    """The subject's deadlines that still matter, next first."""
    return list(
        session.scalars(
            select(DeadlineRow)
            .where(
                DeadlineRow.subject_type == subject_type,
                DeadlineRow.subject_id == subject_id,
                DeadlineRow.state.in_(LIVE),
            )
            .order_by(DeadlineRow.due_at)
        )
    )


def end_live(session: Session, subject_type: str, subject_id: uuid.UUID, now: datetime) -> None:
    """The subject moved on: our dates for the state it left are over; statutory ones stay."""
    if any(isinstance(waiting, DeadlineRow) for waiting in (*session.new, *session.dirty)):
        session.flush()
    session.connection().execute(
        _END, {"of": subject_type, "which": subject_id, "over": DeadlineState.ENDED, "now": now}
    )
    for row in session.identity_map.values():  # rows in somebody's hands know it too
        if not isinstance(row, DeadlineRow) or not row.ours or row.state not in LIVE:
            continue
        if (row.subject_type, row.subject_id) == (subject_type, subject_id):
            set_committed_value(row, "state", DeadlineState.ENDED)
            set_committed_value(row, "ended_at", now)


def pause(session: Session, subject_type: str, subject_id: uuid.UUID, now: datetime) -> int:
    """A hold begins: stop our clocks; returns how many stood running."""
    running = [
        row
        for row in live(session, subject_type, subject_id)
        if row.ours and row.state is not DeadlineState.PAUSED
    ]
    for row in running:
        row.state = DeadlineState.PAUSED
        row.paused_at = now
    session.flush()
    return len(running)


def paused(session: Session, subject_type: str, subject_id: uuid.UUID) -> list[DeadlineRow]:
    """What stands still; the caller computes the new date of each and calls :func:`resume`."""
    return [row for row in live(session, subject_type, subject_id) if row.state is DeadlineState.PAUSED]


def resume(row: DeadlineRow, due_at: datetime) -> None:
    """Let one paused deadline run again towards its new date."""
    assert row.state is DeadlineState.PAUSED
    row.state = DeadlineState.OPEN
    row.paused_at = None
    row.due_at = due_at


def due_query(now: datetime) -> Select[DeadlineRow]:
    """The due rows, oldest first, at most one batch; ``ix_deadlines_due`` finds them among any number."""
    return (
        select(DeadlineRow)
        .where(DeadlineRow.state == DeadlineState.OPEN, DeadlineRow.due_at <= now)
        .order_by(DeadlineRow.due_at)
        .limit(DUE_BATCH)
        .with_for_update(skip_locked=True)
    )


def claim_due(session: Session, now: datetime) -> list[DeadlineRow]:
    """Take the due rows (at most one batch), oldest first; they are the caller's until it commits."""
    rows = list(session.scalars(due_query(now)))
    for row in rows:
        row.state = DeadlineState.CLAIMED
        row.claims += 1
    session.flush()
    return rows


def block(session: Session, deadline_id: uuid.UUID, reasons: tuple[str, ...]) -> None:
    """It was refused: keep it open in front of a person, with the reasons."""
    session.execute(
        update(DeadlineRow)
        .where(DeadlineRow.id == deadline_id, DeadlineRow.state == DeadlineState.CLAIMED)
        .values(state=DeadlineState.BLOCKED, reasons=list(reasons))
    )


def unblock(session: Session, deadline_id: uuid.UUID) -> None:
    """A person removed the reasons: let the next tick try it again."""
    session.execute(
        update(DeadlineRow)
        .where(DeadlineRow.id == deadline_id, DeadlineRow.state == DeadlineState.BLOCKED)
        .values(state=DeadlineState.OPEN, reasons=[])
    )


def blocked(session: Session, limit: int = 100) -> list[DeadlineRow]:
    """What was refused and waits for a person, oldest first."""
    return list(
        session.scalars(
            select(DeadlineRow)
            .where(DeadlineRow.state == DeadlineState.BLOCKED)
            .order_by(DeadlineRow.due_at)
            .limit(limit)
        )
    )
