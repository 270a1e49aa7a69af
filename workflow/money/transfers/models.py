"""One line of a bank statement, as a person wrote it down. Never changed; what was wrong is taken back."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.kernel.db import Base, enum_column, money_column
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency, Money  # noqa: F401 - SQLAlchemy reads the fields of Money from here


class Direction(StrEnum):
    """Which way the money went."""

    #: To us.
    IN = "in"
    #: Back to whoever paid too much.
    OUT = "out"


class BankTransfer(Base):
    """Money that came in or was given back at the bank; booked in the same transaction."""

    __tablename__ = "bank_transfers"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        CheckConstraint("direction = 'in' OR case_id IS NOT NULL", name="given_back_for_a_case"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why = '')", name="withdrawn_says_why"),
        # the same line of a statement is written down once; a second one that is alike says so
        UniqueConstraint(
            "direction", "value_on", "amount_minor", "amount_currency", "party", "purpose", "number",
            name="uq_bank_transfers_line",
        ),
        Index("ix_bank_transfers_recorded", "recorded_at"),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    #: Made with the form: pressing twice is one record.
    key: Mapped[str] = mapped_column(String(40), unique=True)
    direction: Mapped[Direction] = enum_column(Direction, "direction")
    value_on: Mapped[date]
    amount: Mapped[Money] = money_column("amount")
    #: Who paid, or was paid, as the statement names them.
    party: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(300))
    #: Which of several that are alike, from 1.
    number: Mapped[int] = mapped_column(default=1)
    #: ``None`` until somebody knows.
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(200))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(String(200), default="")
    withdrawn_why: Mapped[str] = mapped_column(String(500), default="")
