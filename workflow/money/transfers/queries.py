"""Reading bank transfers, and what lies on the accounts of cases."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from workflow.cases.arrivals.queries import case_in
from workflow.cases.lifecycle import OPEN
from workflow.cases.models import Case, Hold
from workflow.cases.payment_reference import case_of
from workflow.cases.states import HoldKind
from workflow.kernel.audit import AuditEntry, history
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound
from workflow.kernel.ledger import JournalLine
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.credit import credit_of
from workflow.money.models import Payin
from workflow.money.transfers.models import BankTransfer, Direction

SHOWN = 100
#: ``RF``, two digits, the seven signs of ours; banks print blanks in it, people write words behind it.
_RF = re.compile(r"\bRF ?[0-9]{2}(?: ?[A-Z0-9]){7}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credit:
    """Money of a case that is neither divided nor given back."""

    case: Case
    amount: Money


@dataclass(frozen=True, slots=True)
class TransferSheet:
    """Everything about one transfer; ``lying``: what of its case's money is still on the account."""

    row: BankTransfer
    case: Case | None
    lying: Money
    told: list[AuditEntry]


def unmatched() -> Select[BankTransfer]:
    """Money of which nobody knows whose it is."""
    return select(BankTransfer).where(
        BankTransfer.case_id.is_(None),
        BankTransfer.withdrawn_at.is_(None),
        BankTransfer.direction == Direction.IN,
    )


def over_paid() -> Select[uuid.UUID, Currency, int]:
    """Cases that owe nothing any more and on whose account money lies."""
    return (
        select(Case.id, JournalLine.currency, func.sum(JournalLine.amount_minor))
        .join(JournalLine, JournalLine.case_id == Case.id)
        .where(JournalLine.account == Account.CUSTOMER_CREDIT.value, Case.state.not_in(OPEN))
        .group_by(Case.id, JournalLine.currency)
        .having(func.sum(JournalLine.amount_minor) < 0)
    )


def awaited() -> Select[Hold, Case]:
    """Payments that were announced, or came in part only."""
    return (
        select(Hold, Case)
        .join(Case, Case.id == Hold.case_id)
        .where(Hold.closed_at.is_(None), Hold.kind == HoldKind.PAYMENT_PENDING)
    )


def in_trouble() -> Select[Payin, Case]:
    """Payments that do not fit."""
    return select(Payin, Case).join(Case, Case.id == Payin.case_id).where(Payin.trouble != "")


def to_give_back(session: Session) -> list[Credit]:
    """What is too much, with its case."""
    rows = session.execute(over_paid().order_by(Case.id).limit(SHOWN)).all()
    cases = {
        case.id: case for case in session.scalars(select(Case).where(Case.id.in_([row[0] for row in rows])))
    }
    return [Credit(cases[key], Money(-int(minor), currency)) for key, currency, minor in rows]


def waiting(session: Session) -> list[BankTransfer]:
    """Money without a case, oldest first."""
    return list(session.scalars(unmatched().order_by(BankTransfer.value_on, BankTransfer.id).limit(SHOWN)))


def recent(session: Session) -> list[tuple[BankTransfer, Case | None]]:
    """What was written down last."""
    rows = session.execute(
        select(BankTransfer, Case)
        .outerjoin(Case, Case.id == BankTransfer.case_id)
        .order_by(BankTransfer.recorded_at.desc(), BankTransfer.id.desc())
        .limit(SHOWN)
    )
    return [(row, case) for row, case in rows]


def sheet(session: Session, transfer_id: uuid.UUID) -> TransferSheet:
    """One transfer with its case and its history."""
    row = session.get(BankTransfer, transfer_id)
    if row is None:
        raise NotFound(say("This transfer"))
    case = session.get(Case, row.case_id) if row.case_id else None
    currency = row.amount.currency
    lying = credit_of(session, case.id, currency) if case else Money.zero(currency)
    return TransferSheet(row, case, lying, list(history(session, "transfer", row.id)))


def case_named_in(session: Session, purpose: str) -> Case | None:
    """The case that a purpose names, by its RF reference or by our own; ``None`` when none or several do."""
    named = {reference for found in _RF.findall(purpose) if (reference := case_of(found))}
    if len(named) == 1:
        return session.scalars(select(Case).where(Case.reference == named.pop())).first()
    return None if named else case_in(session, purpose)
