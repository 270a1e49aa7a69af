"""Writing bank transfers down, finding their case, taking back a wrong record, and giving money back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from workflow.accounts import approving
from workflow.cases.models import Case
from workflow.kernel import audit, ledger
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.ledger import Posting
from workflow.kernel.money import Money, format_money
from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.credit import credit_of
from workflow.money.services.refunds import REFUND_RULE
from workflow.money.transfers.models import BankTransfer, Direction
from workflow.money.transfers.settling import settle

#: Older than this is more likely a slip of the pen than a line of a statement.
OLDEST_DAYS = 400
TWICE = say("The same line is written down already. If it stands there twice, say so below.")


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of a bank statement as a person reads it; ``again``: it really stands there once more."""

    value_on: date
    amount: Money
    party: str
    purpose: str
    again: bool = False


def entry_key(transfer_id: uuid.UUID) -> str:
    """The journal's key of this transfer's booking."""
    return f"transfer:{transfer_id}"


def assign_key(transfer_id: uuid.UUID) -> str:
    """The journal's key of giving it to its case."""
    return f"transfer-case:{transfer_id}"


def record_transfer(
    session: Session, line: Statement, actor: Actor, now: datetime, *, key: str,
    case_id: uuid.UUID | None = None,
) -> BankTransfer:  # fmt: skip
    """Book money that came at the bank; with a case it counts for the claim at once.

    The same press twice is one record. :class:`Refused` for a line that is written down already, a sum of
    nothing, a day that has not been.
    """
    known = session.scalars(select(BankTransfer).where(BankTransfer.key == key)).first()
    if known is not None:
        return known
    case = _locked_case(session, case_id) if case_id is not None else None
    row = _write(session, Direction.IN, line, actor, now, key=key, case_id=case_id)
    _book_in(session, row, case_id, now)
    if case is not None:
        settle(session, case, now)
    return row


def assign_transfer(
    session: Session, transfer_id: uuid.UUID, case_id: uuid.UUID, actor: Actor, now: datetime
) -> BankTransfer:
    """Give money that named no case to its case."""
    case = _locked_case(session, case_id)
    row = _locked(session, transfer_id)
    if row.case_id is not None or row.withdrawn_at is not None:
        raise Refused(say("This transfer has its case already, or was withdrawn."))
    row.case_id = case_id
    ledger.book(
        session, assign_key(row.id), say("Transfer given to case {reference}", reference=case.reference), now,
        [
            Posting(Account.CUSTOMER_CREDIT, row.amount),
            Posting(Account.CUSTOMER_CREDIT, -row.amount, case_id=case_id),
        ],
    )  # fmt: skip
    _tell(session, row, "transfer:assign", say("Transfer given to a case"), case.reference, actor, now)
    settle(session, case, now)
    return row


def withdraw_transfer(
    session: Session, transfer_id: uuid.UUID, why: str, actor: Actor, now: datetime
) -> BankTransfer:
    """A wrong record is taken back by a mirrored booking and stays, with its reason.

    :class:`Refused` once the money paid a claim or went back: then that has to be undone first.
    """
    found = session.get(BankTransfer, transfer_id)
    case = None
    if found is not None and found.case_id is not None:
        case = _locked_case(session, found.case_id)  # the case first, like every step
    row = _locked(session, transfer_id)
    if row.withdrawn_at is not None:
        raise Refused(say("This record is withdrawn already."))
    if not why.strip():
        raise Refused(say("Please say what is wrong with it, in a sentence."))
    if row.direction is Direction.IN and row.case_id is not None:
        lying = credit_of(session, row.case_id, row.amount.currency)
        if lying < row.amount:
            raise Refused(
                say("This money paid a claim or went back already. Undo that first, then this record.")
            )
    for key in (assign_key(row.id), entry_key(row.id)):
        if entry := ledger.entry_by_key(session, key):
            ledger.reverse(session, entry.id, say("Record of a transfer withdrawn"), now, Account)
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_why = now, actor.name, why.strip()[:500]
    session.flush()
    _tell(session, row, "transfer:withdraw", say("Record of a transfer withdrawn"), why.strip(), actor, now)
    if case is not None:
        settle(session, case, now)
    return row


def give_back(
    session: Session, case_id: uuid.UUID, line: Statement, actor: Actor, now: datetime, *, key: str
) -> BankTransfer:
    """Write down that money of a case went back from our bank; never more than lies on its account.

    Above a sum a second person agrees first.
    """
    assert actor.role is Role.OPERATOR
    known = session.scalars(select(BankTransfer).where(BankTransfer.key == key)).first()
    if known is not None:
        return known
    case = _locked_case(session, case_id)
    lying = credit_of(session, case_id, line.amount.currency)
    if line.amount > lying:
        raise Refused(say("Only {lying} lie on the account of this case.", lying=format_money(lying)))
    facts = {"case": case.reference, "sum": format_money(line.amount), "to": line.party.strip()}
    approving.require(session, REFUND_RULE, ("transfer", case_id), facts, now, amount=line.amount)
    row = _write(session, Direction.OUT, line, actor, now, key=key, case_id=case_id)
    occasion = say("Given back for case {reference}", reference=case.reference)
    ledger.book(
        session, entry_key(row.id), occasion, now,
        [
            Posting(Account.CUSTOMER_CREDIT, row.amount, case_id=case_id),
            Posting(Account.BANK, -row.amount, case_id=case_id),
        ],
    )  # fmt: skip
    settle(session, case, now)  # a card page that counted on it is shut
    return row


def _write(
    session: Session, direction: Direction, line: Statement, actor: Actor, now: datetime, *, key: str,
    case_id: uuid.UUID | None,
) -> BankTransfer:  # fmt: skip
    _check(line, now)
    party, purpose = line.party.strip()[:200], line.purpose.strip()[:300]
    same = (
        BankTransfer.direction == direction, BankTransfer.value_on == line.value_on,
        BankTransfer.amount == line.amount, BankTransfer.party == party, BankTransfer.purpose == purpose,
    )  # fmt: skip
    alike = session.scalar(select(func.count()).select_from(BankTransfer).where(*same))
    if alike and not line.again:
        raise Refused(TWICE)
    row = BankTransfer(
        id=new_id(), key=key, direction=direction, value_on=line.value_on, amount=line.amount, party=party,
        purpose=purpose, number=(alike or 0) + 1, case_id=case_id, recorded_at=now, recorded_by=actor.name,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as twice:  # somebody else wrote it down in this very moment
        raise Refused(TWICE) from twice
    _tell(session, row, "transfer:record", say("Transfer written down"), format_money(row.amount), actor, now)
    return row


def _book_in(session: Session, row: BankTransfer, case_id: uuid.UUID | None, now: datetime) -> None:
    ledger.book(
        session, entry_key(row.id), say("Bank transfer"), now,
        [
            Posting(Account.BANK, row.amount, case_id=case_id),
            Posting(Account.CUSTOMER_CREDIT, -row.amount, case_id=case_id),
        ],
    )  # fmt: skip


def _check(line: Statement, now: datetime) -> None:
    reasons = []
    if line.amount.minor <= 0:
        reasons.append(say("A transfer moves more than nothing."))
    if not line.party.strip():
        reasons.append(say("Please say who paid, as the statement names them."))
    age = (now.date() - line.value_on).days
    if age < -1:
        reasons.append(say("It cannot have come in on a day that has not been yet."))
    if age > OLDEST_DAYS:
        reasons.append(say("Please check the day: it lies more than a year back."))
    if reasons:
        raise Refused(*reasons)


def _tell(
    session: Session, row: BankTransfer, action: str, label: str, note: str, actor: Actor, now: datetime
) -> None:
    audit.record(session, "transfer", row.id, action, actor, now, label=label, note=note[:500])


def _locked(session: Session, transfer_id: uuid.UUID) -> BankTransfer:
    row = session.get(BankTransfer, transfer_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(say("This transfer"))
    return row


def _locked_case(session: Session, case_id: uuid.UUID) -> Case:
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise NotFound(say("This case"))
    return case
