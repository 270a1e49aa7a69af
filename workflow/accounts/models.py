"""Tables of people: accounts, their sessions and tokens, terms, the operator, contact requests."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.accounts.states import (
    AccountKind,
    Capacity,
    LegalBasis,
    LinkPurpose,
    Rank,
    SessionStage,
    Standing,
    TaxState,
)
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency

SHA256_HEX = 64


class ContractTerms(Base):
    """One version of the terms between owner and operator; never changed, only followed by another."""

    __tablename__ = "contract_terms"
    __table_args__ = (
        CheckConstraint("owner_share_bp + operator_share_bp = 10000", name="shares_are_the_whole"),
        CheckConstraint("owner_share_bp BETWEEN 0 AND 10000", name="owner_share_is_a_share"),
        CheckConstraint("phase_days > 0", name="phase_has_days"),
    )

    version: Mapped[str] = mapped_column(String(20), primary_key=True)
    effective_from: Mapped[date]
    owner_share_bp: Mapped[int]
    operator_share_bp: Mapped[int]
    #: Days of the post-licence phase before dunning begins.
    phase_days: Mapped[int]
    #: The text: a list of ``{"title", "text"}``.
    clauses: Mapped[list[Any]]

    @property
    def owner_percent(self) -> str:
        """``55``, or ``55.5`` where the share is not whole."""
        return f"{self.owner_share_bp / 100:g}"

    @property
    def operator_percent(self) -> str:
        """The other part of the whole."""
        return f"{self.operator_share_bp / 100:g}"


class Account(Base):
    """One person (or office) that signs in to the desk."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("role IN ('rights_holder','operator','legal_partner')", name="desk_roles"),
        CheckConstraint(
            "(tax_state = 'vat_registered') = (vat_id IS NOT NULL)", name="vat_id_iff_registered"
        ),
        CheckConstraint("role <> 'rights_holder' OR terms_version IS NOT NULL", name="owners_accepted_terms"),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[AccountKind] = enum_column(AccountKind, "kind")
    role: Mapped[Role] = enum_column(Role, "role")
    capacity: Mapped[Capacity | None] = enum_column(Capacity, "capacity", nullable=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    #: Wall time; ``None`` = not confirmed, cannot sign in.
    email_confirmed_at: Mapped[datetime | None]
    country: Mapped[str] = mapped_column(String(2))
    tax_state: Mapped[TaxState] = enum_column(TaxState, "tax_state")
    vat_id: Mapped[str | None] = mapped_column(String(20))
    #: Street, postcode and town, one line each; needed before the first payout.
    address: Mapped[str] = mapped_column(String(500), default="")
    bank_holder: Mapped[str] = mapped_column(String(70), default="")
    iban: Mapped[str] = mapped_column(String(34), default="")
    #: Pages are read in it; empty = as the browser asks.
    language: Mapped[str] = mapped_column(String(5), default="", server_default="")
    #: IANA name of the zone moments are shown in; empty = the instance's. Stored moments are UTC.
    time_zone: Mapped[str] = mapped_column(String(60), default="", server_default="")
    terms_version: Mapped[str | None] = mapped_column(ForeignKey("contract_terms.version"), index=True)
    terms_accepted_at: Mapped[datetime | None]
    #: Business time.
    created_at: Mapped[datetime]
    #: What a member of the office may do; ``None`` for everybody else.
    rank: Mapped[Rank | None] = enum_column(Rank, "rank", nullable=True)
    #: Wall time; whoever left the office cannot sign in any more.
    deactivated_at: Mapped[datetime | None]
    #: Wall time of the last log-in or click; ``None`` = never.
    last_seen_at: Mapped[datetime | None]
    #: Counts what the office changed about this person: an older page is refused.
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    @property
    def actor(self) -> Actor:
        """This account as the one who acts."""
        return Actor(self.role, str(self.id), self.name, rank=self.rank or "")

    @property
    def owner_id(self) -> uuid.UUID:
        """Whose record this is: the person's own."""
        return self.id

    @property
    def confirmed(self) -> bool:
        """Whether the address was shown to be this person's."""
        return self.email_confirmed_at is not None

    @property
    def standing(self) -> Standing:
        """Whether this person can sign in, or why not."""
        if self.deactivated_at is not None:
            return Standing.DEACTIVATED
        if self.confirmed:
            return Standing.ACTIVE
        return Standing.UNCONFIRMED if self.role is Role.RIGHTS_HOLDER else Standing.INVITED


class EmailToken(Base):
    """A link sent by mail; only its hash is kept, one use, wall time."""

    __tablename__ = "email_tokens"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    purpose: Mapped[LinkPurpose] = enum_column(LinkPurpose, "purpose", default=LinkPurpose.CONFIRM)
    token_hash: Mapped[str] = mapped_column(String(SHA256_HEX), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class DeskSession(Base):
    """One browser on its way in or signed in; deleting the row signs it out. Wall time."""

    __tablename__ = "desk_sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(SHA256_HEX), unique=True)
    created_at: Mapped[datetime]
    #: The absolute end, however busy the person is.
    expires_at: Mapped[datetime] = mapped_column(index=True)
    #: What the browser calls itself, shown in Settings.
    browser: Mapped[str] = mapped_column(String(200), default="")
    stage: Mapped[SessionStage] = enum_column(SessionStage, "stage", default=SessionStage.OPEN)
    #: The last click, noted at most once a minute; too long ago and the session has ended.
    seen_at: Mapped[datetime]
    #: When the person last proved who it is; dangerous steps ask for ten minutes at most.
    proved_at: Mapped[datetime]


class OperatorProfile(Base):
    """Who operates this instance: the single row that every letter names."""

    __tablename__ = "operator_profile"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    name: Mapped[str] = mapped_column(String(200))
    legal_basis: Mapped[LegalBasis] = enum_column(LegalBasis, "legal_basis")
    street: Mapped[str] = mapped_column(String(200))
    postcode: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2))
    #: Region of the holiday calendar, such as ``BE``; empty = the whole country's.
    region: Mapped[str] = mapped_column(String(10), default="")
    #: Court and number of the commercial, collector's or bar register; empty if there is none.
    register_entry: Mapped[str] = mapped_column(String(200), default="")
    #: Who supervises a registered collector, with address: named to private persons (RDG § 13a(1) no. 8).
    authority: Mapped[str] = mapped_column(String(300), default="")
    vat_id: Mapped[str] = mapped_column(String(20), default="")
    #: Who answers the telephone.
    contact_name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(40))
    sender_email: Mapped[str] = mapped_column(String(254))
    bank_holder: Mapped[str] = mapped_column(String(70))
    iban: Mapped[str] = mapped_column(String(34))
    bic: Mapped[str] = mapped_column(String(11), default="")
    #: Document of the vault, stored plain.
    logo_document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("documents.id"), index=True)
    languages: Mapped[list[str]]
    currency: Mapped[Currency] = enum_column(Currency, "currency")
    time_zone: Mapped[str] = mapped_column(String(60))
    updated_at: Mapped[datetime]
    #: Declared to have one person only: a day's delay stands in for the second one. Business time.
    one_person_since: Mapped[datetime | None]
    #: The day's delay counts from here at the earliest: the declaration, or the day somebody else left.
    one_person_counts_from: Mapped[datetime | None]

    @property
    def address_lines(self) -> list[str]:
        """As on an envelope, without the name and the country."""
        return [self.street, f"{self.postcode} {self.city}"]


class ContactRequest(Base):
    """A message from the public contact form; it waits in the queue until somebody says what became of it."""

    __tablename__ = "contact_requests"
    __table_args__ = (CheckConstraint("(done_at IS NULL) = (done_how = '')", name="done_says_how"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str] = mapped_column(String(200), default="")
    #: What became of it, in a person's words.
    done_how: Mapped[str] = mapped_column(String(500), default="")
