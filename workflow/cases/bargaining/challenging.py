"""“One input is wrong”: received with its proof, shown with both sums, accepted or refused with a reason."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from workflow.cases import events
from workflow.cases.bargaining.models import FeeChallenge
from workflow.cases.bargaining.queries import current_offer, open_challenge
from workflow.cases.bargaining.recalculating import Recalculated, recalculated
from workflow.cases.bargaining.states import Outcome
from workflow.cases.bargaining.telling import let_clocks_run, tell_recipient
from workflow.cases.lifecycle import CASE_LIFECYCLE, OPEN
from workflow.cases.models import Case, ClaimLine, Message, Offer
from workflow.cases.pricing import Grade
from workflow.cases.services.answers import ProofFile, receive_answer
from workflow.cases.services.deciding import tell
from workflow.cases.states import CaseTrigger, HoldKind
from workflow.kernel import outbox
from workflow.kernel.access import reached
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.documents import Vault
from workflow.kernel.errors import Conflict, NotFound, Refused, Stale
from workflow.kernel.ids import new_id
from workflow.kernel.said import Said, say

LONGEST_REASON = 2_000


def why_no_doubt(case: Case) -> Said | None:
    """Only what is still offered can be calculated anew: not what is agreed, nor what a lawyer has."""
    if CASE_LIFECYCLE.find(case.state, CaseTrigger.AGREE) is not None:
        return None
    return say("An input can be doubted only while an offer of ours is open. Please write to us instead.")


def doubt_input(
    session: Session,
    vault: Vault,
    case_id: uuid.UUID,
    fact: str,
    claimed: Any,
    text: str,
    proofs: Sequence[ProofFile],
    actor: Actor,
    now: datetime,
) -> Message:
    """Keep what the recipient says is right instead, with the sum it makes; our clocks stop.

    :class:`Refused` when nothing is asked any more, when one input is already being looked at, or when the
    calculation would come to more: nobody is asked for more because she told us something.
    """
    found = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    case = reached(session, CASE_LIFECYCLE.reach, actor, found, say("This case"))
    if reason := why_no_doubt(case):
        raise Refused(reason)
    if open_challenge(session, case_id) is not None:
        raise Refused(say("A person is looking at one input already. Please wait for that decision first."))
    offer = current_offer(session, case_id)
    new = recalculated(session, case, offer, fact, claimed)
    if new.is_higher:
        raise Refused(
            say(
                "With this the calculation would come to {total}, more than the {asked} that are asked. "
                "You are not asked for more, so there is nothing to change.",
                total=new.total, asked=offer.total,
            )
        )  # fmt: skip
    message = receive_answer(
        session, vault, case_id, HoldKind.OBJECTION, _composed(new, text), proofs, actor, now
    )
    session.add(
        FeeChallenge(
            id=new_id(), case_id=case_id, message_id=message.id, offer_id=offer.id, fact=fact,
            claimed={fact: claimed},
            sheet=new.sheet.as_json(), total=new.total, made_at=now,
        )
    )  # fmt: skip
    session.flush()
    return message


def accept_input(
    session: Session, challenge_id: uuid.UUID, reason: str, actor: Actor, now: datetime, *, seen_version: int
) -> Offer:
    """The recipient is right: the sum is what the calculation says now, and never more than before."""
    challenge, case = _locked(session, challenge_id, seen_version)
    before = current_offer(session, case.id)
    new = recalculated(session, case, before, challenge.fact, challenge.claimed[challenge.fact])
    if new.is_higher:
        raise Refused(say("By this the sum would rise. What the recipient shows never makes it dearer."))
    offer = _offer_of(case, before, new, actor, now)
    session.add(offer)
    session.flush()
    _decide(challenge, Outcome.ACCEPTED, reason, actor, now)
    challenge.new_offer_id = offer.id
    outbox.publish(session, events.SumChanged(case.id, offer.id), key=str(offer.id), now=now)
    case.version += 1
    session.flush()
    told = say(
        "Our answer: you were right about “{fact}”: it is {value}. The sum is {total} now; before it was "
        "{before}.",
        fact=new.after.label, value=new.after.value, total=offer.total, before=before.total,
    )  # fmt: skip
    note = say("The input “{fact}” is {value} now.", fact=new.after.label, value=new.after.value)
    tell(session, case, "case:input_accepted", say("Input corrected"), note, actor, now)
    tell_recipient(session, case, HoldKind.OBJECTION, told, reason, actor, now)
    let_clocks_run(session, case, HoldKind.OBJECTION, challenge.message_id, told, actor, now)
    return offer


def refuse_input(
    session: Session, challenge_id: uuid.UUID, reason: str, actor: Actor, now: datetime, *, seen_version: int
) -> None:
    """The input stays; the recipient reads why, and our clocks run again with at least ten working days."""
    challenge, case = _locked(session, challenge_id, seen_version)
    if not reason.strip():
        raise Refused(say("Please say why: the recipient reads it."))
    _decide(challenge, Outcome.REFUSED, reason, actor, now)
    case.version += 1
    offer = current_offer(session, case.id)
    told = say(
        "Our answer: we looked at what you told us about the calculation. The sum stays {total}.",
        total=offer.total,
    )
    tell(session, case, "case:input_refused", say("Input kept"), reason, actor, now)
    tell_recipient(session, case, HoldKind.OBJECTION, told, reason, actor, now)
    let_clocks_run(session, case, HoldKind.OBJECTION, challenge.message_id, reason, actor, now)


def _composed(new: Recalculated, text: str) -> str:
    """The line of the form, then her words."""
    said = say("Input: “{fact}” is {value}", fact=new.after.label, value=new.after.value)
    return "\n\n".join(part for part in (said, text.strip()) if part)


def _offer_of(case: Case, before: Offer, new: Recalculated, actor: Actor, now: datetime) -> Offer:
    facts = replace(new.facts, grades={**new.facts.grades, new.fact: Grade.SHOWN})
    return Offer(
        id=new_id(), case_id=case.id, number=before.number + 1, nature=before.nature, net=new.net,
        vat_rate_bp=before.vat_rate_bp, vat=new.vat, total=new.total, edition=before.edition,
        facts=facts.as_json(), sheet=new.sheet.as_json(), made_at=now, made_by=actor.name,
        lines=[
            ClaimLine(position=line.position, label=line.label, nature=line.nature, net=new.sheet.net)
            for line in before.lines
        ],
    )  # fmt: skip


def _decide(challenge: FeeChallenge, outcome: Outcome, reason: str, actor: Actor, now: datetime) -> None:
    challenge.outcome, challenge.decided_at, challenge.decided_by = outcome, now, actor.name
    challenge.reason = reason.strip()[:LONGEST_REASON]


def _locked(session: Session, challenge_id: uuid.UUID, seen_version: int) -> tuple[FeeChallenge, Case]:
    """Both locked, the case first, like every step."""
    row = session.get(FeeChallenge, challenge_id)
    if row is None:
        raise NotFound(say("This input"))
    case = session.get_one(Case, row.case_id, with_for_update=True, populate_existing=True)
    if case.version != seen_version:
        raise Stale
    challenge = session.get_one(FeeChallenge, challenge_id, with_for_update=True, populate_existing=True)
    if challenge.outcome is not Outcome.OPEN:
        raise Conflict(say("This was decided already."))
    if case.state not in OPEN:
        raise Refused(say("The case is over: there is nothing left to decide."))
    return challenge, case
