"""Reading payouts: balances are sums of the journal, statements start from whoever asks."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from workflow.accounts.models import Account as Person
from workflow.cases.models import Case, Offer
from workflow.kernel import ledger
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound
from workflow.kernel.ledger import JournalEntry, JournalLine
from workflow.kernel.money import Currency, Money
from workflow.money.chart import Account
from workflow.money.models import Payin
from workflow.money.services.payments import entry_key
from workflow.money.states import PayinState
from workflow.money.waterfall import Waterfall, split
from workflow.payouts.models import Payout
from workflow.payouts.states import PayoutState

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Balances:
    """A rights-holder's three numbers."""

    held: Money
    available: Money
    paid: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """One payment of one case, as the rights-holder sees it."""

    payout: Payout
    case: Case
    payin: Payin
    parts: Waterfall


@dataclass(frozen=True, slots=True)
class Statements:
    """One page of statements, newest first."""

    rows: Sequence[Statement]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A payout as staff see it."""

    payout: Payout
    case: Case
    owner: Person


@dataclass(frozen=True, slots=True)
class StaffPage:
    """One page of payouts for staff."""

    rows: Sequence[StaffRow]
    page: int
    pages: int


def balances(session: Session, owner_id: uuid.UUID, currency: Currency = Currency.EUR) -> Balances:
    """Held, available, paid: sums of the journal, never stored."""
    return Balances(
        held=-ledger.balance(session, Account.OWNER_HELD, owner_id=owner_id, currency=currency),
        available=-ledger.balance(session, Account.OWNER_AVAILABLE, owner_id=owner_id, currency=currency),
        paid=-ledger.balance(session, Account.BANK, owner_id=owner_id, currency=currency),
    )


def currencies(session: Session, owner_id: uuid.UUID) -> list[Currency]:
    """The currencies a rights-holder has money in; the euro before there is any."""
    used = session.scalars(
        select(JournalLine.currency).where(JournalLine.owner_id == owner_id).distinct()
    ).all()
    return sorted(used) or [Currency.EUR]


def statements(session: Session, owner: Actor, page: int) -> Statements:
    """The rights-holder's own payments, divided as they were booked."""
    own = Payout.owner_id == _owner_key(owner)
    page, pages = _in_range(page, session.scalar(select(func.count()).select_from(Payout).where(own)) or 0)
    rows = session.execute(
        select(Payout, Case, Payin, Offer.vat_rate_bp)
        .join(Case, Case.id == Payout.case_id)
        .join(Payin, Payin.id == Payout.payin_id)
        .join(Offer, Offer.id == Payin.offer_id)
        .where(own)
        .order_by(Payout.accrued_at.desc(), Payout.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    ).all()
    return Statements([_statement(*row) for row in rows], page, pages)


def statement(session: Session, owner: Actor, payout_id: uuid.UUID) -> Statement:
    """One of the rights-holder's own; somebody else's does not exist."""
    payout = session.get(Payout, payout_id)
    if payout is None or payout.owner_id != _owner_key(owner):
        raise NotFound("This payment")
    payin = session.get_one(Payin, payout.payin_id)
    case = session.get_one(Case, payout.case_id)
    return _statement(payout, case, payin, session.get_one(Offer, payin.offer_id).vat_rate_bp)


def for_staff(session: Session, state: PayoutState | None, page: int) -> StaffPage:
    """All payouts, or those in one state; the longest waiting first."""
    wanted = () if state is None else (Payout.state == state,)
    count = session.scalar(select(func.count()).select_from(Payout).where(*wanted)) or 0
    page, pages = _in_range(page, count)
    rows = session.execute(
        select(Payout, Case, Person)
        .join(Case, Case.id == Payout.case_id)
        .join(Person, Person.id == Payout.owner_id)
        .where(*wanted)
        .order_by(Payout.accrued_at, Payout.id)
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    ).all()
    return StaffPage([StaffRow(*row) for row in rows], page, pages)


def counts(session: Session) -> dict[PayoutState, int]:
    """How many payouts stand in each state."""
    rows = session.execute(select(Payout.state, func.count()).group_by(Payout.state)).all()
    return {state: number for state, number in rows}  # noqa: C416 - rows are not plain pairs to the types


def check(session: Session) -> list[str]:
    """Whether payouts and journal tell the same, and shares divide again as booked; empty when all is well."""
    return [*_shares_that_differ(session), *_owners_that_differ(session)]


def _shares_that_differ(session: Session) -> list[str]:
    """Every received payment: its booked share is what the waterfall gives, and its payout's amount."""
    booked: dict[str, int] = dict(
        session.execute(
            select(JournalEntry.key, -func.sum(JournalLine.amount_minor))
            .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
            .where(JournalLine.account == Account.OWNER_HELD.value, JournalEntry.key.like("payin:%"))
            .group_by(JournalEntry.key)
        )
        .tuples()
        .all()
    )
    rows = session.execute(
        select(Payin, Case, Offer.vat_rate_bp, Payout)
        .join(Case, Case.id == Payin.case_id)
        .join(Offer, Offer.id == Payin.offer_id)
        .outerjoin(Payout, Payout.payin_id == Payin.id)
        .where(Payin.received_at.is_not(None))
    ).tuples()
    problems = []
    for payin, case, rate, payout in rows:
        share = booked.get(entry_key(payin.id), 0)
        if share != split(payin.amount, rate, case.owner_share_bp).owner.minor:
            problems.append(f"Case {case.reference}: the booked share is not what the terms give.")
        if payout is not None and payout.amount.minor != share:
            problems.append(f"Case {case.reference}: the payout is not the booked share.")
        taken_back = payout is not None and payout.state is PayoutState.TAKEN_BACK
        if taken_back and payin.state is not PayinState.REFUNDED:
            problems.append(f"Case {case.reference}: the payout was taken back, the payment was not.")
    return problems


#: Which account a payout's amount lies in, by its state.
LIES_IN = {
    PayoutState.ACCRUED: Account.OWNER_HELD,
    PayoutState.AVAILABLE: Account.OWNER_AVAILABLE,
    PayoutState.APPROVED: Account.OWNER_AVAILABLE,
    PayoutState.RETURNED: Account.OWNER_AVAILABLE,
    PayoutState.SENT: Account.BANK,
    PayoutState.CONFIRMED: Account.BANK,
}


def _owners_that_differ(session: Session) -> list[str]:
    """Every rights-holder: the sum of payouts in a place is the journal's; what is on its way is left out."""
    told: dict[tuple[uuid.UUID, str, Currency], int] = {}
    for payout in session.scalars(select(Payout).where(Payout.state.in_(LIES_IN))):
        place = (payout.owner_id, LIES_IN[payout.state].value, payout.amount.currency)
        told[place] = told.get(place, 0) + payout.amount.minor
    for place, minor in _not_told_yet(session):
        told[place] = told.get(place, 0) + minor
    lines = session.execute(
        select(
            JournalLine.owner_id, JournalLine.account, JournalLine.currency, -func.sum(JournalLine.amount_minor)
        )
        .where(JournalLine.owner_id.is_not(None))
        .group_by(JournalLine.owner_id, JournalLine.account, JournalLine.currency)
    )
    booked = {(owner, account, currency): int(minor) for owner, account, currency, minor in lines}
    return [
        f"Rights-holder {place[0]}: payouts and journal differ in {place[1]} ({place[2]})."
        for place in sorted(set(told) | set(booked), key=str)
        if told.get(place, 0) != booked.get(place, 0)
    ]


def _not_told_yet(session: Session) -> list[tuple[tuple[uuid.UUID, str, Currency], int]]:
    """Payments (plus) and refunds (minus) whose event still waits for the worker."""
    rows = session.execute(
        select(Payin, Case, Offer.vat_rate_bp, Payout.state)
        .join(Case, Case.id == Payin.case_id)
        .join(Offer, Offer.id == Payin.offer_id)
        .outerjoin(Payout, Payout.payin_id == Payin.id)
        .where(Payin.received_at.is_not(None))
    ).tuples()
    found = []
    for payin, case, rate, state in rows:
        refunded = payin.state is PayinState.REFUNDED
        sign = (state is None and not refunded) - (state is PayoutState.ACCRUED and refunded)
        if sign:
            share = split(payin.amount, rate, case.owner_share_bp).owner
            place = (case.owner_id, Account.OWNER_HELD.value, share.currency)
            found.append((place, sign * share.minor))
    return found


def _statement(payout: Payout, case: Case, payin: Payin, vat_rate_bp: int) -> Statement:
    return Statement(payout, case, payin, split(payin.amount, vat_rate_bp, case.owner_share_bp))


def _owner_key(owner: Actor) -> uuid.UUID:
    assert owner.role is Role.RIGHTS_HOLDER
    return uuid.UUID(owner.id)


def _in_range(page: int, found: int) -> tuple[int, int]:
    pages = max(1, -(-found // PAGE_SIZE))
    return min(max(page, 1), pages), pages
