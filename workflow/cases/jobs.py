"""What the outbox asks of ``cases``: tell people what happened. Letters leave by ``cases.post``."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from workflow.accounts.queries import operator_profile
from workflow.cases import events, letters
from workflow.cases.effects import place_of
from workflow.cases.letter_languages import editions_in, language_for
from workflow.cases.models import Case, Message
from workflow.cases.states import (
    HoldKind,
)
from workflow.kernel import outbox
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say

#: Within how many working days a person answers; letters and pages promise it.
REPLY_WORKING_DAYS = 5

ANSWER_WORDS = {
    HoldKind.LICENCE_SHOWN: say("The licence you showed"),
    HoldKind.OBJECTION: say("Your objection"),
    HoldKind.QUESTION: say("Your message"),
    HoldKind.DATA_PROTECTION: say("Your data-protection request"),
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
    mail = {
        "to": case.recipient_email,
        "template": "answer_to_recipient",
        "context": context,
        **_languages(session, case),
    }
    outbox.post(session, "mail", mail, key=f"mail:message:{message.id}", now=runtime.clock.business())


# --- a listener of events ---------------------------------------------------------------


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
        "what": ANSWER_WORDS.get(message.about, say("Your message")),
        "files": [proof.file_name for proof in message.proofs],
        "reply_by": _reply_day(case, received).isoformat(),
        **_sender(session),
    }
    mail = {
        "to": case.recipient_email,
        "template": "receipt_of_answer",
        "context": context,
        **_languages(session, case),
    }
    outbox.post(session, "mail", mail, key=f"mail:answer:{message.id}", now=runtime.clock.business())


def _languages(session: Session, case: Case) -> dict[str, list[str]]:
    """As the letters of the case are written from now on."""
    return {"languages": list(editions_in(language_for(case, operator_profile(session))))}


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
