"""Deciding a letter: a row, its deliveries, and a message for the worker that prints and mails it, once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from workflow.accounts.queries import operator_profile
from workflow.cases.cadence import zone_of
from workflow.cases.letter_languages import FACT, language_for
from workflow.cases.models import Case, Letter
from workflow.cases.post.channels import WAYS, channel_of
from workflow.cases.post.deliveries import begin_delivery
from workflow.cases.post.states import Way
from workflow.cases.states import ASKING, Channel, LetterKind, LetterState
from workflow.kernel.calendar import local_date
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.ids import new_id


def queue_letter(
    session: Session,
    case: Case,
    kind: LetterKind,
    now: datetime,
    *,
    step: str = "",
    answer_by: date | None = None,
    facts: dict[str, Any] | None = None,
) -> Letter:
    """One letter per case, kind and step: the database refuses a second.

    A letter that asks for something and has no way to travel is :class:`Refused`. One that answers a
    payment or an end is kept, failed, with the reason, so that a person sees it.
    """
    today = local_date(now, zone_of(case.recipient_country))
    why_not = ""
    try:
        channel = channel_of(case, kind, step, today)
    except Refused as refusal:
        if kind in ASKING:
            raise
        channel, why_not = Channel.MAIL, str(refusal)[:500]
    letter = Letter(
        id=new_id(),
        case_id=case.id,
        kind=kind,
        step=step,
        channel=channel,
        email=case.recipient_email if Way.MAIL in WAYS[channel] else "",
        on=today,
        answer_by=answer_by,
        facts={**(facts or {}), FACT: language_for(case, operator_profile(session), kind)},
        queued_at=now,
        state=LetterState.FAILED if why_not else LetterState.QUEUED,
        why_not=why_not,
    )
    session.add(letter)
    session.flush()
    for way in () if why_not else WAYS[channel]:
        begin_delivery(session, letter, case, way, today, now)
    return letter
