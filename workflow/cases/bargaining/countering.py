"""A counter-offer: confirmed alike whatever its height, accepted at once inside the owner's limit."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from workflow.cases import events
from workflow.cases.bargaining.challenging import LONGEST_REASON
from workflow.cases.bargaining.limits import is_within
from workflow.cases.bargaining.models import CounterOffer
from workflow.cases.bargaining.queries import current_offer, limit_of, named_so_often, open_counter
from workflow.cases.bargaining.rules import rules_on
from workflow.cases.bargaining.states import Outcome
from workflow.cases.bargaining.telling import let_clocks_run, note_decision, tell_recipient
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, ClaimLine, Message, Offer
from workflow.cases.services.answers import receive_answer
from workflow.cases.services.moving import move
from workflow.cases.states import CaseTrigger, HoldKind
from workflow.kernel import outbox
from workflow.kernel.access import reached
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.documents import Vault
from workflow.kernel.errors import Conflict, NotFound, Refused, Stale
from workflow.kernel.ids import new_id
from workflow.kernel.money import WHOLE_BP, Money
from workflow.kernel.said import say

ABOUT = HoldKind.QUESTION


class Verdict(StrEnum):
    """What can be said to a counter-offer."""

    ACCEPT = "accept"
    DECLINE = "decline"
    #: Another sum, which the recipient may take.
    NAME = "name"


def why_no_counter(session: Session, case: Case, now: datetime) -> str | None:
    """Why the recipient cannot name a sum now, or nothing."""
    if CASE_LIFECYCLE.find(case.state, CaseTrigger.AGREE) is None:
        return say("A sum can be named only while an offer of ours is open.")
    if (open_ := open_counter(session, case.id)) is not None and open_.by_role is Role.INFRINGER:
        return say("Your last sum is not decided yet. Please wait for that decision first.")
    most = rules_on(now.date()).counter_offers_per_case
    if named_so_often(session, case.id) >= most:
        return say("You have named {most} sums. Please write to us if you want to say more.", most=most)
    return None


def name_sum(
    session: Session, vault: Vault, case_id: uuid.UUID, total: Money, why: str, actor: Actor, now: datetime
) -> Message:
    """Keep the sum the recipient names (VAT included), stop our clocks, confirm it. Inside the limit of the
    rights-holder the case is agreed in the same transaction; the receipt is the same either way."""
    found = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    case = reached(session, CASE_LIFECYCLE.reach, actor, found, say("This case"))
    if reason := why_no_counter(session, case, now):
        raise Refused(reason)
    offer = current_offer(session, case_id)
    if total.minor <= 0:
        raise Refused(say("Please name a sum above zero."))
    if total >= offer.total:
        raise Refused(say("Asked are {asked}: you can simply pay them.", asked=offer.total))
    text = "\n\n".join(part for part in (say("Sum named: {total}", total=total), why.strip()) if part)
    message = receive_answer(session, vault, case_id, ABOUT, text, (), actor, now)
    answered = open_counter(session, case_id)
    if answered is not None:  # a sum of ours that she does not take
        _decide(answered, Outcome.ANSWERED, "", actor, now)
        session.flush()
    counter = _add(session, case, message, offer, total, actor, now)
    if is_within(_net_of(total, offer), offer, limit_of(session, case_id)):
        _agree(session, case, counter, offer, "", actor, now)
    return message


def decide_counter(
    session: Session,
    counter_id: uuid.UUID,
    verdict: Verdict,
    reason: str,
    named: Money | None,
    actor: Actor,
    now: datetime,
    *,
    seen_version: int,
) -> Case:
    """Accept, decline with a reason, or name another sum; an operator only within the owner's limit."""
    counter, case = _locked(session, counter_id, seen_version, Role.INFRINGER, actor)
    offer = current_offer(session, case.id)
    case.version += 1
    if verdict is Verdict.ACCEPT:
        _check_limit(session, case, counter.total, offer, actor)
        _agree(session, case, counter, offer, reason, actor, now)
        return case
    if not reason.strip():
        raise Refused(say("Please say why: the recipient reads it."))
    if verdict is Verdict.DECLINE:
        _decide(counter, Outcome.REFUSED, reason, actor, now)
        told = say(
            "Our answer: your sum of {named} was not accepted. Asked are {asked}.",
            named=counter.total,
            asked=offer.total,
        )
        tell_recipient(session, case, ABOUT, told, reason, actor, now)
    else:
        _name_another(session, case, counter, offer, named, reason, actor, now)
    note_decision(session, case, say("Counter-offer answered"), reason, actor, now)
    let_clocks_run(session, case, ABOUT, counter.message_id, reason, actor, now)
    return case


def take_named(session: Session, counter_id: uuid.UUID, actor: Actor, now: datetime) -> Case:
    """The recipient takes the sum that was named to her: the case is agreed."""
    counter, case = _locked(session, counter_id, None, None, actor)
    if counter.by_role is Role.INFRINGER:
        raise NotFound(say("This sum"))
    _agree(session, case, counter, current_offer(session, case.id), "", actor, now)
    return case


def _name_another(
    session: Session, case: Case, counter: CounterOffer, offer: Offer, named: Money | None, reason: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    if named is None or named <= counter.total or named >= offer.total:
        raise Refused(say("Please name a sum between {low} and {high}.", low=counter.total, high=offer.total))
    _check_limit(session, case, named, offer, actor)
    _decide(counter, Outcome.ANSWERED, reason, actor, now)
    session.flush()
    told = say(
        "Our answer: your sum of {named} was not accepted, but {other} would be. You can take that sum on "
        "the page of your case.", named=counter.total, other=named,
    )  # fmt: skip
    message = tell_recipient(session, case, ABOUT, told, reason, actor, now)
    _add(session, case, message, offer, named, actor, now)


def _check_limit(session: Session, case: Case, total: Money, offer: Offer, actor: Actor) -> None:
    """The rights-holder decides freely, everybody else within the limit."""
    if actor.role is Role.RIGHTS_HOLDER or is_within(
        _net_of(total, offer), offer, limit_of(session, case.id)
    ):
        return
    raise Refused(
        say("This is below what the rights-holder accepts without being asked. The rights-holder decides.")
    )


def _agree(
    session: Session,
    case: Case,
    counter: CounterOffer,
    offer: Offer,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """A new offer at that sum, the clocks, the step, and a word to the recipient."""
    agreed = _offer_at(case, offer, counter.total, actor, now)
    session.add(agreed)
    session.flush()
    _decide(counter, Outcome.ACCEPTED, reason, actor, now)
    counter.new_offer_id = agreed.id
    outbox.publish(session, events.SumChanged(case.id, agreed.id), key=str(agreed.id), now=now)
    session.flush()
    told = say(
        "Our answer: we agree on {total}. You can pay this sum on the page of your case.", total=agreed.total
    )
    let_clocks_run(session, case, ABOUT, counter.message_id, told, actor, now)
    move(session, case.id, CaseTrigger.AGREE, actor, now, note=told, carries={"counter_id": counter.id})
    tell_recipient(session, case, ABOUT, told, reason, actor, now)


def _offer_at(case: Case, before: Offer, total: Money, actor: Actor, now: datetime) -> Offer:
    """The sum divided over the lines as the old one was, to the cent."""
    net = _net_of(total, before)
    parts = net.split(*(line.net.minor for line in before.lines))
    labels = [
        say("Agreed for the use of “{work_title}”", work_title=use.work_title)[:300] for use in case.uses
    ]
    return Offer(
        id=new_id(), case_id=case.id, number=before.number + 1, nature=before.nature, net=net,
        vat_rate_bp=before.vat_rate_bp, vat=total - net, total=total, edition=before.edition,
        facts=before.facts, sheet=before.sheet, made_at=now, made_by=actor.name or case.recipient_name,
        lines=[
            ClaimLine(
                position=line.position, nature=line.nature, net=part,
                label=labels[(line.position - 1) % len(labels)],
            )
            for line, part in zip(before.lines, parts, strict=True)
        ],
    )  # fmt: skip


def _net_of(total: Money, offer: Offer) -> Money:
    """What is left without the VAT of the offer, rounded half up."""
    whole = WHOLE_BP + offer.vat_rate_bp
    return Money((2 * total.minor * WHOLE_BP + whole) // (2 * whole), total.currency)


def _add(
    session: Session, case: Case, message: Message, offer: Offer, total: Money, actor: Actor, now: datetime
) -> CounterOffer:
    counter = CounterOffer(
        id=new_id(), case_id=case.id, message_id=message.id, offer_id=offer.id, by_role=actor.role,
        total=total, made_at=now,
    )  # fmt: skip
    session.add(counter)
    session.flush()
    return counter


def _decide(counter: CounterOffer, outcome: Outcome, reason: str, actor: Actor, now: datetime) -> None:
    counter.outcome, counter.decided_at = outcome, now
    counter.decided_by = actor.name or actor.role.value
    counter.reason = reason.strip()[:LONGEST_REASON]


def _locked(
    session: Session, counter_id: uuid.UUID, seen_version: int | None, by: Role | None, actor: Actor
) -> tuple[CounterOffer, Case]:
    """Both locked, the case first, like every step; only for whom the case is there."""
    row = session.get(CounterOffer, counter_id)
    if row is None or (by is not None and row.by_role is not by):
        raise NotFound(say("This sum"))
    found = session.get(Case, row.case_id, with_for_update=True, populate_existing=True)
    case = reached(session, CASE_LIFECYCLE.reach, actor, found, say("This case"))
    if seen_version is not None and case.version != seen_version:
        raise Stale
    counter = session.get_one(CounterOffer, counter_id, with_for_update=True, populate_existing=True)
    if counter.outcome is not Outcome.OPEN:
        raise Conflict(say("This was decided already."))
    return counter, case
