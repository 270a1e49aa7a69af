"""Tables of the portal: who has entered, and who tried. All moments are wall time."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.kernel.db import Base
from workflow.kernel.ids import new_id

SHA256_HEX = 64


class PortalSession(Base):
    """One browser that entered one case; deleting the row ends it."""

    __tablename__ = "portal_sessions"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="ends_after_it_began"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(SHA256_HEX), unique=True)
    created_at: Mapped[datetime]
    #: The absolute end, however busy the person is.
    expires_at: Mapped[datetime] = mapped_column(index=True)
    #: The last click that was noted; a session that was idle for too long is over.
    seen_at: Mapped[datetime]
    #: The code it was opened with, as the case keeps it: when the case gets another one, it is over.
    code_lookup: Mapped[str] = mapped_column(String(SHA256_HEX))


class EntryAttempt(Base):
    """One failed attempt to enter. Address and reference are kept as keyed hashes, and for a day only."""

    __tablename__ = "portal_attempts"
    __table_args__ = (
        Index("ix_portal_attempts_source", "source_hash", "at"),
        Index("ix_portal_attempts_reference", "reference_hash", "at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    source_hash: Mapped[str] = mapped_column(String(SHA256_HEX))
    reference_hash: Mapped[str] = mapped_column(String(SHA256_HEX))
    at: Mapped[datetime] = mapped_column(index=True)
