"""Said once in the transaction, delivered later: mails, PDFs, payment calls, events, due deadlines.

A message is a row with a key made of our own ids: the same key twice is the same message. A worker claims
a message with a lease and a fencing token; whoever lost its lease cannot finish it. What outside answers
decides the end: done, later again, failed for good, or *unknown* (never repeated by itself).
"""

from __future__ import annotations

import dataclasses
import uuid
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from sqlalchemy import Index, String, Text, cast, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflow.kernel.db import Base, enum_column, insert_once
from workflow.kernel.ids import new_id
from workflow.kernel.said import say

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 12
#: Wait after the n-th failure, seconds; the last value repeats.
BACKOFF_SECONDS = (5, 15, 60, 300, 900, 3600)
EVENT = "event"
#: What these said is gone once it is done: a mail may hold a link that opens something.
#: How urgent most messages are; a smaller number goes first.
ORDINARY = 50
FORGOTTEN_WHEN_DONE = frozenset({"mail"})
#: Recurring questions carry their minute in the key: it never comes again.
RECURRING = ("self_check", "housekeeping", "psp.reconcile")
RECURRING_KEPT = timedelta(days=7)
#: How long a key is remembered after its payload is gone. Nobody repeats anything later: payment services
#: list events for a month, contests end within half a year, and an event of ours is told once.
KEY_KEPT = timedelta(days=400)
PRUNED_AT_ONCE = 500


class OutboxState(StrEnum):
    """Where a message stands."""

    #: Waits for a worker.
    PENDING = "pending"
    #: A worker has it, until the lease ends.
    CLAIMED = "claimed"
    #: Delivered, or its effect is booked.
    DONE = "done"
    #: Refused for good; a person must look.
    FAILED = "failed"
    #: Handed over but never answered: a person must look, it is not sent again by itself.
    UNKNOWN = "unknown"


class OutboxMessage(Base):
    """One thing to be done outside the transaction that decided it."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_next", "state", "priority", "next_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]]
    priority: Mapped[int] = mapped_column(default=50)
    state: Mapped[OutboxState] = enum_column(OutboxState, "state", default=OutboxState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    #: Wall time before which nobody should try.
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    #: The worker before fell silent with it: nobody knows how far it came.
    orphaned: Mapped[bool] = mapped_column(default=False)
    #: Grows with every claim; only the holder of the newest may finish the message.
    fence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(1000), default="")


class Event(Protocol):
    """A frozen dataclass in the past tense whose fields are ids, words, dates and whole numbers."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class LeaseLost(Exception):
    """Somebody else has the message now; what this worker did must be rolled back."""


def post(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    key: str,
    now: datetime,
    priority: int = ORDINARY,
) -> bool:
    """Write a message in the caller's transaction; ``False`` if one with this key exists already.

    ``now`` is wall or business time, whichever the caller has; it is only shown to people.
    """
    return insert_once(
        session, OutboxMessage, key=key, kind=kind, payload=payload, priority=priority, next_at=EPOCH,
        created_at=now,
    )  # fmt: skip


def publish(session: Session, event: Event, *, key: str, now: datetime) -> None:
    """Tell those who listen (``workflow/wiring.py`` says who), after this transaction commits."""
    payload = {"event": type(event).__name__, "fields": _plain(dataclasses.asdict(event))}
    post(session, EVENT, payload, key=f"event:{type(event).__name__}:{key}", now=now, priority=20)


def claim(session: Session, wall: datetime, lease: timedelta = LEASE) -> OutboxMessage | None:
    """Take the next message for the time of ``lease``: ready ones, and those whose worker went silent."""
    ready = (OutboxMessage.state == OutboxState.PENDING) & (OutboxMessage.next_at <= wall)
    orphaned = (OutboxMessage.state == OutboxState.CLAIMED) & (OutboxMessage.lease_until <= wall)
    message = session.scalars(
        select(OutboxMessage)
        .where(ready | orphaned)
        .order_by(OutboxMessage.priority, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if message is None:
        return None
    message.orphaned = message.state is OutboxState.CLAIMED
    message.state = OutboxState.CLAIMED
    message.lease_until = wall + lease
    message.fence += 1
    message.attempts += 1
    session.flush()
    return message


def finish(session: Session, message: OutboxMessage, wall: datetime) -> None:
    """Mark it done, in the transaction that holds its effect; raises :class:`LeaseLost`."""
    values: dict[str, Any] = {
        "state": OutboxState.DONE,
        "done_at": wall,
        "lease_until": None,
        "last_error": "",
    }
    if message.kind in FORGOTTEN_WHEN_DONE:
        values["payload"] = {}
    _settle(session, message, **values)


def retry_later(session: Session, message: OutboxMessage, wall: datetime, error: str) -> None:
    """Give it back for a later try; after :data:`MAX_ATTEMPTS` it fails for good."""
    if message.attempts >= MAX_ATTEMPTS:
        fail(
            session,
            message,
            say("Given up after {attempts} tries: {error}", attempts=message.attempts, error=error),
        )
        return
    wait = BACKOFF_SECONDS[min(message.attempts, len(BACKOFF_SECONDS)) - 1]
    _settle(
        session,
        message,
        state=OutboxState.PENDING,
        next_at=wall + timedelta(seconds=wait),
        lease_until=None,
        last_error=error[:1000],
    )


def fail(session: Session, message: OutboxMessage, error: str) -> None:
    """It will never work as it is; a person must look."""
    _settle(session, message, state=OutboxState.FAILED, lease_until=None, last_error=error[:1000])


def park_unknown(session: Session, message: OutboxMessage, error: str) -> None:
    """Nobody knows whether it arrived; it is not sent again unless a person says so."""
    _settle(session, message, state=OutboxState.UNKNOWN, lease_until=None, last_error=error[:1000])


def repeat(session: Session, message_id: uuid.UUID, wall: datetime) -> None:
    """A person decided: try the failed or unknown message again."""
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == message_id,
            OutboxMessage.state.in_((OutboxState.FAILED, OutboxState.UNKNOWN)),
        )
        .values(state=OutboxState.PENDING, attempts=0, next_at=wall)
    )


def prune(session: Session, wall: datetime, keep: timedelta) -> int:
    """Take away what is done and no longer needed, at most a batch; returns how many rows changed.

    A finished message keeps its content for ``keep`` and its key for :data:`KEY_KEPT`, since the key is
    what makes a second telling harmless. Failed and unknown ones wait for a person, however long.
    """
    done = (OutboxMessage.state == OutboxState.DONE, OutboxMessage.done_at.is_not(None))
    recurring = OutboxMessage.kind.in_(RECURRING) & (OutboxMessage.done_at < wall - RECURRING_KEPT)
    over = recurring | (OutboxMessage.done_at < wall - max(KEY_KEPT, keep))
    old = session.scalars(select(OutboxMessage.id).where(*done, over).limit(PRUNED_AT_ONCE)).all()
    session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(old)))
    told = OutboxMessage.done_at < wall - keep
    says_something = cast(OutboxMessage.payload, Text) != "{}"
    full = session.scalars(
        select(OutboxMessage.id).where(*done, told, says_something).limit(PRUNED_AT_ONCE)
    ).all()
    session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(full)).values(payload={}))
    return len(old) + len(full)


def _settle(session: Session, message: OutboxMessage, **values: Any) -> None:
    result = session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == message.id,
            OutboxMessage.fence == message.fence,
            OutboxMessage.state == OutboxState.CLAIMED,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        raise LeaseLost(message.key)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    assert value is None or isinstance(value, (str, int, bool)), f"{value!r} cannot travel in an event"
    return value


#: Due since ever.
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
