"""The truths of payouts, derived again from journal, payments and terms."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from workflow.cases.models import Case, Offer
from workflow.kernel.db import Session
from workflow.kernel.ledger import JournalEntry, JournalLine
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.models import Payin
from workflow.money.services.payments import entry_key
from workflow.money.states import PayinState
from workflow.money.waterfall import split
from workflow.payouts.models import Payout
from workflow.payouts.states import PayoutState

#: Which account a payout's amount lies in, by its state.
LIES_IN = {
    PayoutState.ACCRUED: Account.OWNER_HELD,
    PayoutState.AVAILABLE: Account.OWNER_AVAILABLE,
    PayoutState.APPROVED: Account.OWNER_AVAILABLE,
    PayoutState.RETURNED: Account.OWNER_AVAILABLE,
    PayoutState.SENT: Account.BANK,
    PayoutState.CONFIRMED: Account.BANK,
}

#: Rights-holder, account, currency.
Place = tuple[uuid.UUID, str, Currency]


@dataclass(frozen=True, slots=True)
class _Received:
    """A payment that was received at some time, its due share, and its payout if it has one yet."""

    payin: Payin
    case: Case
    share: Money
    payout: Payout | None


def check(session: Session) -> list[str]:
    """Whether payouts and journal tell the same and shares divide again as booked; empty when all is well."""
    received = _received(session)
    return [*_shares_that_differ(session, received), *_places_that_differ(session, received)]


def _received(session: Session) -> Sequence[_Received]:
    payouts = {payout.payin_id: payout for payout in session.scalars(select(Payout))}
    rows = session.execute(
        select(Payin, Case, Offer.vat_rate_bp)
        .join(Case, Case.id == Payin.case_id)
        .join(Offer, Offer.id == Payin.offer_id)
        .where(Payin.received_at.is_not(None))
    )
    return [
        _Received(payin, case, split(payin.total, rate, case.owner_share_bp).owner, payouts.get(payin.id))
        for payin, case, rate in rows
    ]


def _shares_that_differ(session: Session, received: Sequence[_Received]) -> list[str]:
    """The booked share is what the terms give, and the payout is the booked share."""
    booked = {
        key: int(share)
        for key, share in session.execute(
            select(JournalEntry.key, -func.sum(JournalLine.amount_minor))
            .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
            .where(JournalLine.account == Account.OWNER_HELD.value, JournalEntry.key.like("payin:%"))
            .group_by(JournalEntry.key)
        )
    }
    problems: list[str] = []
    for row in received:
        share = booked.get(entry_key(row.payin.id), 0)
        if share != row.share.minor:
            problems.append(
                say(
                    "Case {reference}: the booked share is not what the terms give.",
                    reference=row.case.reference,
                )
            )
        if row.payout is None:
            continue
        if row.payout.amount.minor != share:
            problems.append(
                say("Case {reference}: the payout is not the booked share.", reference=row.case.reference)
            )
        refunded = row.payin.state is PayinState.REFUNDED
        if row.payout.state is PayoutState.TAKEN_BACK and not refunded:
            problems.append(
                say(
                    "Case {reference}: the payout was taken back, the payment was not.",
                    reference=row.case.reference,
                )
            )
    return problems


def _places_that_differ(session: Session, received: Sequence[_Received]) -> list[str]:
    """For each rights-holder and account: what payouts say lies there is what the journal says."""
    told: dict[Place, int] = defaultdict(int)
    for row in received:
        if place := _place_of(row):
            told[place] += row.share.minor
    lines = session.execute(
        select(
            JournalLine.owner_id,
            JournalLine.account,
            JournalLine.currency,
            -func.sum(JournalLine.amount_minor),
        )
        .where(JournalLine.owner_id.is_not(None))
        .group_by(JournalLine.owner_id, JournalLine.account, JournalLine.currency)
    )
    booked: dict[Place, int] = {
        (owner, account, currency): int(minor) for owner, account, currency, minor in lines if owner
    }
    return [
        say(
            "Rights-holder {owner}: payouts and journal differ in {account} ({currency}).",
            owner=place[0],
            account=place[1],
            currency=place[2].value,
        )
        for place in sorted(set(told) | set(booked), key=str)
        if told.get(place, 0) != booked.get(place, 0)
    ]


def _place_of(row: _Received) -> Place | None:
    """Where the share lies; before the worker told of a payment or a refund, where the booking left it."""
    state = row.payout.state if row.payout else PayoutState.ACCRUED
    refunded = row.payin.state is PayinState.REFUNDED
    if state not in LIES_IN or (refunded and state is PayoutState.ACCRUED):
        return None
    return (row.case.owner_id, LIES_IN[state].value, row.share.currency)
