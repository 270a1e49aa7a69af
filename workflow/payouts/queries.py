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
from workflow.kernel.ledger import JournalLine
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.models import Payin
from workflow.money.waterfall import Waterfall, split
from workflow.payouts.checks import check
from workflow.payouts.models import Payout
from workflow.payouts.states import PayoutState

__all__ = [
    "Balances", "StaffPage", "StaffRow", "Statement", "Statements",
    "balances", "check", "counts", "currencies", "for_staff", "statement", "statements",
]  # fmt: skip

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
        raise NotFound(say("This payment"))
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


def _statement(payout: Payout, case: Case, payin: Payin, vat_rate_bp: int) -> Statement:
    return Statement(payout, case, payin, split(payin.total, vat_rate_bp, case.owner_share_bp))


def _owner_key(owner: Actor) -> uuid.UUID:
    assert owner.role is Role.RIGHTS_HOLDER
    return uuid.UUID(owner.id)


def _in_range(page: int, found: int) -> tuple[int, int]:
    pages = max(1, -(-found // PAGE_SIZE))
    return min(max(page, 1), pages), pages
