"""When money goes back: asked for by an operator, or taken by the payer's bank. Bookings are reversed."""

from __future__ import annotations

import uuid
from datetime import datetime

from workflow.accounts import approving
from workflow.cases.models import Case
from workflow.cases.services import move
from workflow.cases.states import CaseState, CaseTrigger
from workflow.kernel import audit, ledger, outbox
from workflow.kernel.actors import SYSTEM, Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused, Stale
from workflow.kernel.ids import new_id
from workflow.kernel.ledger import Posting
from workflow.kernel.lifecycle import advance
from workflow.kernel.money import Money, format_money
from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.gateway import PaymentFacts
from workflow.money.lifecycle import PAYIN_LIFECYCLE
from workflow.money.models import Payin
from workflow.money.services.trouble import block, locked
from workflow.money.states import GOOD, LIVE, PayinState, PayinTrigger, PayinWay

REFUND = "psp.refund"
#: Above a sum a second person agrees.
REFUND_RULE = "payments.refund"


def why_no_refund(session: Session, payin: Payin) -> str | None:
    """Why this payment cannot be given back from here, as a sentence; ``None`` when it can."""
    if payin.refund_id is not None:
        return say("The refund was asked for already.")
    if payin.way is PayinWay.CARD and payin.payment_intent is None:
        return say("No money came for this payment.")
    if payin.state in (*LIVE, PayinState.FAILED):
        return None if payin.trouble else say("No money came for this payment.")
    if payin.state not in GOOD:
        return say("This payment is “{states}”.", states=PAYIN_LIFECYCLE.states[payin.state].label)
    if not _refunds_booked(session, payin).is_zero:
        return say("A part went back already; please give the rest back at the payment service itself.")
    if session.get_one(Case, payin.case_id).state is not CaseState.PAID:
        return say(
            "The time for refunds is over: the case is closed and the rights-holder's share is released."
        )
    return None


def ask_refund(
    session: Session, payin_id: uuid.UUID, actor: Actor, now: datetime, *, seen_version: int | None = None
) -> Payin:
    """An operator gives the payment back in full; the worker asks the service, once.

    One that came by transfer lies on the account of the case again at once: from there somebody transfers it.
    """
    assert actor.role is Role.OPERATOR
    payin = locked(session, payin_id)
    if seen_version is not None and payin.version != seen_version:
        raise Stale
    if why := why_no_refund(session, payin):
        raise Refused(why)
    case = session.get_one(Case, payin.case_id)
    facts = {"case": case.reference, "sum": format_money(payin.amount)}
    approving.require(session, REFUND_RULE, ("payin", payin.id), facts, now, amount=payin.amount)
    payin.refund_id = new_id()
    payin.refund_asked_by = actor.name or actor.id
    payin.refund_tried_at = None
    payin.version += 1
    audit.record(
        session, "payin", payin.id, "payin:ask_refund", actor, now,
        before=payin.state.value, after=payin.state.value, label=say("Refund asked for"),
        note=format_money(payin.amount),
    )  # fmt: skip
    if payin.way is PayinWay.TRANSFER:
        case = session.get_one(Case, payin.case_id, with_for_update=True, populate_existing=True)
        return _undo(session, payin, case, now)
    outbox.post(
        session, REFUND, {"payin_id": str(payin.id), "refund_id": str(payin.refund_id)},
        key=f"{REFUND}:{payin.refund_id}", now=now, priority=10,
    )  # fmt: skip
    session.flush()
    return payin


def note_refund_failed(session: Session, payin_id: uuid.UUID, why: str, now: datetime) -> Payin:
    """The service could not give it back; it may be asked for again."""
    payin = locked(session, payin_id)
    payin.refund_id = None
    return block(session, payin, say("The refund failed: {why}", why=why), now)


def take_back(session: Session, payin_id: uuid.UUID, facts: PaymentFacts, now: datetime) -> Payin:
    """Follow a refund: in full within the refund window everything is reversed and the case is closed.

    In part, or too late, the books follow the money and a person decides who bears it. Twice is once.
    """
    payin = locked(session, payin_id)
    if payin.received_at is None or payin.payment_intent != facts.payment_intent:
        return payin
    if payin.state is PayinState.REFUNDED:
        if facts.refunded < payin.amount:
            return block(session, payin, say("A refund that was booked came back to us: please look."), now)
        return payin
    if facts.refunded.is_zero or payin.state not in GOOD:
        return payin
    case = session.get_one(Case, payin.case_id, with_for_update=True, populate_existing=True)
    before = _refunds_booked(session, payin)
    if facts.refunded == payin.amount and case.state is CaseState.PAID and before.is_zero:
        return _undo(session, payin, case, now)
    return _book_apart(session, payin, facts.refunded, before, now)


def _undo(session: Session, payin: Payin, case: Case, now: datetime) -> Payin:
    """Reverse the booking and close the case: nothing is asked for this use any more."""
    entry = ledger.entry_by_key(session, f"payin:{payin.id}")
    assert entry is not None, "what was received was booked"
    occasion = say("Refund for case {reference}", reference=case.reference)
    ledger.reverse(session, entry.id, occasion, now, Account)
    payin.trouble = ""
    advance(session, PAYIN_LIFECYCLE, payin.id, PayinTrigger.REFUND, SYSTEM, now)
    move(
        session, case.id, CaseTrigger.TAKE_BACK_PAYMENT, SYSTEM, now,
        note=say("{amount} given back", amount=format_money(payin.total)), carries={"payin_id": payin.id},
    )  # fmt: skip
    return payin


def note_dispute(session: Session, payin_id: uuid.UUID, facts: PaymentFacts, now: datetime) -> Payin:
    """Follow a contest by the payer's bank: the money leaves us while it lasts, and comes back if we win."""
    payin = locked(session, payin_id)
    if payin.received_at is None or payin.payment_intent != facts.payment_intent:
        return payin
    key = f"dispute:{payin_id}:{facts.charge}"
    entry = ledger.entry_by_key(session, key)
    if facts.disputed and payin.state in GOOD and entry is None:
        ledger.book(
            session, key, say("Payment contested by the payer's bank"), now,
            [
                Posting(Account.DISPUTED, facts.disputed_amount, case_id=payin.case_id),
                Posting(Account.PSP_CLEARING, -facts.disputed_amount, case_id=payin.case_id),
            ],
        )  # fmt: skip
        advance(session, PAYIN_LIFECYCLE, payin_id, PayinTrigger.DISPUTE, SYSTEM, now)
        return block(
            session, payin, say("The payer's bank contests this payment: please answer it there."), now
        )
    if not facts.disputed and payin.state is PayinState.DISPUTED and entry is not None:
        ledger.reverse(session, entry.id, say("Contest decided for us"), now, Account)
        payin.trouble = ""
        advance(session, PAYIN_LIFECYCLE, payin_id, PayinTrigger.WIN, SYSTEM, now)
    return payin


def note_lost(session: Session, payin_id: uuid.UUID, facts: PaymentFacts, now: datetime) -> Payin:
    """The contest is over and the money stays away; a person decides who bears it."""
    payin = locked(session, payin_id)
    if payin.state is not PayinState.DISPUTED or not facts.disputed:
        return payin
    advance(session, PAYIN_LIFECYCLE, payin_id, PayinTrigger.LOSE, SYSTEM, now)
    gone = format_money(facts.disputed_amount)
    return block(
        session, payin, say("The contest was lost and {gone} is gone: decide who bears it.", gone=gone), now
    )


def _refunds_booked(session: Session, payin: Payin) -> Money:
    """What was booked as given back without undoing the payment."""
    total = Money.zero(payin.amount.currency)
    number = 1
    while entry := ledger.entry_by_key(session, f"refund:{payin.id}:{number}"):
        lines = ledger.lines_of(session, entry.id)
        total = sum((row.amount for row in lines if row.account == Account.REFUNDS), total)
        number += 1
    return total


def _book_apart(session: Session, payin: Payin, refunded: Money, before: Money, now: datetime) -> Payin:
    """Book what went back since the last look; the shares stay as they are until a person decides."""
    if refunded > before:
        number = 1
        while ledger.entry_by_key(session, f"refund:{payin.id}:{number}"):
            number += 1
        ledger.book(
            session, f"refund:{payin.id}:{number}", say("Refund, to be decided"), now,
            [
                Posting(Account.REFUNDS, refunded - before, case_id=payin.case_id),
                Posting(Account.PSP_CLEARING, before - refunded, case_id=payin.case_id),
            ],
        )  # fmt: skip
    why = say(
        "{refunded} of {amount} went back: decide who bears it.",
        refunded=format_money(refunded),
        amount=format_money(payin.amount),
    )
    return block(session, payin, why, now)
