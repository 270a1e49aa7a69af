"""Accepting an offer freezes who gets what of it: by the terms of the case, to the cent, in the same step."""

from __future__ import annotations

from workflow.cases.bargaining.models import AgreedShare
from workflow.cases.bargaining.queries import current_offer
from workflow.cases.models import Case, Offer
from workflow.kernel.lifecycle import Context


def freeze_shares(context: Context[Case]) -> None:
    """Keep the breakdown of the offer that is accepted or paid; what was frozen before stays."""
    session, case = context.session, context.subject
    paid = context.carries.get("offer_id")
    offer = session.get_one(Offer, paid) if paid else current_offer(session, case.id)
    if session.get(AgreedShare, offer.id) is not None:
        return
    owner, operator = offer.net.split(case.owner_share_bp, case.operator_share_bp)
    session.add(
        AgreedShare(
            offer_id=offer.id, case_id=case.id, net=offer.net, owner=owner,
            operator=operator, owner_share_bp=case.owner_share_bp, terms_version=case.terms_version,
            frozen_at=context.now,
        )
    )  # fmt: skip
