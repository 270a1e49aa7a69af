"""Reading payments."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case
from workflow.cases.states import CaseTrigger
from workflow.kernel import ledger
from workflow.kernel.audit import AuditEntry, history
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound
from workflow.kernel.ledger import JournalEntry, JournalLine
from workflow.kernel.said import say
from workflow.money.gateway import GatewayEvent
from workflow.money.models import Payin
from workflow.money.states import GOOD, LIVE

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Booking:
    """A journal entry with its lines."""

    entry: JournalEntry
    lines: Sequence[JournalLine]


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """One page of payments with their cases, newest first."""

    rows: Sequence[tuple[Payin, Case]]
    found: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class PaymentSheet:
    """Everything about one payment."""

    payin: Payin
    case: Case
    bookings: Sequence[Booking]
    told: Sequence[AuditEntry]


def payin(session: Session, payin_id: uuid.UUID) -> Payin:
    """The payin, or :class:`NotFound`."""
    found = session.get(Payin, payin_id)
    if found is None:
        raise NotFound(say("This payment"))
    return found


def payin_of_case(session: Session, case_id: uuid.UUID, payin_id: uuid.UUID) -> Payin:
    """The payin, for whoever may see this case; another case's does not exist."""
    found = payin(session, payin_id)
    if found.case_id != case_id:
        raise NotFound(say("This payment"))
    return found


def by_intent(session: Session, payment_intent: str) -> Payin | None:
    """The payin this payment was bound to."""
    return session.scalars(select(Payin).where(Payin.payment_intent == payment_intent)).first()


def by_foreign_id(session: Session, foreign_id: str) -> Payin | None:
    """The payin of this card page."""
    return session.scalars(select(Payin).where(Payin.foreign_id == foreign_id)).first()


def received_payin(session: Session, case_id: uuid.UUID) -> Payin | None:
    """The payin that paid the case, if one did and the money is here."""
    return session.scalars(select(Payin).where(Payin.case_id == case_id, Payin.state.in_(GOOD))).first()


def is_payable(session: Session, payin_id: uuid.UUID) -> bool:
    """Whether the payin's case still takes money."""
    case = session.get_one(Case, payin(session, payin_id).case_id)
    return CASE_LIFECYCLE.find(case.state, CaseTrigger.RECEIVE_PAYMENT) is not None


def to_look_up(
    session: Session, asked_before: datetime, limit: int
) -> Sequence[tuple[uuid.UUID, str | None, datetime]]:
    """Live payins whose page was asked for before then (wall time), oldest first."""
    rows = session.execute(
        select(Payin.id, Payin.foreign_id, Payin.asked_at)
        .where(Payin.state.in_(LIVE), Payin.asked_at <= asked_before)
        .order_by(Payin.asked_at)
        .limit(limit)
    )
    return [(key, page, asked) for key, page, asked in rows if asked is not None]


def without_fee(session: Session, limit: int) -> Sequence[tuple[uuid.UUID, str]]:
    """Received payins whose fee the service has not told yet."""
    rows = session.execute(
        select(Payin.id, Payin.payment_intent)
        .where(Payin.state.in_(GOOD), Payin.payment_intent.is_not(None), Payin.fee_minor.is_(None))
        .order_by(Payin.received_at.desc())
        .limit(limit)
    )
    return [(key, intent) for key, intent in rows if intent is not None]


def payments(session: Session, page: int) -> PaymentPage:
    """The page (moved into the range that exists) of all payments; those with trouble come first."""
    found = session.scalar(select(func.count()).select_from(Payin)) or 0
    pages = max(1, -(-found // PAGE_SIZE))
    page = min(max(page, 1), pages)
    rows = session.execute(
        select(Payin, Case)
        .join(Case, Case.id == Payin.case_id)
        .order_by((Payin.trouble == ""), Payin.opened_at.desc(), Payin.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    return PaymentPage([(row[0], row[1]) for row in rows], found, page, pages)


def sheet(session: Session, payin_id: uuid.UUID) -> PaymentSheet:
    """One payment with its bookings and its history."""
    found = payin(session, payin_id)
    case = session.get_one(Case, found.case_id)
    return PaymentSheet(found, case, bookings(session, found), history(session, "payin", payin_id))


def bookings(session: Session, of: Payin) -> Sequence[Booking]:
    """Every journal entry about this payin, in the order they were booked."""
    names = (f"payin:{of.id}", f"payin-fee:{of.id}", f"reverse:payin:{of.id}")
    patterns = (f"refund:{of.id}:%", f"dispute:{of.id}:%", f"reverse:dispute:{of.id}:%")
    wanted = or_(JournalEntry.key.in_(names), *(JournalEntry.key.like(pattern) for pattern in patterns))
    entries = session.scalars(select(JournalEntry).where(wanted).order_by(JournalEntry.id)).all()
    return [Booking(entry, ledger.lines_of(session, entry.id)) for entry in entries]


def event_facts(event: GatewayEvent) -> dict[str, Any]:
    """What an event of the payment service names, as it is kept in the inbox."""
    return {
        "kind": event.kind.value,
        "object_id": event.object_id,
        "payment_intent": event.payment_intent,
        "created": event.created.isoformat(),
    }
