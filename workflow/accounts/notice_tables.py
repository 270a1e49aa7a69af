"""Tables of what people are told: notices, their switches, weekly digests; and two notes of the first day."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.accounts.models import SHA256_HEX
from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id


class NoticeChannel(StrEnum):
    """By which way somebody is told."""

    #: In the top bar of the desk.
    BELL = "bell"
    #: By e-mail.
    MAIL = "mail"


class Notice(Base):
    """One thing somebody should know; the text is kept as its catalogue entry and what fills it."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("account_id", "key", name="uq_notices_told_once"),
        CheckConstraint("count > 0", name="tells_something"),
        Index("ix_notices_unread", "account_id", "in_bell", "read_at"),
        Index("ix_notices_newest", "account_id", "created_at"),
        Index("ix_notices_to_mail", "mail_after"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    #: Our own name of what happened: told twice is told once.
    key: Mapped[str] = mapped_column(String(200))
    #: A ``NoticeKind``; plain words, so that a later capability brings its own without a migration.
    kind: Mapped[str] = mapped_column(String(40))
    subject_type: Mapped[str] = mapped_column(String(40), default="")
    subject_id: Mapped[uuid.UUID | None]
    msgid: Mapped[str] = mapped_column(String(500))
    #: What stands in the places of ``msgid``.
    filling: Mapped[dict[str, Any]]
    #: Where the desk shows more: endpoint and its arguments; empty = nowhere.
    endpoint: Mapped[str] = mapped_column(String(80), default="")
    link_args: Mapped[dict[str, Any]]
    #: Until when the person must act.
    act_by: Mapped[date | None]
    #: How many of the same this stands for (new hits of one day).
    count: Mapped[int] = mapped_column(default=1)
    in_bell: Mapped[bool] = mapped_column(default=True)
    #: Business time.
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    #: A grouped mail is written after this moment (business time) and then this is emptied.
    mail_after: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class NoticeSwitch(Base):
    """Somebody turned one kind of notice off (or on again) for one channel."""

    __tablename__ = "notice_switches"
    __table_args__ = (
        UniqueConstraint("account_id", "kind", "channel", name="uq_notice_switches_one_answer"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(40))
    channel: Mapped[NoticeChannel] = enum_column(NoticeChannel, "channel")
    is_on: Mapped[bool]


class WeeklyDigest(Base):
    """What was decided about one account's digest of one week: once, whether something was sent or not."""

    __tablename__ = "weekly_digests"
    __table_args__ = (UniqueConstraint("account_id", "week", name="uq_weekly_digests_once_a_week"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    #: ISO week of the person's zone, such as ``2024-W10``.
    week: Mapped[str] = mapped_column(String(8))
    #: Business time.
    decided_at: Mapped[datetime]
    sent: Mapped[bool]


class Acknowledgement(Base):
    """A person said “I have done that” or “do not show this again”, on a day."""

    __tablename__ = "acknowledgements"
    __table_args__ = (UniqueConstraint("account_id", "what", name="uq_acknowledgements_once"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    what: Mapped[str] = mapped_column(String(60), index=True)
    #: Business time.
    at: Mapped[datetime]


class FoundingLink(Base):
    """The link by which the first operator opens an account; one use, only its hash is kept."""

    __tablename__ = "founding_links"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(SHA256_HEX), unique=True)
    #: Wall time.
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
