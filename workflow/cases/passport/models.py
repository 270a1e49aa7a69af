"""The table of the licence passport."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.cases.passport.states import Scope
from workflow.cases.states import ClosedReason
from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id


class PassportEntry(Base):
    """One photograph on one site, or on one page of it, about which nobody is written to again."""

    __tablename__ = "passport_entries"
    __table_args__ = (
        UniqueConstraint("case_id", "work_id", "page_url"),
        CheckConstraint("(ended_at IS NULL) = (ended_why = '')", name="an_end_has_a_reason"),
        Index("ix_passport_entries_work", "work_id", "domain"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    work_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("works.id"))
    #: The part of the host that somebody registered.
    domain: Mapped[str] = mapped_column(String(255))
    page_url: Mapped[str] = mapped_column(Text)
    scope: Mapped[Scope] = enum_column(Scope, "scope")
    reason: Mapped[ClosedReason] = enum_column(ClosedReason, "reason")
    made_at: Mapped[datetime]
    #: When a person ended it (the licence ran out), and why; what was covered before stays so.
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(200), default="")
    ended_why: Mapped[str] = mapped_column(String(500), default="")

    def covers(self, domain: str, page_url: str) -> bool:
        """Whether a use on this page of this domain is settled by it."""
        if self.ended_at is not None:
            return False
        return self.domain == domain if self.scope is Scope.SITE else self.page_url == page_url
