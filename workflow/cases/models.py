"""The tables of a case. State is written by the engine only; sums are money columns with a currency."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.cases.states import (
    CaseState,
    Channel,
    ChannelChoice,
    ClaimNature,
    ClosedReason,
    Direction,
    EvidenceKind,
    HoldKind,
    LetterKind,
    LetterState,
    RejectReason,
)
from workflow.kernel.actors import Role
from workflow.kernel.db import Base, enum_column, money_column
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency, Money  # noqa: F401 - SQLAlchemy reads the fields of Money from here
from workflow.kernel.said import Answered


class Case(Base):
    """One operator of pages, one rights-holder, one or more uses."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("owner_share_bp + operator_share_bp = 10000", name="shares_are_the_whole"),
        Index("ix_cases_state", "state", "owner_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    #: For people: six random signs and a check sign; useless without the code.
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    owner_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[CaseState] = enum_column(CaseState, "state")
    version: Mapped[int] = mapped_column(default=1)

    # frozen at submission
    terms_version: Mapped[str] = mapped_column(String(40))
    owner_share_bp: Mapped[int]
    operator_share_bp: Mapped[int]
    submitted_at: Mapped[datetime | None]
    attested: Mapped[str] = mapped_column(Text, default="")

    # who is written to
    recipient_name: Mapped[str] = mapped_column(String(200), default="")
    recipient_email: Mapped[str] = mapped_column(String(200), default="")
    recipient_address: Mapped[str] = mapped_column(Text, default="")
    recipient_country: Mapped[str] = mapped_column(String(2), default="DE")
    recipient_region: Mapped[str] = mapped_column(String(6), default="")
    recipient_source: Mapped[str] = mapped_column(String(300), default="")
    #: How letters travel: by the rule, or as an operator chose.
    channel: Mapped[ChannelChoice] = enum_column(ChannelChoice, "channel", default=ChannelChoice.RULE)
    #: The language letters are written in first; empty = by the recipient's country.
    letter_language: Mapped[str] = mapped_column(String(2), default="")
    host: Mapped[str] = mapped_column(String(200), default="")

    # the portal's key: looked up by a peppered hash, printed again from the sealed copy
    code_lookup: Mapped[str] = mapped_column(String(64), index=True)
    code_document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("documents.id"), index=True)

    # the post-licence phase
    cadence_version: Mapped[str] = mapped_column(String(40), default="")
    cadence_step: Mapped[int] = mapped_column(default=0)
    offered_on: Mapped[date | None]
    last_letter_on: Mapped[date | None]
    answer_by: Mapped[date | None]
    needs_a_look: Mapped[bool] = mapped_column(default=False)

    rejected_reason: Mapped[RejectReason | None] = enum_column(RejectReason, "rejected_reason", nullable=True)
    closed_reason: Mapped[ClosedReason | None] = enum_column(ClosedReason, "closed_reason", nullable=True)
    paid_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    uses: Mapped[list[Use]] = relationship(order_by="Use.position", lazy="selectin")
    holds: Mapped[list[Hold]] = relationship(order_by="Hold.opened_at", lazy="selectin")


class Use(Base):
    """One use of one photograph on one page: the facts of the hit, copied at submission."""

    __tablename__ = "case_uses"
    __table_args__ = (
        UniqueConstraint("case_id", "position"),
        # a hit whose case was withdrawn may be submitted again, but never twice in one case
        UniqueConstraint("case_id", "hit_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int]
    #: The hit it came from; ``hits`` lies above us, so this is a plain key.
    hit_id: Mapped[uuid.UUID]
    work_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("works.id"), index=True)
    work_title: Mapped[str] = mapped_column(String(300))
    page_url: Mapped[str] = mapped_column(Text)
    page_title: Mapped[str] = mapped_column(String(500), default="")
    image_url: Mapped[str] = mapped_column(Text)
    found_sha256: Mapped[str] = mapped_column(String(64))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    match_sentence: Mapped[str] = mapped_column(String(500))
    match_facts: Mapped[dict[str, Any]]
    credit_found: Mapped[str] = mapped_column(String(300), default="")

    #: Only pages that show it ask for it, see ``queries.with_evidence``: a case is loaded far more often.
    evidence: Mapped[list[Evidence]] = relationship(order_by="Evidence.kind")


class Evidence(Base):
    """A sealed document that shows a use: our photograph, the found picture, the page as fetched."""

    __tablename__ = "case_evidence"
    __table_args__ = (UniqueConstraint("use_id", "kind"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    use_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_uses.id"))
    kind: Mapped[EvidenceKind] = enum_column(EvidenceKind, "kind")
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    captured_at: Mapped[datetime]


class Offer(Base):
    """What is asked, as priced: the fee sheet is stored with its edition and can be computed again."""

    __tablename__ = "case_offers"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        CheckConstraint("total_minor = net_minor + vat_minor", name="total_is_net_plus_vat"),
        CheckConstraint("net_minor > 0", name="net_is_positive"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    number: Mapped[int]
    nature: Mapped[ClaimNature] = enum_column(ClaimNature, "nature")
    net: Mapped[Money] = money_column("net")
    vat_rate_bp: Mapped[int]
    vat: Mapped[Money] = money_column("vat")
    total: Mapped[Money] = money_column("total")
    edition: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]]
    sheet: Mapped[list[Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(200))
    lines: Mapped[list[ClaimLine]] = relationship(order_by="ClaimLine.position", lazy="selectin")


class ClaimLine(Base):
    """One line of what is owed; its nature decides the law that applies to it."""

    __tablename__ = "claim_lines"
    __table_args__ = (UniqueConstraint("offer_id", "position"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_offers.id"))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(300))
    nature: Mapped[ClaimNature] = enum_column(ClaimNature, "nature")
    net: Mapped[Money] = money_column("net")


class Letter(Base):
    """A rendered document that was sent, or is about to be; one per case, kind and step."""

    __tablename__ = "letters"
    __table_args__ = (UniqueConstraint("case_id", "kind", "step"), Index("ix_letters_state", "state"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[LetterKind] = enum_column(LetterKind, "kind")
    step: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[LetterState] = enum_column(LetterState, "state", default=LetterState.QUEUED)
    subject: Mapped[str] = mapped_column(String(300), default="")
    channel: Mapped[Channel] = enum_column(Channel, "channel", default=Channel.MAIL)
    #: Empty when it does not go by mail.
    email: Mapped[str] = mapped_column(String(200))
    #: Counts how often it was printed anew after it had left; the pages that left stay as they were.
    edition: Mapped[int] = mapped_column(default=1)
    on: Mapped[date]
    answer_by: Mapped[date | None]
    facts: Mapped[dict[str, Any]]
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    why_not: Mapped[str] = mapped_column(String(500), default="")
    #: The documents of the present edition.
    enclosures: Mapped[list[LetterDocument]] = relationship(
        primaryjoin="and_(LetterDocument.letter_id == Letter.id, LetterDocument.edition == Letter.edition)",
        order_by="LetterDocument.position", lazy="selectin", viewonly=True,
    )  # fmt: skip


class LetterDocument(Base):
    """A PDF of a letter: the letter itself, the licence certificate, the receipt."""

    __tablename__ = "letter_documents"
    __table_args__ = (UniqueConstraint("letter_id", "edition", "position"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    letter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("letters.id"))
    edition: Mapped[int] = mapped_column(default=1)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)


class Hold(Base):
    """Why our clocks stand still, since when, and who let them run again."""

    __tablename__ = "case_holds"
    __table_args__ = (
        Index(
            "one_open_hold_per_kind",
            "case_id",
            "kind",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[HoldKind] = enum_column(HoldKind, "kind")
    reason: Mapped[str] = mapped_column(String(500))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(200), default="")
    decision: Mapped[str] = mapped_column(String(500), default="")


#: What the forms of the portal write before a person's own words, each on a line of its own.
ANSWER_HEADS = ("Licence from", "Number", "Objection", "Input", "Sum named", "Our answer")


class Message(Base):
    """What was written to us or by us about the case, outside of letters."""

    __tablename__ = "case_messages"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    direction: Mapped[Direction] = enum_column(Direction, "direction")
    about: Mapped[HoldKind] = enum_column(HoldKind, "about")
    author_role: Mapped[Role] = enum_column(Role, "author_role")
    author: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    #: The ready-made text an answer of ours began with; empty = written freely.
    reply_code: Mapped[str] = mapped_column(String(40), default="")
    proofs: Mapped[list[Proof]] = relationship(order_by="Proof.position", lazy="selectin")

    @property
    def shown(self) -> Answered:
        """The text for pages: only what our form wrote before it is told in the reader's language."""
        return Answered(self.text, ANSWER_HEADS)


class Proof(Base):
    """A file the infringer showed: a licence, an invoice, a screenshot. Sealed with the case's key."""

    __tablename__ = "case_proofs"
    __table_args__ = (UniqueConstraint("message_id", "position"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_messages.id"))
    position: Mapped[int]
    file_name: Mapped[str] = mapped_column(String(200))
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)
