"""The tables of bargaining: doubted inputs, sums that were named, and how low the rights-holder goes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.cases.bargaining.states import Outcome
from workflow.kernel.actors import Role
from workflow.kernel.db import Base, enum_column, money_column
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency, Money  # noqa: F401 - SQLAlchemy reads the fields of Money from here


class FeeChallenge(Base):
    """The recipient says that one fact of the calculation is wrong, and what is right instead."""

    __tablename__ = "fee_challenges"
    __table_args__ = (
        CheckConstraint("(outcome = 'open') = (decided_at IS NULL)", name="a_decision_has_its_time"),
        CheckConstraint("outcome <> 'refused' OR reason <> ''", name="a_refusal_has_its_reason"),
        CheckConstraint("(outcome = 'accepted') = (new_offer_id IS NOT NULL)", name="accepted_is_an_offer"),
        CheckConstraint("total_minor > 0", name="the_sum_is_positive"),
        Index(
            "one_open_challenge_per_case", "case_id", unique=True,
            sqlite_where=text("outcome = 'open'"), postgresql_where=text("outcome = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    #: Her words and files.
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_messages.id"), index=True)
    #: What was asked when she wrote; its facts hold the value she doubts.
    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_offers.id"), index=True)
    fact: Mapped[str] = mapped_column(String(40))
    #: The fact with the value she names, as the facts of a fee hold it in JSON.
    claimed: Mapped[dict[str, Any]]
    #: The calculation with it, as it was shown before she sent it.
    sheet: Mapped[list[Any]]
    total: Mapped[Money] = money_column("total")
    made_at: Mapped[datetime]
    outcome: Mapped[Outcome] = enum_column(Outcome, "outcome", default=Outcome.OPEN)
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(200), default="")
    new_offer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_offers.id"), index=True)


class OwnerLimit(Base):
    """From how many per cent a counter-offer is accepted without asking. The newest counts."""

    __tablename__ = "owner_limits"
    __table_args__ = (
        CheckConstraint("percent > 0 AND percent <= 100", name="the_limit_is_a_share"),
        Index("ix_owner_limits_case", "case_id", "set_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    percent: Mapped[int]
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(200))


class CounterOffer(Base):
    """A sum that somebody named instead of what is asked: the recipient, or who answers her."""

    __tablename__ = "counter_offers"
    __table_args__ = (
        CheckConstraint("(outcome = 'open') = (decided_at IS NULL)", name="a_decision_has_its_time"),
        CheckConstraint("outcome <> 'refused' OR reason <> ''", name="a_refusal_has_its_reason"),
        CheckConstraint("(outcome = 'accepted') = (new_offer_id IS NOT NULL)", name="accepted_is_an_offer"),
        CheckConstraint("total_minor > 0", name="the_sum_is_positive"),
        Index(
            "one_open_counter_offer_per_case", "case_id", unique=True,
            sqlite_where=text("outcome = 'open'"), postgresql_where=text("outcome = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_messages.id"), index=True)
    #: What was asked when it was named.
    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_offers.id"), index=True)
    by_role: Mapped[Role] = enum_column(Role, "by_role")
    #: VAT included, where the offer has any: what would really be paid.
    total: Mapped[Money] = money_column("total")
    made_at: Mapped[datetime]
    outcome: Mapped[Outcome] = enum_column(Outcome, "outcome", default=Outcome.OPEN)
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(200), default="")
    new_offer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_offers.id"), index=True)


class AgreedShare(Base):
    """Who gets what of an offer that was accepted or paid, frozen in the same transaction. Never changed."""

    __tablename__ = "agreed_shares"
    __table_args__ = (
        CheckConstraint("net_minor = owner_minor + operator_minor", name="the_parts_are_the_net"),
    )

    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_offers.id"), primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    #: The VAT stands with the offer.
    net: Mapped[Money] = money_column("net")
    owner: Mapped[Money] = money_column("owner")
    operator: Mapped[Money] = money_column("operator")
    owner_share_bp: Mapped[int]
    terms_version: Mapped[str] = mapped_column(String(40))
    frozen_at: Mapped[datetime]
