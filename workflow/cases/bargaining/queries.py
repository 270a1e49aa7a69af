"""Reading what was said about the price of a case."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from workflow.cases.bargaining.models import FeeChallenge
from workflow.cases.bargaining.recalculating import recalculated
from workflow.cases.bargaining.states import OUTCOME_WORDS, Outcome
from workflow.cases.models import Case, Offer
from workflow.cases.pricing import facts_shown, from_stored
from workflow.cases.pricing.sheet import FactShown
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import joined, stored

#: More than any honest case has.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sheet."""

    label: str
    amount: Money
    because: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubted input as pages show it, on both sides and in the portal."""

    row: FeeChallenge
    offer: Offer
    before: FactShown
    after: FactShown
    #: One use, as it was asked and as it would be.
    old_sheet: tuple[Line, ...]
    new_sheet: tuple[Line, ...]
    old_net: Money
    new_net: Money
    #: Why it cannot be accepted as it stands, or nothing.
    against: str = ""

    @property
    def outcome_words(self) -> str:
        """How it ended, in words."""
        return OUTCOME_WORDS[self.row.outcome]

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.row.outcome is Outcome.OPEN


def open_challenge(session: Session, case_id: uuid.UUID) -> FeeChallenge | None:
    """The doubted input of the case that nobody has decided on."""
    wanted = select(FeeChallenge).where(FeeChallenge.case_id == case_id, FeeChallenge.outcome == Outcome.OPEN)
    return session.scalars(wanted).first()


def doubts_of(session: Session, case: Case) -> list[Doubt]:
    """Everything that was doubted, newest first."""
    rows = session.execute(
        select(FeeChallenge, Offer)
        .join(Offer, Offer.id == FeeChallenge.offer_id)
        .where(FeeChallenge.case_id == case.id)
        .order_by(FeeChallenge.made_at.desc(), FeeChallenge.id.desc())
        .limit(SHOWN)
    )
    return [_doubt(session, case, row, offer) for row, offer in rows]


def _doubt(session: Session, case: Case, row: FeeChallenge, offer: Offer) -> Doubt:
    before, after = (
        next(each for each in facts_shown(from_stored(told), (row.fact,)) if each.name == row.fact)
        for told in (offer.facts, {**from_stored(offer.facts).as_json(), **row.claimed})
    )
    old, new = sheet_lines(offer.sheet), sheet_lines(row.sheet)
    against = ""
    if row.outcome is Outcome.OPEN:
        try:
            recalculated(session, case, offer, row.fact, row.claimed[row.fact])
        except Refused as refusal:
            against = joined(refusal.reasons)
    return Doubt(row, offer, before, after, old, new, _sum(old), _sum(new), against)


def sheet_lines(rows: list[dict[str, object]]) -> tuple[Line, ...]:
    """The stored lines of a sheet."""
    return tuple(
        Line(
            stored(str(row["label"])), Money(int(str(row["minor"])), Currency(str(row["currency"]))),
            stored(str(row["why"])), str(row.get("source", "")),
        )
        for row in rows
    )  # fmt: skip


def _sum(lines: tuple[Line, ...]) -> Money:
    return sum((line.amount for line in lines[1:]), lines[0].amount)
