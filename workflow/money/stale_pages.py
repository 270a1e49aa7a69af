"""What is asked was lowered or agreed anew: nobody pays the old sum on a card page that is still open."""

from __future__ import annotations

from sqlalchemy import select

from workflow.cases import events
from workflow.cases.models import Offer
from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime
from workflow.money.models import Payin
from workflow.money.services.checkouts import shut_page
from workflow.money.states import LIVE


def shut_stale_page(session: Session, runtime: Runtime, event: events.SumChanged) -> None:
    """Close the card page of an older offer; a payment already on its way is left alone."""
    now = runtime.clock.business()
    newest = select(Offer.id).where(Offer.case_id == event.case_id).order_by(Offer.number.desc()).limit(1)
    current = session.scalars(newest).one()
    opened = select(Payin).where(
        Payin.case_id == event.case_id, Payin.state.in_(LIVE), Payin.payment_intent.is_(None)
    )
    for payin in session.scalars(opened.where(Payin.offer_id != current)).all():
        shut_page(session, payin, now)
