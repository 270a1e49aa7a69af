"""When money came: checked against what was asked, divided, booked once, and the case moved with it."""

from __future__ import annotations

import uuid
from datetime import datetime

from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Offer
from workflow.cases.services import move
from workflow.cases.states import CaseTrigger
from workflow.kernel import ledger
from workflow.kernel.actors import SYSTEM
from workflow.kernel.db import Session
from workflow.kernel.failpoints import failpoint
from workflow.kernel.ledger import Posting
from workflow.kernel.lifecycle import advance
from workflow.kernel.money import format_money
from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.credit import credit_of
from workflow.money.gateway import PaymentFacts
from workflow.money.lifecycle import PAYIN_LIFECYCLE
from workflow.money.models import Payin
from workflow.money.services.refunds import note_dispute, take_back
from workflow.money.services.trouble import block, locked
from workflow.money.states import LIVE, PayinState, PayinTrigger, PayinWay
from workflow.money.waterfall import Waterfall, split

__all__ = ["apply_facts", "block", "book_payment", "entry_key", "note_fee", "take_payment", "waterfall_of"]


def entry_key(payin_id: uuid.UUID) -> str:
    """The journal's key of this payin's one booking."""
    return f"payin:{payin_id}"


def apply_facts(session: Session, payin_id: uuid.UUID, facts: PaymentFacts, now: datetime) -> Payin:
    """Bring the payin to where the payment service says it is, step by step and in the right order.

    The order in which messages came does not matter; the same facts twice change nothing.
    """
    take_payment(session, payin_id, facts, now)
    take_back(session, payin_id, facts, now)
    return note_dispute(session, payin_id, facts, now)


def take_payment(session: Session, payin_id: uuid.UUID, facts: PaymentFacts, now: datetime) -> Payin:
    """Book the money that came, exactly once, and move payin and case; a second delivery does nothing.

    What does not fit (sum, currency, payment, a case that takes no money) is left for a person, unbooked.
    """
    failpoint("book.before_lock")
    payin = locked(session, payin_id)
    waiting = payin.state in (*LIVE, PayinState.FAILED)
    if facts.received.is_zero or (not waiting and payin.payment_intent == facts.payment_intent):
        return note_fee(session, payin_id, facts, now)
    case = session.get_one(Case, payin.case_id, with_for_update=True, populate_existing=True)
    if why := _misfit(session, payin, case, facts, waiting=waiting):
        return _keep_apart(session, payin, facts, why, now)
    payin.payment_intent = facts.payment_intent
    payin.received_at = now
    payin.trouble = payin.failure = ""
    payin.checkout_url = None
    book_payment(session, payin, case, now)
    failpoint("book.after_journal")
    advance(session, PAYIN_LIFECYCLE, payin_id, PayinTrigger.RECEIVE, SYSTEM, now, note=facts.payment_intent)
    move(
        session, case.id, CaseTrigger.RECEIVE_PAYMENT, SYSTEM, now,
        note=say("{amount} by card", amount=format_money(payin.amount)),
        carries={"payin_id": payin_id, "offer_id": payin.offer_id, "method": say("card")},
    )  # fmt: skip
    failpoint("book.after_move")
    return note_fee(session, payin_id, facts, now)


def note_fee(session: Session, payin_id: uuid.UUID, facts: PaymentFacts, now: datetime) -> Payin:
    """Book what the service keeps, once known: an entry of its own, since a refund does not return it."""
    payin = locked(session, payin_id)
    booked = payin.received_at is not None and payin.payment_intent == facts.payment_intent
    if not booked or payin.fee is not None or facts.fee is None:
        return payin
    payin.fee = facts.fee
    if not facts.fee.is_zero:
        ledger.book(
            session, f"payin-fee:{payin_id}", say("Fee of the payment service"), now,
            [
                Posting(Account.PSP_FEES, facts.fee, case_id=payin.case_id),
                Posting(Account.PSP_CLEARING, -facts.fee, case_id=payin.case_id),
            ],
        )  # fmt: skip
    session.flush()
    return payin


def waterfall_of(session: Session, payin: Payin) -> Waterfall:
    """How this payin divides: VAT as offered, shares as frozen on the case."""
    offer = session.get_one(Offer, payin.offer_id)
    case = session.get_one(Case, payin.case_id)
    return split(payin.total, offer.vat_rate_bp, case.owner_share_bp)


def book_payment(session: Session, payin: Payin, case: Case, now: datetime) -> None:
    """Divide what came, once: out of the payment service or of the account of the case, as it was paid."""
    parts = waterfall_of(session, payin)
    offer = session.get_one(Offer, payin.offer_id)
    assert parts.vat == offer.vat, "VAT must come out as it was offered"
    source = Account.PSP_CLEARING if payin.way is PayinWay.CARD else Account.CUSTOMER_CREDIT
    ledger.book(
        session, entry_key(payin.id), say("Payment for case {reference}", reference=case.reference), now,
        [
            Posting(source, payin.amount, case_id=case.id),
            Posting(Account.CUSTOMER_CREDIT, payin.on_account, case_id=case.id),
            Posting(Account.VAT_LICENCES, -parts.vat, case_id=case.id),
            Posting(Account.COSTS_ADVANCED, -parts.costs, case_id=case.id),
            Posting(Account.COMMISSION, -parts.operator, case_id=case.id),
            Posting(Account.OWNER_HELD, -parts.owner, case_id=case.id, owner_id=case.owner_id),
        ],
    )  # fmt: skip


def _misfit(session: Session, payin: Payin, case: Case, facts: PaymentFacts, *, waiting: bool) -> str | None:
    """Why this money is not simply this payin's, as a sentence for the operator."""
    if payin.payment_intent not in (None, facts.payment_intent):
        return say("A second payment names this one; the first stays. Please give the second back.")
    if not waiting:
        return say(
            "Money came for a payment that is “{states}”.", states=PAYIN_LIFECYCLE.states[payin.state].label
        )
    if facts.received.currency is not payin.amount.currency:
        return say(
            "{received} came in another currency than the {amount} asked for. Nothing was booked.",
            received=format_money(facts.received),
            amount=format_money(payin.amount),
        )
    if facts.received != payin.amount:
        return say(
            "{received} came instead of the {amount} asked for. Nothing was booked.",
            received=format_money(facts.received),
            amount=format_money(payin.amount),
        )
    if credit_of(session, case.id, payin.amount.currency) < payin.on_account:
        return say("What lay on the account of the case has gone back meanwhile. Nothing was booked.")
    if CASE_LIFECYCLE.find(case.state, CaseTrigger.RECEIVE_PAYMENT) is None:
        label = CASE_LIFECYCLE.states[case.state].label
        return say(
            "The money came while the case was “{label}”. Nothing was booked; please give it back.",
            label=label,
        )
    return None


def _keep_apart(session: Session, payin: Payin, facts: PaymentFacts, why: str, now: datetime) -> Payin:
    """Remember whose money it is, so that it can be given back; once given back, the matter is closed."""
    if payin.payment_intent in (None, facts.payment_intent):
        payin.payment_intent = facts.payment_intent
        if facts.refunded == facts.received:
            payin.trouble = ""
            payin.failure = say("The payment did not fit and was given back in full.")
            if payin.state in LIVE:
                note = payin.failure
                advance(session, PAYIN_LIFECYCLE, payin.id, PayinTrigger.FAIL, SYSTEM, now, note=note)
            return payin
    return block(session, payin, why, now)
