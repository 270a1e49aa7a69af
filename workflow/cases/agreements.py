"""What a second person must have agreed to before a case takes its heavy steps; the sums stand in data."""

from __future__ import annotations

from sqlalchemy import select

from workflow.accounts import approving
from workflow.cases.models import Case, Offer
from workflow.kernel.lifecycle import Context
from workflow.kernel.money import format_money


def to_the_offer(context: Context[Case]) -> None:
    """An offer above the sum: exactly this sum, to exactly this recipient."""
    _ask(context, "offers.release")


def to_the_hand_over(context: Context[Case]) -> None:
    """A law firm takes over and costs begin to arise."""
    _ask(context, "cases.hand_over")


def to_the_court(context: Context[Case]) -> None:
    """A proceeding begins."""
    _ask(context, "cases.court")


def _ask(context: Context[Case], action: str) -> None:
    case = context.subject
    offer = context.session.scalars(
        select(Offer).where(Offer.case_id == case.id).order_by(Offer.number.desc()).limit(1)
    ).first()
    facts = {
        "case": case.reference,
        "sum": format_money(offer.total) if offer else "",
        "recipient": ", ".join((case.recipient_name, *case.recipient_address.splitlines())),
        "mail": case.recipient_email,
    }
    amount = offer.total if offer else None
    approving.require(context.session, action, ("case", case.id), facts, context.now, amount=amount)
