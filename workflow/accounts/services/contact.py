"""The public contact form."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.accounts import queries
from workflow.accounts.mails import office_language, post_mail, write_mail
from workflow.accounts.models import Account, ContactRequest
from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say

TOPIC_LENGTH = 60


def ask(session: Session, name: str, email: str, text: str, now: datetime) -> ContactRequest:
    """Keep the message and post it to the operator (to the first member of staff before set-up)."""
    request = ContactRequest(name=name, email=email, text=text, created_at=now)
    session.add(request)
    session.flush()
    profile = queries.operator_profile(session)
    to = profile.sender_email if profile else _first_member_of_staff(session)
    if to:
        context = {
            "topic": topic_of(text),
            "name": name,
            "email": email,
            "message": text,
            "received_on": now.date().isoformat(),
        }
        write_mail(
            session, to, office_language(session), "contact_request", context, now,
            key=f"mail:contact:{request.id}", reply_to=email,
        )  # fmt: skip
    return request


def settle(session: Session, request_id: uuid.UUID, how: str, actor: Actor, now: datetime) -> ContactRequest:
    """Say what became of a message; saying it twice is :class:`Refused`."""
    request = session.get(ContactRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NotFound(say("This message"))
    if request.done_at is not None:
        raise Refused(say("Somebody has looked after this message already."))
    if not how.strip():
        raise Refused(say("Please say what became of it, in a sentence."))
    request.done_at, request.done_by, request.done_how = now, actor.name, how.strip()[:500]
    session.flush()
    label = say("Looked after a message from the contact page")
    audit.record(session, "contact_request", request.id, "contact:settle", actor, now, label=label)
    return request


def send_test_mail(session: Session, account_id: uuid.UUID, now: datetime, wall: datetime) -> None:
    """Post a mail to oneself, at most one a minute; whether it left is seen on the set-up page."""
    person = queries.account(session, account_id)
    profile = queries.operator_profile(session)
    context = {"name": person.name, "sender_name": profile.name if profile else "Lichtbild"}
    post_mail(session, person, "test_mail", context, now, key=f"mail:test:{person.id}:{wall:%Y%m%dT%H%M}")


def topic_of(text: str) -> str:
    """The beginning of the message, fit for a subject."""
    first = text.strip().splitlines()[0]
    return first if len(first) <= TOPIC_LENGTH else f"{first[: TOPIC_LENGTH - 1].rstrip()}…"


def _first_member_of_staff(session: Session) -> str | None:
    return session.scalar(select(Account.email).where(*queries.AT_WORK).order_by(Account.created_at).limit(1))
