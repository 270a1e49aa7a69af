"""What a person decides at the desk that moves no state: look, send again, try a date again."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from workflow.cases.letters import why_not_send
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Letter
from workflow.cases.post.channels import WAYS, channel_of
from workflow.cases.post.dating import is_newest, today_at
from workflow.cases.post.deliveries import begin_delivery, deliveries_of, settle_letter
from workflow.cases.post.states import LEFT_STATES, DeliveryState, Way
from workflow.cases.states import ASKING, CaseTrigger, Channel, LetterState
from workflow.cases.to_do import LETTER_KINDS, STUCK
from workflow.kernel import audit, deadlines, outbox
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.kernel.errors import NotFound, Refused, Stale
from workflow.kernel.lifecycle import Context
from workflow.kernel.outbox import OutboxMessage
from workflow.kernel.said import say

#: More failed letters than a page can show are a failed mail server.
MOST_STUCK = 500


def note_look(
    session: Session, case_id: uuid.UUID, note: str, actor: Actor, now: datetime, *, seen_version: int
) -> Case:
    """A person looked at the case before it becomes formal, and says what they saw."""
    case = _locked(session, case_id)
    if case.version != seen_version:
        raise Stale
    if not case.needs_a_look:
        raise Refused(say("This case was looked at already."))
    if not note.strip():
        raise Refused(say("Please say what you saw, in a sentence."))
    case.needs_a_look = False
    case.version += 1
    for row in deadlines.live(session, "case", case.id):
        if row.state is DeadlineState.BLOCKED:  # it waited for this look, or is refused again with its reason
            deadlines.unblock(session, row.id)
    _look_after_again(session, case, actor, now)
    tell(session, case, "case:looked", say("Looked at again"), note, actor, now)
    return case


def _look_after_again(session: Session, case: Case, actor: Actor, now: datetime) -> None:
    """A case that still waits for somebody else comes back to a person after the same time."""
    live = {row.kind for row in deadlines.live(session, "case", case.id)}
    for deadline in CASE_LIFECYCLE.states[case.state].deadlines:
        due = deadline.due(Context(session, case, actor, now))
        if deadline.trigger == CaseTrigger.FOLLOW_UP and deadline.kind not in live and due is not None:
            deadlines.open_deadline(
                session, "case", case.id, kind=deadline.kind, trigger=deadline.trigger, due_at=due, now=now
            )


def send_again(session: Session, letter_id: uuid.UUID, actor: Actor, now: datetime, wall: datetime) -> Letter:
    """Try a letter again that failed, or of which nobody knows whether it left; a person's decision.

    :class:`Refused` when nothing of it is stuck: it was sent, withheld, or is being tried already.
    """
    letter, case = _letter_and_case(session, letter_id)
    stuck = stuck_messages(session, [letter]).get(letter.id)
    mail = next((row for row in reversed(deliveries_of(session, letter.id)) if row.way is Way.MAIL), None)
    if stuck is None or mail is None or mail.state in (*LEFT_STATES, DeliveryState.WITHHELD):
        raise Refused(
            say("This letter does not wait for a decision: it was sent, withheld, or is being tried.")
        )
    outbox.repeat(session, stuck.id, wall)
    mail.state, mail.note = DeliveryState.WAITING, ""
    settle_letter(session, letter)
    note = f"{letter.kind.value} {letter.step}, before: {stuck.last_error}".replace(" ,", ",")
    tell(session, case, "case:letter_again", say("Letter sent again"), note, actor, now)
    return letter


def release_letter(session: Session, letter_id: uuid.UUID, actor: Actor, now: datetime) -> Letter:
    """Let a letter go that was withheld, now that what stood against it is decided: the same letter, tried
    anew by every way it has today, with the present date.

    :class:`Refused` while something still stands against it, or when a later letter took its place.
    """
    letter, case = _letter_and_case(session, letter_id)
    if letter.state is not LetterState.WITHHELD or letter.kind not in ASKING:
        raise Refused(say("This letter does not wait to be released."))
    if reason := why_not_send(case, letter):
        raise Refused(say("It cannot be released yet: {reason}", reason=reason))
    if not is_newest(session, letter):
        raise Refused(say("A later letter was decided; this one would come out of order."))
    today = today_at(case, now)
    letter.channel = channel_of(case, letter.kind, letter.step, today)
    letter.email = case.recipient_email if letter.channel is not Channel.POST else ""
    for way in WAYS[letter.channel]:
        begin_delivery(session, letter, case, way, today, now)
    settle_letter(session, letter)
    name = (letter.step or letter.kind.value).replace("_", " ")
    tell(session, case, "case:letter_released", say("Withheld letter released"), name, actor, now)
    return letter


def try_date_again(session: Session, deadline_id: uuid.UUID, actor: Actor, now: datetime) -> Case:
    """The reasons against a date are gone: let the next tick try it again."""
    row = session.get(DeadlineRow, deadline_id)
    if row is None or row.subject_type != "case":
        raise NotFound(say("This date"))
    case = _locked(session, row.subject_id)
    session.refresh(row, with_for_update=True)
    if row.state is not DeadlineState.BLOCKED:
        raise Refused(say("This date is not blocked any more."))
    note = f"{row.kind}: {' '.join(row.reasons)}"
    deadlines.unblock(session, row.id)
    tell(session, case, "case:date_again", say("Date tried again"), note, actor, now)
    return case


def stuck_messages(session: Session, letters: list[Letter]) -> dict[uuid.UUID, OutboxMessage]:
    """The message of each of these letters that failed or whose fate is unknown."""
    wanted = {letter.id for letter in letters}
    rows = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.kind.in_(LETTER_KINDS), OutboxMessage.state.in_(STUCK))
        .order_by(OutboxMessage.id)
        .limit(MOST_STUCK)
    )
    found = {uuid.UUID(row.payload["letter_id"]): row for row in rows}
    return {letter_id: row for letter_id, row in found.items() if letter_id in wanted}


def releasable(session: Session, letters: list[tuple[Letter, Case]]) -> set[uuid.UUID]:
    """Which of these withheld letters a person may let go now."""
    return {
        letter.id
        for letter, case in letters
        if letter.state is LetterState.WITHHELD
        and letter.kind in ASKING
        and why_not_send(case, letter) is None
        and is_newest(session, letter)
    }


def _letter_and_case(session: Session, letter_id: uuid.UUID) -> tuple[Letter, Case]:
    """Both locked, the case first, like every step."""
    letter = session.get(Letter, letter_id)
    if letter is None:
        raise NotFound(say("This letter"))
    case = _locked(session, letter.case_id)
    return session.get_one(Letter, letter_id, with_for_update=True, populate_existing=True), case


def _locked(session: Session, case_id: uuid.UUID) -> Case:
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise NotFound(say("This case"))
    return case


def tell(
    session: Session, case: Case, action: str, label: str, note: str, actor: Actor, now: datetime
) -> None:
    """One line in the case's chain about a decision of staff that moves no state."""
    assert actor.role is Role.OPERATOR, "these are decisions of staff"
    state = case.state.value
    audit.record(
        session, "case", case.id, action, actor, now,
        before=state, after=state, label=label, note=note.strip()[:1000],
    )  # fmt: skip
    session.flush()
