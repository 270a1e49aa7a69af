"""What a person decides at the desk that moves no state: look, send again, try a date again."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from workflow.cases.models import Case, Letter
from workflow.cases.states import LetterState
from workflow.kernel import audit, deadlines, outbox
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.kernel.errors import NotFound, Refused, Stale
from workflow.kernel.outbox import OutboxMessage, OutboxState

STUCK = (OutboxState.FAILED, OutboxState.UNKNOWN)


def note_look(
    session: Session, case_id: uuid.UUID, note: str, actor: Actor, now: datetime, *, seen_version: int
) -> Case:
    """A person looked at the case before it becomes formal, and says what they saw."""
    case = _locked(session, case_id)
    if case.version != seen_version:
        raise Stale
    if not case.needs_a_look:
        raise Refused("This case was looked at already.")
    if not note.strip():
        raise Refused("Please say what you saw, in a sentence.")
    case.needs_a_look = False
    case.version += 1
    _record(session, case, "case:looked", "Looked at again", note, actor, now)
    return case


def send_again(session: Session, letter_id: uuid.UUID, actor: Actor, now: datetime, wall: datetime) -> Letter:
    """Try a letter again that failed, or of which nobody knows whether it left; a person's decision.

    :class:`Refused` when nothing of it is stuck: it was sent, withheld, or is being tried already.
    """
    letter = session.get(Letter, letter_id, with_for_update=True, populate_existing=True)
    if letter is None:
        raise NotFound("This letter")
    case = _locked(session, letter.case_id)
    stuck = stuck_messages(session, [letter]).get(letter.id)
    if stuck is None or letter.state in (LetterState.SENT, LetterState.WITHHELD):
        raise Refused("This letter does not wait for a decision: it was sent, withheld, or is being tried.")
    outbox.repeat(session, stuck.id, wall)
    letter.state, letter.why_not = LetterState.QUEUED, ""
    note = f"{letter.kind.value} {letter.step}, before: {stuck.last_error}".replace(" ,", ",")
    _record(session, case, "case:letter_again", "Letter sent again", note, actor, now)
    return letter


def try_date_again(session: Session, deadline_id: uuid.UUID, actor: Actor, now: datetime) -> Case:
    """The reasons against a date are gone: let the next tick try it again."""
    row = session.get(DeadlineRow, deadline_id, with_for_update=True, populate_existing=True)
    if row is None or row.subject_type != "case":
        raise NotFound("This date")
    case = _locked(session, row.subject_id)
    if row.state is not DeadlineState.BLOCKED:
        raise Refused("This date is not blocked any more.")
    note = f"{row.kind}: {' '.join(row.reasons)}"
    deadlines.unblock(session, row.id)
    _record(session, case, "case:date_again", "Date tried again", note, actor, now)
    return case


def stuck_messages(session: Session, letters: list[Letter]) -> dict[uuid.UUID, OutboxMessage]:
    """The message of each of these letters that failed or whose fate is unknown."""
    keys = {f"{kind}:{letter.id}": letter.id for letter in letters for kind in ("letter", "letter.send")}
    rows = session.scalars(
        select(OutboxMessage).where(OutboxMessage.key.in_(keys), OutboxMessage.state.in_(STUCK))
    )
    return {keys[row.key]: row for row in rows}


def _locked(session: Session, case_id: uuid.UUID) -> Case:
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise NotFound("This case")
    return case


def _record(
    session: Session, case: Case, action: str, label: str, note: str, actor: Actor, now: datetime
) -> None:
    assert actor.role is Role.OPERATOR, "these are decisions of staff"
    state = case.state.value
    audit.record(
        session, "case", case.id, action, actor, now,
        before=state, after=state, label=label, note=note.strip()[:1000],
    )  # fmt: skip
    session.flush()
