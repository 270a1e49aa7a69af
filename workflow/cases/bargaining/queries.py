"""Reading what was said about the price of a case."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select

from workflow.cases.bargaining.models import AgreedShare, CounterOffer, FeeChallenge, OwnerLimit
from workflow.cases.bargaining.recalculating import recalculated
from workflow.cases.bargaining.states import OUTCOME_WORDS, Outcome
from workflow.cases.models import Case, Offer
from workflow.cases.pricing import facts_shown, from_stored
from workflow.cases.pricing.sheet import FactShown, Line
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import joined, say, stored

#: More than any honest case has.
SHOWN = 50
#: Without a limit nothing below the sum is accepted without asking.
NEVER = 100


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


def current_offer(session: Session, case_id: uuid.UUID) -> Offer:
    """What is asked now; :class:`Refused` when nothing is."""
    found = session.scalars(
        select(Offer).where(Offer.case_id == case_id).order_by(Offer.number.desc()).limit(1)
    ).first()
    if found is None:
        raise Refused(say("No sum is asked in this case."))
    return found


def open_challenge(session: Session, case_id: uuid.UUID) -> FeeChallenge | None:
    """The doubted input of the case that nobody has decided on."""
    wanted = select(FeeChallenge).where(FeeChallenge.case_id == case_id, FeeChallenge.outcome == Outcome.OPEN)
    return session.scalars(wanted).first()


def open_counter(session: Session, case_id: uuid.UUID) -> CounterOffer | None:
    """The sum that was named and that nobody has decided on."""
    wanted = select(CounterOffer).where(CounterOffer.case_id == case_id, CounterOffer.outcome == Outcome.OPEN)
    return session.scalars(wanted).first()


def counters_of(session: Session, case_id: uuid.UUID) -> list[CounterOffer]:
    """Every sum that was named, newest first."""
    wanted = select(CounterOffer).where(CounterOffer.case_id == case_id)
    newest = wanted.order_by(CounterOffer.made_at.desc(), CounterOffer.id.desc()).limit(SHOWN)
    return list(session.scalars(newest))


def named_so_often(session: Session, case_id: uuid.UUID) -> int:
    """How often the recipient has named a sum."""
    wanted = select(func.count()).select_from(CounterOffer)
    mine = wanted.where(CounterOffer.case_id == case_id, CounterOffer.by_role == Role.INFRINGER)
    return session.scalar(mine) or 0


def limit_of(session: Session, case_id: uuid.UUID) -> int:
    """From how many per cent a counter-offer is accepted at once. Never shown to the recipient."""
    wanted = select(OwnerLimit.percent).where(OwnerLimit.case_id == case_id)
    found = session.scalars(wanted.order_by(OwnerLimit.set_at.desc(), OwnerLimit.id.desc()).limit(1)).first()
    return NEVER if found is None else found


@dataclass(frozen=True, slots=True)
class Outlook:
    """One way the case may end, and what of it is the rights-holder's; without VAT."""

    label: str
    net: Money
    owner_part: Money


@dataclass(frozen=True, slots=True)
class Talk:
    """What the desk sees of the sums that were named."""

    counters: list[CounterOffer]
    #: The one of the recipient that waits for a decision.
    waits: CounterOffer | None
    limit: int
    outlooks: tuple[Outlook, ...]
    #: Who gets what of the offer that was accepted or paid, if one was.
    frozen: AgreedShare | None

    def words(self, counter: CounterOffer) -> str:
        """How it ended, in words."""
        return OUTCOME_WORDS[counter.outcome]


def talk_of(session: Session, case: Case) -> Talk:
    """Every sum that was named, the owner's limit, and the three ways it may end. For the desk alone."""
    counters, limit = counters_of(session, case.id), limit_of(session, case.id)
    waits = next(
        (each for each in counters if each.outcome is Outcome.OPEN and each.by_role is Role.INFRINGER), None
    )
    wanted = select(Offer).where(Offer.case_id == case.id).order_by(Offer.number.desc()).limit(1)
    offer = session.scalars(wanted).first()
    shares = select(AgreedShare).where(AgreedShare.case_id == case.id)
    frozen = session.scalars(shares.order_by(AgreedShare.frozen_at.desc()).limit(1)).first()
    return Talk(
        counters, waits, limit, _outlooks(case, offer, limit) if offer and not case.paid_at else (), frozen
    )


def _outlooks(case: Case, offer: Offer, limit: int) -> tuple[Outlook, ...]:
    least = offer.net.share_bp(limit * NEVER)
    ways = (
        (say("Paid as asked"), offer.net),
        *(
            ((say("Counter-offer at the limit of {percent} %", percent=limit), least),)
            if limit < NEVER
            else ()
        ),
        (say("Nothing is paid: no costs for the rights-holder"), Money.zero(offer.net.currency)),
    )
    return tuple(
        Outlook(label, net, net.split(case.owner_share_bp, case.operator_share_bp)[0]) for label, net in ways
    )


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
