"""The table of payouts: one for each payment that was received."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.kernel.db import Base, enum_column, money_column
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency, Money  # noqa: F401 - SQLAlchemy reads the fields of Money from here
from workflow.payouts.states import PayoutState


class Payout(Base):
    """A rights-holder's share of one payment; the amount is the journal's."""

    __tablename__ = "payouts"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        Index("ix_payouts_state", "state", "accrued_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    payin_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payins.id"), unique=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    amount: Mapped[Money] = money_column("amount")
    state: Mapped[PayoutState] = enum_column(PayoutState, "state")
    version: Mapped[int] = mapped_column(default=1)

    accrued_at: Mapped[datetime]
    available_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    #: Where it was sent, as the account stood then.
    sent_to: Mapped[str] = mapped_column(String(120), default="")
    #: How often a transfer was ordered; part of the booking's key.
    transfers: Mapped[int] = mapped_column(default=0)
