"""Double entry. Lines first, header last: the header's INSERT trigger checks that every currency balances.

Nothing is changed or deleted (triggers refuse); a correction is one reversing entry, linked, once only.
Amounts are signed: plus is debit, minus is credit. Balances are sums, never stored.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflow.kernel.db import Base, enum_column
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say


class JournalLine(Base):
    """One posting; belongs to a header that is written after it."""

    __tablename__ = "journal_lines"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount_is_not_zero"),
        Index("ix_journal_lines_account", "account", "owner_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    entry_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("journal_entries.id", deferrable=True, initially="DEFERRED"), index=True
    )
    position: Mapped[int]
    account: Mapped[str] = mapped_column(String(40))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[Currency] = enum_column(Currency, "currency")
    case_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    owner_id: Mapped[uuid.UUID | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class JournalEntry(Base):
    """The header: what was booked, when, and (for a correction) which entry it takes back."""

    __tablename__ = "journal_entries"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    #: Made of our own ids: the same key twice is the same booking.
    key: Mapped[str] = mapped_column(String(200), unique=True)
    occasion: Mapped[str] = mapped_column(String(200))
    booked_at: Mapped[datetime]
    reverses_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("journal_entries.id"), unique=True)


@dataclass(frozen=True, slots=True)
class Posting:
    """One line to book: debit positive, credit negative."""

    account: StrEnum
    amount: Money
    case_id: uuid.UUID | None = None
    owner_id: uuid.UUID | None = None


def book(
    session: Session,
    key: str,
    occasion: str,
    now: datetime,
    postings: Sequence[Posting],
    *,
    reverses_id: uuid.UUID | None = None,
) -> JournalEntry:
    """Write one balanced entry; zero lines are left out. :class:`Refused` when it is booked already."""
    lines = [posting for posting in postings if not posting.amount.is_zero]
    sums: dict[Currency, int] = defaultdict(int)
    for posting in lines:
        sums[posting.amount.currency] += posting.amount.minor
    assert lines and not any(sums.values()), f"{key} does not balance: {dict(sums)}"
    if session.scalar(select(JournalEntry.id).where(JournalEntry.key == key)):
        raise Refused(say("{occasion} is booked already.", occasion=occasion))
    entry_id = new_id()
    for position, posting in enumerate(lines):
        session.add(
            JournalLine(
                entry_id=entry_id,
                position=position,
                account=posting.account.value,
                amount_minor=posting.amount.minor,
                currency=posting.amount.currency,
                case_id=posting.case_id,
                owner_id=posting.owner_id,
            )
        )
    session.flush()
    entry = JournalEntry(id=entry_id, key=key, occasion=occasion, booked_at=now, reverses_id=reverses_id)
    session.add(entry)
    session.flush()
    return entry


def lines_of(session: Session, entry_id: uuid.UUID) -> list[JournalLine]:
    """The entry's lines in their order."""
    return list(
        session.scalars(
            select(JournalLine).where(JournalLine.entry_id == entry_id).order_by(JournalLine.position)
        )
    )


def entry_by_key(session: Session, key: str) -> JournalEntry | None:
    """The booking with this key, if it was made."""
    return session.scalars(select(JournalEntry).where(JournalEntry.key == key)).first()


def reverse(
    session: Session, entry_id: uuid.UUID, occasion: str, now: datetime, accounts: type[StrEnum]
) -> JournalEntry:
    """Take an entry back by its mirror image; a second reversal is :class:`Refused`."""
    original = session.get(JournalEntry, entry_id)
    if original is None:
        raise NotFound(say("This booking"))
    mirrored = [
        Posting(accounts(line.account), -line.amount, line.case_id, line.owner_id)
        for line in lines_of(session, entry_id)
    ]
    return book(session, f"reverse:{original.key}", occasion, now, mirrored, reverses_id=entry_id)


def balance(
    session: Session,
    account: StrEnum,
    *,
    owner_id: uuid.UUID | None = None,
    currency: Currency = Currency.EUR,
) -> Money:
    """The sum of an account, debit positive; of one owner when given."""
    total = select(func.coalesce(func.sum(JournalLine.amount_minor), 0)).where(
        JournalLine.account == account.value, JournalLine.currency == currency
    )
    if owner_id is not None:
        total = total.where(JournalLine.owner_id == owner_id)
    return Money(int(session.scalar(total) or 0), currency)


def check(session: Session) -> list[str]:
    """Every entry that does not balance and every line without a header; empty when all is well."""
    uneven = session.execute(
        select(JournalLine.entry_id, JournalLine.currency, func.sum(JournalLine.amount_minor))
        .group_by(JournalLine.entry_id, JournalLine.currency)
        .having(func.sum(JournalLine.amount_minor) != 0)
    ).all()
    headless = session.scalar(
        select(func.count())
        .select_from(JournalLine)
        .outerjoin(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(JournalEntry.id.is_(None))
    )
    problems: list[str] = [
        say(
            "Journal entry {entry} is off by {total} {currency}.", entry=entry, total=total, currency=currency
        )
        for entry, currency, total in uneven
    ]
    if headless:
        problems.append(say("{headless} journal lines have no entry.", headless=headless))
    return problems
