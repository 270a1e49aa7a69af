"""The tables of hits: the hit with what is known about it, rules by domain, and what was compared."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from detection.types import Certainty, MatchKind
from workflow.cases.models import Case
from workflow.cases.states import STAGE_OF_CASE, Stage
from workflow.hits.states import HitState, Likelihood, RuleKind, Verdict
from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency, Money
from workflow.works.models import Work

HOST_LENGTH = 255
TITLE_LENGTH = 500
LINE_LENGTH = 300


class Hit(Base):
    """One photograph found in one picture on one page. Moments are business time unless marked."""

    __tablename__ = "hits"
    __table_args__ = (
        UniqueConstraint("work_id", "page_key", "found_sha256"),
        CheckConstraint("(state = 'submitted') = (case_id IS NOT NULL)", name="submitted_has_a_case"),
        CheckConstraint("state <> 'submitted' OR verdict = 'illegal'", name="only_illegal_is_submitted"),
        CheckConstraint("state <> 'reviewed' OR verdict IS NOT NULL", name="reviewed_has_a_verdict"),
        CheckConstraint("state NOT IN ('found', 'shown') OR verdict IS NULL", name="open_has_no_verdict"),
        CheckConstraint(
            "(fee_low_minor IS NULL) = (fee_currency IS NULL)"
            " AND (fee_high_minor IS NULL) = (fee_currency IS NULL)",
            name="fee_range_is_whole",
        ),
        # the inbox never reads more than it shows: one index per order, the other counts groups by itself
        Index("ix_hits_inbox", "owner_id", "state", "verdict", "domain", "id"),
        Index(
            "ix_hits_worth",
            "owner_id",
            "state",
            "verdict",
            "domain",
            "fee_high_minor",
            "fee_low_minor",
            "id",
        ),
        Index("ix_hits_found_sha256", "found_sha256"),
        Index("ix_hits_decision", "decision_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    work_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("works.id"))
    state: Mapped[HitState] = enum_column(HitState, "state")
    version: Mapped[int] = mapped_column(default=1)
    verdict: Mapped[Verdict | None] = enum_column(Verdict, "verdict", nullable=True)
    #: Why it was set aside, or what the owner noted.
    reason: Mapped[str] = mapped_column(String(TITLE_LENGTH), default="")
    #: Hits decided in one go share this; undo takes them back together.
    decision_id: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)

    # where
    page_url: Mapped[str] = mapped_column(Text)
    #: SHA-256 of the page's address: addresses are longer than an index takes.
    page_key: Mapped[str] = mapped_column(String(64))
    page_title: Mapped[str] = mapped_column(String(TITLE_LENGTH), default="")
    host: Mapped[str] = mapped_column(String(HOST_LENGTH))
    #: The part of the host that somebody registered; what hits are grouped by.
    domain: Mapped[str] = mapped_column(String(HOST_LENGTH))
    image_url: Mapped[str] = mapped_column(Text)
    found_sha256: Mapped[str] = mapped_column(String(64))
    #: In pixels, of the found picture.
    found_width: Mapped[int]
    found_height: Mapped[int]
    #: How the page shows it, as detection says it, such as ``img.src``.
    channel: Mapped[str] = mapped_column(String(40), default="")
    alt: Mapped[str] = mapped_column(String(TITLE_LENGTH), default="")
    #: Text beside the picture that names somebody.
    credit_found: Mapped[str] = mapped_column(String(LINE_LENGTH), default="")

    # how they match
    kind: Mapped[MatchKind] = enum_column(MatchKind, "kind")
    certainty: Mapped[Certainty] = enum_column(Certainty, "certainty")
    inliers: Mapped[int]
    pdq_distance: Mapped[int | None]
    mirrored: Mapped[bool]
    visible_share: Mapped[float]
    covered_share: Mapped[float]
    #: ``[[x, y], …]`` in pixels of the found picture.
    outline: Mapped[list[Any]]
    sentence: Mapped[str] = mapped_column(String(TITLE_LENGTH))

    # since when; each with where it is known from
    first_seen: Mapped[datetime]
    first_seen_source: Mapped[str] = mapped_column(String(LINE_LENGTH))
    last_seen: Mapped[datetime]
    last_seen_source: Mapped[str] = mapped_column(String(LINE_LENGTH))
    #: Wall time of the newest sighting that was taken in, in UTC seconds as the crawl keeps it.
    observed: Mapped[float]

    # who operates the page: found there, not confirmed
    operator_name: Mapped[str] = mapped_column(String(LINE_LENGTH), default="")
    operator_email: Mapped[str] = mapped_column(String(LINE_LENGTH), default="")
    operator_address: Mapped[str] = mapped_column(Text, default="")
    operator_country: Mapped[str] = mapped_column(String(2), default="")
    operator_source: Mapped[str] = mapped_column(Text, default="")

    # is it licensed already, and what would a licence have cost
    licence: Mapped[Likelihood] = enum_column(Likelihood, "licence")
    licence_reasons: Mapped[list[str]]
    #: A :class:`workflow.cases.pricing.FeeFacts` as JSON, and where each guess comes from.
    fee_facts: Mapped[dict[str, Any]]
    fee_reasons: Mapped[list[str]]
    #: Net, in minor units of ``fee_currency``; all three empty when the tariff knows no price.
    fee_low_minor: Mapped[int | None] = mapped_column(BigInteger)
    fee_high_minor: Mapped[int | None] = mapped_column(BigInteger)
    fee_currency: Mapped[Currency | None] = enum_column(Currency, "fee_currency", nullable=True)

    found_at: Mapped[datetime]

    work: Mapped[Work] = relationship(viewonly=True)
    case: Mapped[Case | None] = relationship(viewonly=True)

    @property
    def observed_at(self) -> datetime:
        """When the crawl last fetched the picture on this page; wall time."""
        return datetime.fromtimestamp(self.observed, UTC)

    @property
    def fee_low(self) -> Money | None:
        """What a licence would have cost at least."""
        return _money(self.fee_low_minor, self.fee_currency)

    @property
    def fee_high(self) -> Money | None:
        """What a licence would have cost at most."""
        return _money(self.fee_high_minor, self.fee_currency)

    @property
    def stage(self) -> Stage:
        """Where the find is, in the owner's words."""
        if self.state is HitState.SUBMITTED:
            return STAGE_OF_CASE[self.case.state] if self.case else Stage.SUBMITTED
        return Stage.REVIEWED if self.state is HitState.REVIEWED else Stage.HIT

    @property
    def longest_side(self) -> int:
        """Of the found picture, in pixels."""
        return max(self.found_width, self.found_height)


class DomainRule(Base):
    """Uses on this domain are set aside before the owner sees them: own pages, customers, partners."""

    __tablename__ = "hit_rules"
    __table_args__ = (UniqueConstraint("owner_id", "domain"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    #: A registered domain or one host below it; holds for everything under it.
    domain: Mapped[str] = mapped_column(String(HOST_LENGTH))
    kind: Mapped[RuleKind] = enum_column(RuleKind, "kind")
    reason: Mapped[str] = mapped_column(String(LINE_LENGTH), default="")
    created_at: Mapped[datetime]

    def covers(self, host: str) -> bool:
        """Whether this host lies under the rule's domain."""
        return host == self.domain or host.endswith(f".{self.domain}")


class ComparedReference(Base):
    """A fingerprint that comparing has heard of. References arrive in numbered versions."""

    __tablename__ = "hits_references"

    fingerprint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("work_fingerprints.id"), primary_key=True)
    version: Mapped[int] = mapped_column(index=True)


class ComparedImage(Base):
    """A found picture and up to which version of the references it was compared."""

    __tablename__ = "hits_compared"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    references_version: Mapped[int] = mapped_column(index=True)
    #: Why it could not be looked at; empty = it was.
    refused: Mapped[str] = mapped_column(String(40), default="")


class FoundMatch(Base):
    """What comparing one picture with one photograph said; every sighting of the picture becomes a hit."""

    __tablename__ = "hits_matches"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    work_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("works.id"), primary_key=True, index=True)
    kind: Mapped[MatchKind] = enum_column(MatchKind, "kind")
    certainty: Mapped[Certainty] = enum_column(Certainty, "certainty")
    inliers: Mapped[int]
    pdq_distance: Mapped[int | None]
    mirrored: Mapped[bool]
    visible_share: Mapped[float]
    covered_share: Mapped[float]
    outline: Mapped[list[Any]]
    sentence: Mapped[str] = mapped_column(String(TITLE_LENGTH))


def _money(minor: int | None, currency: Currency | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)
