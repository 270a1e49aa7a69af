"""What lies on the account of a case: once it is enough, one payment is made of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from workflow.cases import events
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Offer
from workflow.cases.services import move
from workflow.cases.states import CaseTrigger, HoldKind
from workflow.kernel.actors import SYSTEM
from workflow.kernel.db import Session
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import advance, begin
from workflow.kernel.money import Money, format_money
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.money.credit import credit_of
from workflow.money.lifecycle import PAYIN_LIFECYCLE
from workflow.money.models import Payin
from workflow.money.services.checkouts import shut_page
from workflow.money.services.payments import book_payment
from workflow.money.states import LIVE, PayinTrigger, PayinWay


def settle(session: Session, case: Case, now: datetime) -> Payin | None:
    """Pay the claim out of what lies on its account, if that is enough; returns the payment.

    A part stops our clocks until a person decides or the rest comes. What is too much stays on the account.
    A card page that asks for another sum is shut. The case is locked by the caller.
    """
    offer = session.scalars(
        select(Offer).where(Offer.case_id == case.id).order_by(Offer.number.desc()).limit(1)
    ).first()
    if offer is None or CASE_LIFECYCLE.find(case.state, CaseTrigger.RECEIVE_PAYMENT) is None:
        return None
    credit = credit_of(session, case.id, offer.total.currency)
    enough = credit >= offer.total
    for live in session.scalars(select(Payin).where(Payin.case_id == case.id, Payin.state.in_(LIVE))).all():
        # what is here counts before what is on its way: a card payment that comes all the same goes back
        if enough or (live.on_account != credit and live.payment_intent is None):
            shut_page(session, live, now)
    if not enough:
        if credit.minor > 0:
            _wait_for_the_rest(session, case, credit, offer.total, now)
        return None
    payin = Payin(
        id=new_id(), case_id=case.id, offer_id=offer.id, amount=offer.total, way=PayinWay.TRANSFER,
        on_account=Money.zero(offer.total.currency),
        opened_at=now,
    )  # fmt: skip
    note = say("Payment for case {reference}", reference=case.reference)
    begin(session, PAYIN_LIFECYCLE, payin, SYSTEM, now, note=note)
    payin.received_at = now
    book_payment(session, payin, case, now)
    advance(session, PAYIN_LIFECYCLE, payin.id, PayinTrigger.RECEIVE, SYSTEM, now)
    move(
        session, case.id, CaseTrigger.RECEIVE_PAYMENT, SYSTEM, now,
        note=say("{amount} by transfer", amount=format_money(payin.total)),
        carries={"payin_id": payin.id, "offer_id": offer.id, "method": say("bank transfer")},
    )  # fmt: skip
    return payin


def settle_new_sum(session: Session, runtime: Runtime, event: events.SumChanged) -> None:
    """What lies on the account may be enough now that less is asked."""
    case = session.get_one(Case, event.case_id, with_for_update=True, populate_existing=True)
    settle(session, case, runtime.clock.business())


def _wait_for_the_rest(session: Session, case: Case, credit: Money, total: Money, now: datetime) -> None:
    note = say("{part} of {total} came by transfer.", part=format_money(credit), total=format_money(total))
    carries = {"kind": HoldKind.PAYMENT_PENDING}
    move(session, case.id, CaseTrigger.HOLD, SYSTEM, now, note=note, carries=carries)
