"""Listeners of a case's events: who is told, in the bell and by mail, and what."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import select

from workflow.accounts.models import Account
from workflow.accounts.notices import Link, NoticeKind, NoticeMail, notify, notify_operators
from workflow.accounts.queries import operator_profile
from workflow.cases import events, letters
from workflow.cases.bargaining.owner_words import words_about
from workflow.cases.models import Case, Message
from workflow.cases.states import CLOSED_WORDS, REJECT_WORDS, ClosedReason, RejectReason
from workflow.cases.turns import turn_of
from workflow.kernel.actors import Role
from workflow.kernel.audit import AuditEntry
from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import Said, say

#: What one reading of an event says: a headline for the mail's subject, and the sentence.
Told = tuple[Said, str]


def tell_operator(session: Session, runtime: Runtime, event: events.CaseSubmitted) -> None:
    """A case waits to be checked."""
    told = say("New case"), say("A rights-holder submitted a case.")
    text = say("New case {reference}: {host}", **_named(session, event.case_id))
    _tell_staff(session, runtime, event.case_id, NoticeKind.NEW_CASE, text, told, "submitted")


def tell_operator_answer(session: Session, runtime: Runtime, event: events.AnswerReceived) -> None:
    """An answer waits to be read."""
    told = (
        say("Answer received"),
        say("The recipient answered. Our reminders stand still until somebody decides."),
    )
    text = say("Answer in case {reference}: {host}", **_named(session, event.case_id))
    _tell_staff(session, runtime, event.case_id, NoticeKind.ANSWER, text, told, f"answer:{event.message_id}")


def tell_owner_answer(session: Session, runtime: Runtime, event: events.AnswerReceived) -> None:
    """The rights-holder hears that the other side wrote; what it says is decided by the operator first."""
    if session.get_one(Message, event.message_id).author_role is not Role.INFRINGER:
        return
    told = (
        say("Answer received"),
        say("The other side answered. We read it and decide; our reminders stand still meanwhile."),
    )
    told = words_about(session, event.message_id) or told
    text = say("The other side answered in case {reference}: {host}", **_named(session, event.case_id))
    _tell_owner(session, runtime, event.case_id, NoticeKind.ANSWER, text, told, f"answer:{event.message_id}")


def tell_owner_needed(session: Session, runtime: Runtime, event: events.InformationNeeded) -> None:
    """The rights-holder must act: the operator's question, in full, and until when."""
    told = say("You must act"), say("We need something from you: {what}", what=event.what)
    text = say("You must act in case {reference}: {host}", **_named(session, event.case_id))
    case = session.get_one(Case, event.case_id)
    until = turn_of(session, case, session.get_one(Account, case.owner_id).actor).on
    asked = session.scalar(
        select(AuditEntry.sequence)
        .where(AuditEntry.subject_id == event.case_id, AuditEntry.action == "case:ask_owner")
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    )
    _tell_owner(
        session, runtime, event.case_id, NoticeKind.YOU_MUST_ACT, text, told, f"needed:{asked}", until
    )


def tell_owner_rejected(session: Session, runtime: Runtime, event: events.CaseRejected) -> None:
    """The rights-holder hears why the case is not taken on, and what would change it."""
    told = say("Not accepted"), REJECT_WORDS[RejectReason(event.reason)]
    text = say("Case {reference} was not accepted: {host}", **_named(session, event.case_id))
    _tell_owner(session, runtime, event.case_id, NoticeKind.CASE_CHECKED, text, told, "rejected")


def tell_owner_offered(session: Session, runtime: Runtime, event: events.CaseOffered) -> None:
    """The rights-holder hears that the offer is out."""
    told = (
        say("Offer sent"),
        say("Your case was checked and the offer is on its way to the recipient."),
    )
    text = say("The offer of case {reference} is on its way: {host}", **_named(session, event.case_id))
    _tell_owner(session, runtime, event.case_id, NoticeKind.CASE_CHECKED, text, told, "offered")


def tell_owner_paid(session: Session, runtime: Runtime, event: events.CasePaid) -> None:
    """The rights-holder hears that money came in."""
    told = (
        say("Paid"),
        say("The licence fee was paid. Your share is held until the refund window ends."),
    )
    text = say("Case {reference} is paid: {host}", **_named(session, event.case_id))
    _tell_owner(session, runtime, event.case_id, NoticeKind.PAYMENT, text, told, f"paid:{event.payin_id}")


def tell_owner_closed(session: Session, runtime: Runtime, event: events.CaseClosed) -> None:
    """The rights-holder hears that it is over, and why."""
    told = say("Case closed"), CLOSED_WORDS[ClosedReason(event.reason)]
    text = say("Case {reference} is closed: {host}", **_named(session, event.case_id))
    _tell_owner(session, runtime, event.case_id, NoticeKind.CASE_CLOSED, text, told, "closed")


def _named(session: Session, case_id: uuid.UUID) -> dict[str, str]:
    case = session.get_one(Case, case_id)
    return {"reference": case.reference, "host": case.host}


def _tell_owner(
    session: Session, runtime: Runtime, case_id: uuid.UUID, kind: NoticeKind, text: Said, told: Told,
    key: str, act_by: date | None = None,
) -> None:  # fmt: skip
    case = session.get_one(Case, case_id)
    owner = session.get_one(Account, case.owner_id)
    notify(
        session, owner.id, kind, text, runtime.clock.business(),
        key=f"case:{case_id}:{key}", link=Link("cases_rights_holder.show", {"case_id": str(case_id)}),
        subject=("case", case_id), act_by=act_by,
        mail=_mail(session, runtime, case, owner, told, f"{runtime.config.desk_url}/cases/{case_id}"),
    )  # fmt: skip


def _tell_staff(
    session: Session, runtime: Runtime, case_id: uuid.UUID, kind: NoticeKind, text: Said, told: Told, key: str
) -> None:
    case = session.get_one(Case, case_id)
    url = f"{runtime.config.desk_url}/operator/cases/{case_id}"
    notify_operators(
        session, kind, text, runtime.clock.business(),
        key=f"case:{case_id}:{key}", link=Link("cases_operator.show", {"case_id": str(case_id)}),
        subject=("case", case_id),
        mail_to=lambda person: _mail(session, runtime, case, person, told, url),
    )  # fmt: skip


def _mail(
    session: Session, runtime: Runtime, case: Case, person: Account, told: Told, url: str
) -> NoticeMail:
    headline, sentence = told
    profile = operator_profile(session)
    context: dict[str, Any] = {
        "headline": headline,
        "name": person.name,
        "reference": case.reference,
        "work_title": case.uses[0].work_title,
        "domain": case.host,
        "sentence": sentence,
        "whose_turn": letters.whose_turn(case),
        "next_date": case.answer_by.isoformat() if case.answer_by and not case.paid_at else None,
        "case_url": url,
        "settings_url": f"{runtime.config.desk_url}/settings/notices",
        "sender_name": profile.name if profile else "Lichtbild",
    }
    return NoticeMail("owner_case_update", context)
