"""Whatever comes from outside enters here first: one row per foreign id, then 2xx, then the worker.

The raw body is kept as it came, so that it can be verified and read again.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflow.kernel import outbox
from workflow.kernel.db import Base, enum_column, insert_once
from workflow.kernel.ids import new_id

MAX_BODY = 1_000_000


class InboxState(StrEnum):
    """Where a received message stands."""

    #: Written down, not yet worked on.
    RECEIVED = "received"
    #: Its effect is booked, or it needed none.
    DONE = "done"


class InboxMessage(Base):
    """One message from outside; ``foreign_id`` is theirs and unique per source."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("source", "foreign_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str] = mapped_column(String(40))
    foreign_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(80))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    facts: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    state: Mapped[InboxState] = enum_column(InboxState, "state", default=InboxState.RECEIVED)
    outcome: Mapped[str] = mapped_column(String(500), default="")


def receive(
    session: Session,
    source: str,
    foreign_id: str,
    *,
    kind: str,
    body: bytes,
    facts: dict[str, Any],
    wall: datetime,
) -> bool:
    """Write it down and ask the worker to read it; ``False`` when it was seen before (nothing happens)."""
    assert len(body) <= MAX_BODY
    inbox_id = new_id()
    if not insert_once(
        session, InboxMessage, id=inbox_id, source=source, foreign_id=foreign_id, kind=kind, body=body,
        facts=facts, received_at=wall,
    ):  # fmt: skip
        return False
    outbox.post(
        session,
        f"inbox:{source}",
        {"inbox_id": str(inbox_id)},
        key=f"inbox:{source}:{foreign_id}",
        now=wall,
        priority=10,
    )
    return True


def settle(message: InboxMessage, outcome: str) -> None:
    """Its effect is in this transaction; ``outcome`` says what it was."""
    message.state = InboxState.DONE
    message.outcome = outcome[:500]
