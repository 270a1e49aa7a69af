"""The tables of money that comes in. Amounts are what was asked; what came is in the journal."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.kernel.db import Base, enum_column, money_column
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency, Money
from workflow.money.states import PayinState, PayinWay


class Payin(Base):
    """One wish to pay the offer of a case; at most one of a case is live."""

    __tablename__ = "payins"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        CheckConstraint("on_account_minor >= 0", name="on_account_is_not_negative"),
        CheckConstraint("(fee_minor IS NULL) = (fee_currency IS NULL)", name="fee_has_a_currency"),
        Index(
            "one_live_payin_per_case",
            "case_id",
            unique=True,
            sqlite_where=text("state IN ('opened', 'pending')"),
            postgresql_where=text("state IN ('opened', 'pending')"),
        ),
        Index("ix_payins_state", "state", "opened_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_offers.id"), index=True)
    #: What comes this way.
    amount: Mapped[Money] = money_column("amount")
    way: Mapped[PayinWay] = enum_column(PayinWay, "way", default=PayinWay.CARD)
    #: What lay on the account of the case already and counts with it, in the same currency.
    on_account: Mapped[Money] = money_column("on_account")
    state: Mapped[PayinState] = enum_column(PayinState, "state")
    version: Mapped[int] = mapped_column(default=1)

    #: The card page and the payment, by the payment service's own names.
    foreign_id: Mapped[str | None] = mapped_column(String(200), unique=True)
    payment_intent: Mapped[str | None] = mapped_column(String(200), unique=True)
    checkout_url: Mapped[str | None] = mapped_column(Text)
    #: What the payment service keeps; ``None`` until it says so.
    fee_minor: Mapped[int | None] = mapped_column(BigInteger)
    fee_currency: Mapped[Currency | None] = enum_column(Currency, "fee_currency", nullable=True)

    opened_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    #: Wall time of the first request to the service: its keys are good for a day from here.
    asked_at: Mapped[datetime | None]

    #: Made when a refund is asked for; the same id never gives back twice.
    refund_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    refund_asked_by: Mapped[str] = mapped_column(String(200), default="")
    #: Wall time of the first request for the refund.
    refund_tried_at: Mapped[datetime | None]

    #: Why it came to nothing, for the one who wanted to pay.
    failure: Mapped[str] = mapped_column(String(500), default="")
    #: What does not fit, for the operator; while it stands, a person must look.
    trouble: Mapped[str] = mapped_column(String(500), default="")

    @property
    def total(self) -> Money:
        """What is paid with it: all that the offer asks."""
        return self.amount + self.on_account

    @property
    def fee(self) -> Money | None:
        """What the payment service keeps, in the currency it settles in; ``None`` until it says so."""
        if self.fee_minor is None or self.fee_currency is None:
            return None
        return Money(self.fee_minor, self.fee_currency)

    @fee.setter
    def fee(self, fee: Money) -> None:
        self.fee_minor, self.fee_currency = fee.minor, fee.currency


class PspCursor(Base):
    """Up to when the events of a payment service were listed: where the next look begins."""

    __tablename__ = "psp_cursors"

    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    #: Wall time of the service.
    seen_until: Mapped[datetime]
