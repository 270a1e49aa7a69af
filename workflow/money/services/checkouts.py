"""Before the money: the wish to pay, the card page, and when it comes to nothing."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Offer
from workflow.cases.states import CaseState, CaseTrigger
from workflow.kernel import outbox
from workflow.kernel.access import reached
from workflow.kernel.actors import SYSTEM, Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.failpoints import failpoint
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import advance, begin
from workflow.kernel.said import say
from workflow.money.credit import credit_of
from workflow.money.gateway import CheckoutSession, CheckoutState
from workflow.money.lifecycle import PAYIN_LIFECYCLE
from workflow.money.models import Payin
from workflow.money.services.trouble import block, locked
from workflow.money.states import LIVE, PayinState, PayinTrigger

CHECKOUT = "psp.checkout"
SHUT = "psp.shut"
#: Somebody waits before the screen for this one.
FIRST = 1


def open_payin(session: Session, case_id: uuid.UUID, actor: Actor, now: datetime) -> Payin:
    """The case's live payin, or a new one whose card page the worker makes at once.

    :class:`Refused` with a sentence when there is nothing to pay, or nothing any more.
    """
    found = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    case = reached(session, CASE_LIFECYCLE.reach, actor, found, say("This case"))
    if case.state is CaseState.PAID or case.paid_at is not None:
        raise Refused(say("This claim is paid already. Nothing more is owed."))
    if CASE_LIFECYCLE.find(case.state, CaseTrigger.RECEIVE_PAYMENT) is None:
        raise Refused(say("Nothing can be paid for this case now."))
    live = session.scalars(select(Payin).where(Payin.case_id == case_id, Payin.state.in_(LIVE))).first()
    if _is_looked_at(session, case_id):
        raise Refused(say("A payment for this case arrived that does not fit. A person is looking at it."))
    offer = session.scalars(
        select(Offer).where(Offer.case_id == case_id).order_by(Offer.number.desc()).limit(1)
    ).first()
    if offer is None:
        raise Refused(say("There is no offer for this case yet, so there is nothing to pay."))
    credit = credit_of(session, case_id, offer.total.currency)
    if live is not None and live.offer_id == offer.id and live.on_account == credit:
        return live
    if live is not None:  # what is owed has changed since that page was made: shut it, begin anew
        shut_page(session, live, now)
    failpoint("checkout.before_row")
    payin = Payin(
        id=new_id(), case_id=case_id, offer_id=offer.id, amount=offer.total - credit,
        on_account=credit, opened_at=now,
    )  # fmt: skip
    begin(
        session,
        PAYIN_LIFECYCLE,
        payin,
        actor,
        now,
        note=say("Payment for case {reference}", reference=case.reference),
    )
    outbox.post(
        session, CHECKOUT, {"payin_id": str(payin.id)}, key=f"{CHECKOUT}:{payin.id}", now=now, priority=FIRST
    )
    failpoint("checkout.after_row")
    return payin


def record_checkout(session: Session, payin_id: uuid.UUID, checkout: CheckoutSession, now: datetime) -> Payin:
    """Write down how the card page stands; an expired one fails the payin, a foreign one is not taken."""
    payin = locked(session, payin_id)
    if checkout.payin_id != payin.id or checkout.amount != payin.amount:
        return block(session, payin, say("The card page is for another sum or another payment."), now)
    if payin.foreign_id not in (None, checkout.foreign_id):
        return block(session, payin, say("A second card page was made for this payment."), now)
    payin.foreign_id = checkout.foreign_id
    payin.payment_intent = payin.payment_intent or checkout.payment_intent
    if checkout.state is CheckoutState.EXPIRED:
        return note_failure(session, payin_id, say("The card page was open for too long."), now)
    if checkout.url:
        payin.checkout_url = checkout.url
    if payin.state is PayinState.OPENED:
        return advance(session, PAYIN_LIFECYCLE, payin_id, PayinTrigger.SHOW_PAGE, SYSTEM, now)
    session.flush()
    return payin


def note_failure(session: Session, payin_id: uuid.UUID, why: str, now: datetime) -> Payin:
    """It came to nothing, nothing was charged; a new payin may be opened. Twice is once."""
    payin = locked(session, payin_id)
    payin.checkout_url = None if payin.state in (*LIVE, PayinState.FAILED) else payin.checkout_url
    if payin.state not in LIVE:
        return payin
    payin.failure = why[:500]
    return advance(session, PAYIN_LIFECYCLE, payin_id, PayinTrigger.FAIL, SYSTEM, now, note=why)


def shut_page(session: Session, payin: Payin, now: datetime) -> None:
    """What is owed has changed: nobody pays on this card page any more."""
    note_failure(session, payin.id, say("What is owed has changed; this card page is no longer used."), now)
    if payin.foreign_id:
        key = f"{SHUT}:{payin.id}"
        outbox.post(session, SHUT, {"foreign_id": payin.foreign_id}, key=key, now=now, priority=FIRST)


def _is_looked_at(session: Session, case_id: uuid.UUID) -> bool:
    """Money came that could not be booked: nobody should pay a second time meanwhile."""
    waiting = (*LIVE, PayinState.FAILED)
    found = session.scalars(
        select(Payin.id).where(
            Payin.case_id == case_id,
            Payin.state.in_(waiting),
            Payin.trouble != "",
            Payin.payment_intent.is_not(None),
        )
    ).first()
    return found is not None
