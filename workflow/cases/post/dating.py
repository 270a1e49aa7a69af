"""The dates of a letter that leaves later than it was decided, and what follows from the day it is posted.

Deadlines count from the day a letter is assumed to arrive: the same day by mail, ``delivery_days`` working
days after posting on paper. Nobody ever loses time: a date of the case only moves to later.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import func, select

from workflow.cases.cadence import Cadence, cadence, zone_of
from workflow.cases.effects import place_of
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Letter
from workflow.cases.post.channels import post_rules
from workflow.cases.states import ASKING, LetterKind
from workflow.kernel import deadlines
from workflow.kernel.actors import SYSTEM
from workflow.kernel.calendar import local_date
from workflow.kernel.db import Session
from workflow.kernel.deadlines import DeadlineState
from workflow.kernel.lifecycle import Context


def today_at(case: Case, now: datetime) -> date:
    """Which day it is where the recipient lives."""
    return local_date(now, zone_of(case.recipient_country))


def redate(session: Session, letter: Letter, case: Case, now: datetime, *, by_post: bool) -> None:
    """Give a letter that has not left the present date, and the case the dates that follow from it.

    On paper the date to answer by leaves room for printing, posting and travelling.
    """
    today = today_at(case, now)
    letter.on = today
    if letter.kind not in ASKING or not is_newest(session, letter):
        return
    place, rules, rhythm = place_of(case), post_rules(today), cadence(case.cadence_version)
    begins = place.add(today, rules.posting_days + rules.delivery_days) if by_post else today
    if letter.kind is LetterKind.OFFER:
        case.offered_on = today
        answer_by = rhythm.first_answer_by(begins, place)
    else:
        assert case.offered_on is not None
        answer_by = rhythm.answer_by(_number(rhythm, letter), case.offered_on, begins, place)
    letter.answer_by = case.answer_by = max(case.answer_by or answer_by, answer_by)
    case.last_letter_on = begins
    if letter.facts.get("next_step_date"):
        assert case.offered_on is not None
        following = rhythm.date_of(case.cadence_step, case.offered_on, begins, place)
        letter.facts = {**letter.facts, "next_step_date": following.isoformat()}
    move_dates(session, case, now)


def count_from_posting(session: Session, letter: Letter, case: Case, posted_on: date, now: datetime) -> None:
    """Paper was posted: the next step waits for its arrival and the whole time to answer after it."""
    if letter.kind not in ASKING or not is_newest(session, letter):
        return
    assert case.last_letter_on is not None
    place = place_of(case)
    arrives = place.add(posted_on, post_rules(posted_on).delivery_days)
    case.last_letter_on = max(case.last_letter_on, arrives)
    move_dates(session, case, now)


def move_dates(session: Session, case: Case, now: datetime) -> None:
    """Let the case's running dates follow its last letter, to later only; a blocked one runs again."""
    known = {deadline.kind: deadline for deadline in CASE_LIFECYCLE.states[case.state].deadlines}
    for row in deadlines.live(session, "case", case.id):
        if not row.ours or row.kind not in known:
            continue
        due = known[row.kind].due(Context(session, case, SYSTEM, now))
        if due is None or row.state not in (DeadlineState.OPEN, DeadlineState.BLOCKED):
            continue
        row.due_at = max(row.due_at, due)
        if row.state is DeadlineState.BLOCKED:
            row.state, row.reasons = DeadlineState.OPEN, []


def is_newest(session: Session, letter: Letter) -> bool:
    """Whether no letter that asks for something was decided after this one."""
    return letter.id in newest_of(session, [letter.case_id])


def newest_of(session: Session, case_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """The newest letter of each of these cases that asks for something, in one look."""
    place = (
        func.row_number()
        .over(partition_by=Letter.case_id, order_by=(Letter.queued_at.desc(), Letter.id.desc()))
        .label("place")
    )
    asking = (
        select(Letter.id, place).where(Letter.case_id.in_(set(case_ids)), Letter.kind.in_(ASKING)).subquery()
    )
    return set(session.scalars(select(asking.c.id).where(asking.c.place == 1)))


def _number(rhythm: Cadence, letter: Letter) -> int:
    return next(at for at, step in enumerate(rhythm.steps) if step.name == letter.step)
