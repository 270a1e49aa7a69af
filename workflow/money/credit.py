"""What lies on the account of a case: money that came by transfer and is neither divided nor given back."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from workflow.kernel.db import Session
from workflow.kernel.ledger import JournalLine
from workflow.kernel.money import Currency, Money
from workflow.money.chart import Account


def credit_of(session: Session, case_id: uuid.UUID, currency: Currency = Currency.EUR) -> Money:
    """The sum of the account, zero or more; the currency is the one of the offer."""
    lying = session.scalar(
        select(func.coalesce(func.sum(JournalLine.amount_minor), 0)).where(
            JournalLine.account == Account.CUSTOMER_CREDIT.value,
            JournalLine.case_id == case_id,
            JournalLine.currency == currency,
        )
    )
    return Money(-int(lying or 0), currency)
