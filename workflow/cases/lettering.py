"""Deciding a letter: a row, and a message for the worker that prints and sends it, once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from workflow.cases.cadence import zone_of
from workflow.cases.models import Case, Letter
from workflow.cases.states import LetterKind
from workflow.kernel import outbox
from workflow.kernel.calendar import local_date
from workflow.kernel.db import Session
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
    """One letter per case, kind and step: the database refuses a second."""
    letter = Letter(
        id=new_id(),
        case_id=case.id,
        kind=kind,
        step=step,
        email=case.recipient_email,
        on=local_date(now, zone_of(case.recipient_country)),
        answer_by=answer_by,
        facts=facts or {},
        queued_at=now,
    )
    session.add(letter)
    outbox.post(session, "letter", {"letter_id": str(letter.id)}, key=f"letter:{letter.id}", now=now)
    return letter
