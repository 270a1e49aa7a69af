"""The tables of what came in by hand. A wrong record is marked withdrawn, with its reason, and stays."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.cases.arrivals.states import ArrivalAbout, ArrivalKind
from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id


class Arrival(Base):
    """A letter, call or mail that reached us outside the portal; without a case until it is assigned."""

    __tablename__ = "arrivals"
    __table_args__ = (
        Index("ix_arrivals_case", "case_id", "received_on"),
        CheckConstraint("(case_id IS NULL) = (message_id IS NULL)", name="an_assigned_one_is_told"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why = '')", name="a_withdrawal_has_a_reason"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    #: What was pressed: the same press twice is one record.
    key: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[ArrivalKind] = enum_column(ArrivalKind, "kind")
    about: Mapped[ArrivalAbout] = enum_column(ArrivalAbout, "about")
    received_on: Mapped[date]
    sender: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(200))

    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cases.id"))
    #: How it stands in the case's thread.
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_messages.id"), unique=True)
    assigned_at: Mapped[datetime | None]
    assigned_by: Mapped[str] = mapped_column(String(200), default="")

    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(String(200), default="")
    withdrawn_why: Mapped[str] = mapped_column(String(500), default="")

    scans: Mapped[list[ArrivalScan]] = relationship(order_by="ArrivalScan.position", lazy="selectin")


class ArrivalScan(Base):
    """A scanned page or file of it; sealed with the case's key once it is assigned, before with its own."""

    __tablename__ = "arrival_scans"
    __table_args__ = (UniqueConstraint("arrival_id", "position"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    arrival_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("arrivals.id"))
    position: Mapped[int]
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)
