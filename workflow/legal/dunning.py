"""The ladder of formal reminders: which letter, and what it says happens next."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from workflow.cases.cadence import cadence, zone_of
from workflow.cases.effects import place_of
from workflow.cases.lettering import queue_letter
from workflow.cases.models import Case
from workflow.cases.states import CaseState, LetterKind
from workflow.kernel.calendar import local_date
from workflow.kernel.db import Session

DATA = Path(__file__).parent / "data" / "ladder.yaml"


def write_step(session: Session, case_id: uuid.UUID, step: str, now: datetime) -> None:
    """Decide the letter of a dunning step; nothing when the case has moved on meanwhile."""
    case = session.get_one(Case, case_id, with_for_update=True)
    if case.state is not CaseState.IN_DUNNING:
        return
    rung = _ladder()[step]
    rhythm = cadence(case.cadence_version)
    assert case.offered_on is not None and case.last_letter_on is not None
    next_day = None
    if rhythm.step(case.cadence_step) is not None:
        next_day = rhythm.date_of(case.cadence_step, case.offered_on, case.last_letter_on, place_of(case))
    facts: dict[str, Any] = {
        "step": rung["template_step"],
        "owed_since": local_date(case.uses[0].first_seen, zone_of(case.recipient_country)).isoformat(),
        "next_step_date": next_day.isoformat() if next_day else None,
        "next_step_text": rung["next"],
    }
    queue_letter(session, case, LetterKind.DUNNING, now, step=step, answer_by=case.answer_by, facts=facts)


def next_texts() -> list[str]:
    """What the letters say happens next, for the catalogue of texts."""
    return [rung["next"] for rung in _ladder().values()]


@cache
def _ladder() -> dict[str, dict[str, str]]:
    ladder: dict[str, dict[str, str]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))["steps"]
    return ladder
