"""The verbs of payouts: listeners to what a case tells, and an operator's steps. None commits."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from workflow.cases import events
from workflow.cases.models import Case
from workflow.cases.states import ClosedReason
from workflow.kernel import ledger
from workflow.kernel.actors import SYSTEM, Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import advance, begin
from workflow.kernel.runtime import Runtime
from workflow.money.chart import Account
from workflow.money.models import Payin
from workflow.money.services.payments import entry_key
from workflow.money.states import PayinState
from workflow.payouts.lifecycle import PAYOUT_LIFECYCLE
from workflow.payouts.models import Payout
from workflow.payouts.states import PayoutState, PayoutTrigger


def accrue(session: Session, runtime: Runtime, event: events.CasePaid) -> None:
    """One payout for the share that was booked with the payment. Told twice, or late, is told once."""
    if _of_payin(session, event.payin_id) is not None:
        return
    now = runtime.clock.business()
    entry = ledger.entry_by_key(session, entry_key(event.payin_id))
    assert entry is not None, "a case is paid and booked in one transaction"
    lines = ledger.lines_of(session, entry.id)
    share = next((row for row in lines if row.account == Account.OWNER_HELD), None)
    if share is None:  # terms that leave the rights-holder nothing
        return
    assert share.owner_id is not None and share.amount_minor < 0
    payout = Payout(
        id=new_id(),
        case_id=event.case_id,
        payin_id=event.payin_id,
        owner_id=share.owner_id,
        amount=-share.amount,
        accrued_at=now,
    )
    begin(session, PAYOUT_LIFECYCLE, payout, SYSTEM, now)
    if session.get_one(Payin, event.payin_id).state is PayinState.REFUNDED:
        advance(session, PAYOUT_LIFECYCLE, payout.id, PayoutTrigger.TAKE_BACK, SYSTEM, now)
    elif session.get_one(Case, event.case_id).closed_reason is ClosedReason.PAID:
        _release(session, payout.id, now)


def take_back(session: Session, runtime: Runtime, event: events.PaymentTakenBack) -> None:
    """The booking was reversed with the refund; the payout follows. If it is not there yet, it will see."""
    payout = _of_payin(session, event.payin_id)
    if payout is not None and payout.state is PayoutState.ACCRUED:
        advance(
            session, PAYOUT_LIFECYCLE, payout.id, PayoutTrigger.TAKE_BACK, SYSTEM, runtime.clock.business()
        )


def release(session: Session, runtime: Runtime, event: events.CaseClosed) -> None:
    """The refund window is over: the share is due. If something speaks against it, it stays held."""
    if event.reason != ClosedReason.PAID.value:
        return
    held = session.scalars(
        select(Payout.id).where(Payout.case_id == event.case_id, Payout.state == PayoutState.ACCRUED)
    ).all()
    for payout_id in held:
        _release(session, payout_id, runtime.clock.business())


def approve(session: Session, payout_id: uuid.UUID, actor: Actor, now: datetime) -> Payout:
    """An operator lets it into the next transfer."""
    return advance(session, PAYOUT_LIFECYCLE, payout_id, PayoutTrigger.APPROVE, actor, now)


def mark_sent(session: Session, payout_id: uuid.UUID, actor: Actor, now: datetime) -> Payout:
    """The transfer was ordered; booked out of our bank account."""
    return advance(session, PAYOUT_LIFECYCLE, payout_id, PayoutTrigger.SEND, actor, now)


def confirm(session: Session, payout_id: uuid.UUID, actor: Actor, now: datetime) -> Payout:
    """The bank statement shows it."""
    return advance(session, PAYOUT_LIFECYCLE, payout_id, PayoutTrigger.CONFIRM, actor, now)


def note_return(session: Session, payout_id: uuid.UUID, actor: Actor, now: datetime) -> Payout:
    """The bank sent it back; it is due again."""
    return advance(session, PAYOUT_LIFECYCLE, payout_id, PayoutTrigger.RETURN, actor, now)


def _release(session: Session, payout_id: uuid.UUID, now: datetime) -> None:
    try:
        advance(session, PAYOUT_LIFECYCLE, payout_id, PayoutTrigger.RELEASE, SYSTEM, now)
    except Refused:
        return  # contested: it stays held, and an operator's button says why


def _of_payin(session: Session, payin_id: uuid.UUID) -> Payout | None:
    return session.scalars(select(Payout).where(Payout.payin_id == payin_id)).first()
