"""What the outbox asks of ``cases``: tell people what happened. Letters leave by ``cases.post``."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import select

from workflow.accounts.models import Account
from workflow.accounts.queries import operator_profile
from workflow.cases import events, letters
from workflow.cases.effects import place_of
from workflow.cases.models import Case, Message
from workflow.cases.states import (
    CLOSED_WORDS,
    REJECT_WORDS,
    ClosedReason,
    HoldKind,
    RejectReason,
)
from workflow.kernel import outbox
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime

#: Within how many working days a person answers; letters and pages promise it.
REPLY_WORKING_DAYS = 5

ANSWER_WORDS = {
    HoldKind.LICENCE_SHOWN: "The licence you showed",
    HoldKind.OBJECTION: "Your objection",
    HoldKind.QUESTION: "Your message",
    HoldKind.DATA_PROTECTION: "Your data-protection request",
}


def announce_message(session: Session, runtime: Runtime, payload: dict[str, Any]) -> None:
    """An operator wrote back: tell the recipient that an answer waits in the portal."""
    message = session.get_one(Message, uuid.UUID(payload["message_id"]))
    case = session.get_one(Case, message.case_id)
    if not case.recipient_email:
        return  # it stands in the portal; the page told the operator that no mail goes out
    context = {
        "reference": case.reference,
        "author": message.author,
        "text": message.text,
        "portal_url": runtime.config.portal_url,
        **_sender(session),
    }
    mail = {"to": case.recipient_email, "template": "answer_to_recipient", "context": context}
    outbox.post(session, "mail", mail, key=f"mail:message:{message.id}", now=runtime.clock.business())


# --- telling people, as listeners of events ---------------------------------------------------------------


def confirm_answer(session: Session, runtime: Runtime, event: events.AnswerReceived) -> None:
    """The infringer gets a receipt of what was said and shown."""
    message = session.get_one(Message, event.message_id)
    case = session.get_one(Case, event.case_id)
    if message.author_role is not Role.INFRINGER or not case.recipient_email:
        return
    received = letters.local_day(case, message.at)
    context = {
        "reference": case.reference,
        "received_on": received.isoformat(),
        "what": ANSWER_WORDS.get(message.about, "Your message"),
        "files": [proof.file_name for proof in message.proofs],
        "reply_by": _reply_day(case, received).isoformat(),
        **_sender(session),
    }
    mail = {"to": case.recipient_email, "template": "receipt_of_answer", "context": context}
    outbox.post(session, "mail", mail, key=f"mail:answer:{message.id}", now=runtime.clock.business())


def tell_operator(session: Session, runtime: Runtime, event: events.CaseSubmitted) -> None:
    """A case waits to be checked."""
    _tell_staff(session, runtime, event.case_id, "New case", "A rights-holder submitted a case.", "submitted")


def tell_operator_answer(session: Session, runtime: Runtime, event: events.AnswerReceived) -> None:
    """An answer waits to be read."""
    sentence = "The recipient answered. Our reminders stand still until somebody decides."
    _tell_staff(session, runtime, event.case_id, "Answer received", sentence, f"answer:{event.message_id}")


def tell_owner_needed(session: Session, runtime: Runtime, event: events.InformationNeeded) -> None:
    """The rights-holder must act: the operator's question, in full."""
    _tell_owner(session, runtime, event.case_id, "You must act", f"We need something from you: {event.what}",
                f"needed:{runtime.clock.business():%Y%m%d%H%M%S}")  # fmt: skip


def tell_owner_rejected(session: Session, runtime: Runtime, event: events.CaseRejected) -> None:
    """The rights-holder hears why the case is not taken on, and what would change it."""
    _tell_owner(session, runtime, event.case_id, "Not accepted", REJECT_WORDS[RejectReason(event.reason)],
                "rejected")  # fmt: skip


def tell_owner_offered(session: Session, runtime: Runtime, event: events.CaseOffered) -> None:
    """The rights-holder hears that the offer is out."""
    _tell_owner(session, runtime, event.case_id, "Offer sent",
                "Your case was checked and the offer is on its way to the recipient.", "offered")  # fmt: skip


def tell_owner_paid(session: Session, runtime: Runtime, event: events.CasePaid) -> None:
    """The rights-holder hears that money came in."""
    sentence = "The licence fee was paid. Your share is held until the refund window ends."
    _tell_owner(session, runtime, event.case_id, "Paid", sentence, "paid")


def tell_owner_closed(session: Session, runtime: Runtime, event: events.CaseClosed) -> None:
    """The rights-holder hears that it is over, and why."""
    sentence = CLOSED_WORDS[ClosedReason(event.reason)]
    _tell_owner(session, runtime, event.case_id, "Case closed", sentence, "closed")


def _tell_owner(
    session: Session, runtime: Runtime, case_id: uuid.UUID, headline: str, sentence: str, key: str
) -> None:
    case = session.get_one(Case, case_id)
    owner = session.get_one(Account, case.owner_id)
    url = f"{runtime.config.desk_url}/cases/{case.id}"
    _update(session, runtime, case, owner, (headline, sentence, url), f"{case_id}:{key}:owner")


def _tell_staff(
    session: Session, runtime: Runtime, case_id: uuid.UUID, headline: str, sentence: str, key: str
) -> None:
    case = session.get_one(Case, case_id)
    staff = session.scalars(select(Account).where(Account.role == Role.OPERATOR).order_by(Account.id)).all()
    url = f"{runtime.config.desk_url}/operator/cases/{case.id}"
    for person in staff:
        _update(session, runtime, case, person, (headline, sentence, url), f"{case_id}:{key}:{person.id}")


def _update(
    session: Session, runtime: Runtime, case: Case, person: Account, told: tuple[str, str, str], key: str
) -> None:
    headline, sentence, url = told
    context = {
        "headline": headline,
        "name": person.name,
        "reference": case.reference,
        "work_title": case.uses[0].work_title,
        "domain": case.host,
        "sentence": sentence,
        "whose_turn": letters.whose_turn(case),
        "next_date": case.answer_by.isoformat() if case.answer_by and not case.paid_at else None,
        "case_url": url,
        **_sender(session),
    }
    mail = {"to": person.email, "template": "owner_case_update", "context": context}
    outbox.post(session, "mail", mail, key=f"mail:update:{key}", now=runtime.clock.business())


def _sender(session: Session) -> dict[str, str]:
    profile = operator_profile(session)
    if profile is None:
        return {"sender_name": "Lichtbild", "handler_name": "", "sender_phone": "", "sender_email": ""}
    return {
        "sender_name": profile.name,
        "handler_name": profile.contact_name,
        "sender_phone": profile.phone,
        "sender_email": profile.sender_email,
    }


def _reply_day(case: Case, received: date) -> date:
    return place_of(case).add(received, REPLY_WORKING_DAYS)
