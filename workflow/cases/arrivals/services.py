"""Recording what came in by hand, giving it to its case, and taking back a record that was wrong."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from workflow.cases import events
from workflow.cases.arrivals.models import Arrival, ArrivalScan
from workflow.cases.arrivals.states import ABOUT_WORDS, HOLD_OF, KIND_WORDS, ArrivalAbout, ArrivalKind
from workflow.cases.models import Case, Message
from workflow.cases.services.answers import MAX_PROOFS, MAX_TEXT, ProofFile
from workflow.cases.services.deciding import tell
from workflow.cases.services.moving import move
from workflow.cases.services.submitting import scope_of
from workflow.cases.states import CaseState, CaseTrigger, Direction
from workflow.kernel import outbox
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.documents import Vault
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.said import say

OVER = (CaseState.CLOSED, CaseState.SETTLED, CaseState.REJECTED)
#: Before an offer nobody was written to, so nobody of the other side can have answered.
HELD = (
    CaseState.OFFERED, CaseState.REMINDED, CaseState.AGREED, CaseState.IN_INSTALMENTS, CaseState.IN_DUNNING,
    CaseState.LEGAL_REVIEW, CaseState.WITH_PARTNER, CaseState.IN_COURT, CaseState.PAID,
)  # fmt: skip
#: Older than this is more likely a slip of the pen than a letter.
OLDEST_DAYS = 365


@dataclass(frozen=True, slots=True)
class ArrivalFacts:
    """What a person writes down about a letter, call or mail."""

    kind: ArrivalKind
    about: ArrivalAbout
    received_on: date
    sender: str
    summary: str


def record_arrival(  # the facts, the scans, where it belongs
    session: Session, vault: Vault, facts: ArrivalFacts, scans: Sequence[ProofFile], actor: Actor,
    now: datetime, *, key: str, case_id: uuid.UUID | None = None,
) -> Arrival:  # fmt: skip
    """Keep it with its scans; with ``case_id`` it is assigned at once. The same press twice is one record."""
    known = session.scalars(select(Arrival).where(Arrival.key == key)).first()
    if known is not None:
        return known
    _check(facts, scans, now)
    arrival = Arrival(
        id=new_id(), key=key, kind=facts.kind, about=facts.about, received_on=facts.received_on,
        sender=facts.sender.strip()[:200], summary=facts.summary.strip(), recorded_at=now,
        recorded_by=actor.name,
    )  # fmt: skip
    session.add(arrival)
    session.flush()
    scope = scope_of(case_id) if case_id else f"arrival:{arrival.id}"
    for position, scan in enumerate(scans, start=1):
        document = vault.put(session, scope, scan.data, media_type=scan.media_type, name=scan.name, now=now)
        session.add(
            ArrivalScan(
                arrival_id=arrival.id, position=position, file_name=scan.name, media_type=scan.media_type,
                document_id=document.id,
            )
        )  # fmt: skip
    session.flush()
    session.expire(arrival, ["scans"])
    if case_id is not None:
        _give(session, arrival, case_id, actor, now)
    return arrival


def assign_arrival(
    session: Session, vault: Vault, arrival_id: uuid.UUID, case_id: uuid.UUID, actor: Actor, now: datetime
) -> Arrival:
    """Give unmatched mail to its case: scans are sealed anew with the case's key, our clocks stop."""
    arrival = _locked(session, arrival_id)
    if arrival.case_id is not None or arrival.withdrawn_at is not None:
        raise Refused(say("This is assigned or withdrawn already."))
    for scan in arrival.scans:
        data = vault.get(session, scan.document_id)
        document = vault.put(
            session, scope_of(case_id), data, media_type=scan.media_type, name=scan.file_name, now=now
        )
        scan.document_id = document.id
    _give(session, arrival, case_id, actor, now)
    return arrival


def withdraw_arrival(
    session: Session, arrival_id: uuid.UUID, why: str, actor: Actor, now: datetime
) -> Arrival:
    """A wrong record is marked, with its reason, and stays. The hold it opened is decided by a person."""
    arrival = _locked(session, arrival_id)
    if arrival.withdrawn_at is not None:
        raise Refused(say("This record is withdrawn already."))
    if not why.strip():
        raise Refused(say("Please say what is wrong with it, in a sentence."))
    arrival.withdrawn_at, arrival.withdrawn_by = now, actor.name
    arrival.withdrawn_why = why.strip()[:500]
    if arrival.case_id is not None:
        case = session.get_one(Case, arrival.case_id, with_for_update=True)
        label = say("Record of something that came in withdrawn")
        tell(session, case, "case:arrival_withdrawn", label, why, actor, now)
    return arrival


def _give(session: Session, arrival: Arrival, case_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """It stands in the case's thread, stops our clocks as any answer does, and is told to who listens."""
    assert actor.role is Role.OPERATOR, "staff records what comes in"
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise NotFound(say("This case"))
    about = HOLD_OF[arrival.about]
    head = say(
        "{kind} of {day}, received from {sender}",
        kind=KIND_WORDS[arrival.kind], day=arrival.received_on, sender=arrival.sender,
    )  # fmt: skip
    message = Message(
        id=new_id(), case_id=case.id, direction=Direction.INCOMING, about=about, author_role=actor.role,
        author=actor.name, text=f"{head}\n{arrival.summary}"[:MAX_TEXT], at=now,
    )  # fmt: skip
    session.add(message)
    session.flush()
    arrival.case_id, arrival.message_id = case.id, message.id
    arrival.assigned_at, arrival.assigned_by = now, actor.name
    if case.state in HELD:
        note = f"{ABOUT_WORDS[arrival.about]}: {head}. {arrival.summary[:200]}"[:500]
        move(session, case.id, CaseTrigger.HOLD, actor, now, note=note, carries={"kind": about})
    outbox.publish(session, events.AnswerReceived(case.id, message.id), key=str(message.id), now=now)
    session.flush()


def _check(facts: ArrivalFacts, scans: Sequence[ProofFile], now: datetime) -> None:
    reasons = []
    if not facts.sender.strip():
        reasons.append(say("Please say from whom it is."))
    if not facts.summary.strip():
        reasons.append(say("Please say in a few words what it says."))
    if len(facts.summary) > MAX_TEXT:
        reasons.append(
            say(
                "Please keep the summary under {most} characters, or add it as a scan.",
                most=f"{MAX_TEXT:,}",
            )
        )
    age = (now.date() - facts.received_on).days
    if age < -1:
        reasons.append(say("It cannot have come in on a day that has not been yet."))
    if age > OLDEST_DAYS:
        reasons.append(say("Please check the day: it lies more than a year back."))
    if len(scans) > MAX_PROOFS:
        reasons.append(say("Please send at most {most} files at once.", most=MAX_PROOFS))
    if reasons:
        raise Refused(*reasons)


def _locked(session: Session, arrival_id: uuid.UUID) -> Arrival:
    arrival = session.get(Arrival, arrival_id, with_for_update=True, populate_existing=True)
    if arrival is None:
        raise NotFound(say("This record"))
    return arrival
