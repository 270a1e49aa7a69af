"""Tables of the second factor: a sealed secret per account, and codes for the day the telephone is lost."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.accounts.models import SHA256_HEX
from workflow.kernel.db import Base
from workflow.kernel.ids import new_id


class SecondFactor(Base):
    """The shared secret of an account and its authenticator app, sealed under the master key. Wall time."""

    __tablename__ = "second_factors"
    __table_args__ = (
        CheckConstraint("secret IS NOT NULL OR proposed IS NOT NULL", name="holds_a_secret"),
        CheckConstraint("(secret IS NULL) = (enrolled_at IS NULL)", name="enrolled_iff_secret"),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    #: What sign-in asks for; ``None`` until a code confirmed it.
    secret: Mapped[bytes | None]
    #: Shown as a QR code, waiting for its first code.
    proposed: Mapped[bytes | None]
    enrolled_at: Mapped[datetime | None]
    #: The last step whose code was used: no code works twice.
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    #: Wrong codes since the last right one; each makes the next attempt wait longer.
    failures: Mapped[int] = mapped_column(default=0)
    wait_until: Mapped[datetime | None]


class RecoveryCode(Base):
    """One of ten codes that stand in for the authenticator app once; only a keyed hash is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(SHA256_HEX), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
