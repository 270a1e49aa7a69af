"""The tables of deliveries and of batches for the post."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.cases.post.states import DeliveryState, ReturnReason, Way
from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id

_OPEN = text("state IN ('waiting', 'sending', 'batched')")


class PostBatch(Base):
    """Letters printed together as one PDF. Never changed: what becomes of a letter stands in its delivery."""

    __tablename__ = "post_batches"
    __table_args__ = (
        CheckConstraint("letters > 0", name="a_batch_holds_letters"),
        CheckConstraint("number > 0", name="numbers_begin_at_one"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)
    #: What was pressed: the same press twice is one batch.
    key: Mapped[str] = mapped_column(String(80), unique=True)
    #: The date on its letters.
    on: Mapped[date]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(200))
    letters: Mapped[int]
    #: Pages of the PDF, with the blank ones between letters.
    pages: Mapped[int]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)
    #: The cover list: what is in it, in order.
    list_document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)


class LetterDelivery(Base):
    """One try to bring a letter to its recipient by one way."""

    __tablename__ = "letter_deliveries"
    __table_args__ = (
        UniqueConstraint("letter_id", "way", "attempt"),
        UniqueConstraint("batch_id", "position"),
        Index(
            "one_open_delivery_per_way", "letter_id", "way", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index("ix_letter_deliveries_state", "state", "way"),
        CheckConstraint("(batch_id IS NULL) = (position IS NULL)", name="a_batch_has_an_order"),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    letter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("letters.id"))
    way: Mapped[Way] = enum_column(Way, "way")
    attempt: Mapped[int]
    state: Mapped[DeliveryState] = enum_column(DeliveryState, "state", default=DeliveryState.WAITING)
    #: The mail address, or the lines in the window, as it was sent.
    address: Mapped[str] = mapped_column(Text)
    #: Which edition of the letter it carries, once printed.
    edition: Mapped[int] = mapped_column(default=1)
    registered: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]

    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("post_batches.id"))
    position: Mapped[int | None]
    pages: Mapped[int | None]

    left_on: Mapped[date | None]
    left_by: Mapped[str] = mapped_column(String(200), default="")
    registered_number: Mapped[str] = mapped_column(String(40), default="")
    returned_on: Mapped[date | None]
    return_reason: Mapped[ReturnReason | None] = enum_column(ReturnReason, "return_reason", nullable=True)
    scan_document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("documents.id"), index=True)
    #: Why it did not leave, or what was noted about its return.
    note: Mapped[str] = mapped_column(String(500), default="")
