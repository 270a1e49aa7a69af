"""The journal: whatever is booked balances, a reversal undoes it once, and a key is one booking."""

from __future__ import annotations

from enum import StrEnum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.world import START
from workflow.kernel import ledger
from workflow.kernel.db import Database
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.ledger import JournalEntry, JournalLine, Posting
from workflow.kernel.money import Currency, Money

pytestmark = pytest.mark.usefixtures("loopback_only")
several = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Account(StrEnum):
    CASH = "cash"
    SALES = "sales"
    TAX = "tax"
    OWED = "owed"


postings = st.lists(
    st.tuples(st.sampled_from(list(Account)), st.integers(-10_000, 10_000), st.sampled_from([Currency.EUR, Currency.USD])),
    min_size=1, max_size=6,
)  # fmt: skip


def balanced(raw: list[tuple[Account, int, Currency]]) -> list[Posting]:
    """The lines, and one more for each currency that makes it even."""
    lines = [Posting(account, Money(minor, currency)) for account, minor, currency in raw]
    for currency in {currency for _, _, currency in raw}:
        rest = -sum(line.amount.minor for line in lines if line.amount.currency is currency)
        lines.append(Posting(Account.OWED, Money(rest, currency)))
    return lines


@several
@given(st.lists(postings, min_size=1, max_size=4))
def test_whatever_is_booked_balances(
    database: Database, entries: list[list[tuple[Account, int, Currency]]]
) -> None:
    for raw in entries:
        lines = balanced(raw)
        if all(line.amount.is_zero for line in lines):
            continue
        with database.transaction() as session:
            entry = ledger.book(session, f"k:{new_id()}", "A test", START, lines)
            before = {account: ledger.balance(session, account) for account in Account}
            mirrored = ledger.reverse(session, entry.id, "Undone", START, Account)
            for account in Account:
                own = sum(line.amount.minor for line in lines
                          if line.account is account and line.amount.currency is Currency.EUR)  # fmt: skip
                assert ledger.balance(session, account) == before[account] - Money(own)
            assert [-line.amount for line in ledger.lines_of(session, entry.id)] == [
                line.amount for line in ledger.lines_of(session, mirrored.id)
            ]
            with pytest.raises(Refused):
                ledger.reverse(session, entry.id, "Undone twice", START, Account)
    with database.reading() as session:
        assert ledger.check(session) == []
        assert all(ledger.balance(session, account).is_zero for account in Account)


@several
@given(postings, st.integers(1, 500))
def test_a_cent_too_many_is_a_bug(
    database: Database, raw: list[tuple[Account, int, Currency]], off: int
) -> None:
    lines = [*balanced(raw), Posting(Account.CASH, Money(off, raw[0][2]))]
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(JournalLine))
    with pytest.raises(AssertionError, match="balance"), database.transaction() as session:
        ledger.book(session, f"k:{new_id()}", "A test", START, lines)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(JournalLine)) == before


def test_the_same_key_is_the_same_booking(database: Database) -> None:
    lines = [Posting(Account.CASH, Money(5)), Posting(Account.SALES, Money(-5))]
    with database.transaction() as session:
        first = ledger.book(session, "once", "A test", START, lines)
    with pytest.raises(Refused, match="booked already"), database.transaction() as session:
        ledger.book(session, "once", "A test", START, lines)
    with database.reading() as session:
        found = ledger.entry_by_key(session, "once")
        assert found is not None and found.id == first.id
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 1
        with pytest.raises(NotFound):
            ledger.reverse(session, new_id(), "Nothing", START, Account)
