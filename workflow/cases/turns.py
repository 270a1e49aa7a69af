"""Whose turn it is in a case, in a sentence, and the next date that counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from workflow.cases import queries
from workflow.cases.cadence import cadence, cadence_on, zone_of
from workflow.cases.effects import place_of
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case
from workflow.cases.states import CLOSED_WORDS, HOLD_WORDS, REJECT_WORDS, CaseState
from workflow.kernel.actors import Actor, Role
from workflow.kernel.calendar import local_date
from workflow.kernel.db import Session
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.kernel.errors import Refused
from workflow.kernel.said import joined, say, stored

#: Who is expected to act, as each side reads it.
WHO_FOR_OWNER = {
    Role.RIGHTS_HOLDER: say("Your turn"),
    Role.OPERATOR: say("Our turn"),
    Role.INFRINGER: say("The other side’s turn"),
    Role.LEGAL_PARTNER: say("The legal partner’s turn"),
    Role.SYSTEM: say("Nobody’s turn: the date decides"),
    None: say("It is over"),
}
WHO_FOR_OPERATOR = {
    **WHO_FOR_OWNER,
    Role.RIGHTS_HOLDER: say("The rights-holder’s turn"),
    Role.OPERATOR: say("Your turn"),
}

_OPEN = say("They may pay, show a licence, object or ask.")
#: What is happening, as the rights-holder and as the operator read it.
SENTENCES: dict[CaseState, tuple[str, str]] = {
    CaseState.DRAFT: (say("You are putting the case together."), say("The rights-holder puts it together.")),
    CaseState.SUBMITTED: (
        say("We check the pictures, the recipient and the price."),
        say("Check the pictures and the recipient, set the price, send the offer."),
    ),
    CaseState.INFO_NEEDED: (
        say("Something is missing. Please read what we ask and send it."),
        say("The rights-holder was asked for what is missing."),
    ),
    CaseState.REJECTED: (say("We did not take it on."), say("It was not taken on.")),
    CaseState.OFFERED: (
        say("The offer is out. {open}", open=_OPEN),
        say("The offer is out. {open}", open=_OPEN),
    ),
    CaseState.REMINDED: (
        say("They were reminded. {open}", open=_OPEN),
        say("They were reminded. {open}", open=_OPEN),
    ),
    CaseState.AGREED: (say("The sum is agreed, the payment is awaited."),) * 2,
    CaseState.IN_INSTALMENTS: (say("It is being paid by a plan."),) * 2,
    CaseState.PAID: (
        say("Paid. Your share is held until the time for a refund is over."),
        say("Paid. It closes by itself when the time for a refund is over."),
    ),
    CaseState.IN_DUNNING: (
        say("Nobody answered; formal reminders are being sent."),
        say("Nobody answered; formal reminders are being sent."),
    ),
    CaseState.LEGAL_REVIEW: (
        say("We check whether a legal partner should take over."),
        say("Decide: hand it over to a legal partner, agree with the other side, or close it."),
    ),
    CaseState.WITH_PARTNER: (say("A legal partner has the case."),) * 2,
    CaseState.IN_COURT: (say("The case is in court."),) * 2,
    CaseState.SETTLED: (say("It ended by agreement."),) * 2,
    CaseState.CLOSED: (say("It is closed."),) * 2,
}

#: What each date of ours does, at the beginning of a sentence.
DATE_WORDS = {
    "reminder": say("Reminder"),
    "look": say("A person looks again"),
    "dunning": say("Formal reminder"),
    "legal_review": say("Check for hand-over"),
    "follow_up": say("A person looks after it"),
    "refund_window": say("The time for a refund ends"),
}


@dataclass(frozen=True, slots=True)
class Blocked:
    """A date that could not be kept, and why; for operators."""

    deadline_id: uuid.UUID
    what: str
    due: date
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is expected to act, what is happening, and when something happens next."""

    who: str
    sentence: str
    yours: bool
    #: The next date that counts, if there is one.
    on: date | None
    date_words: str
    #: Why our clocks stand still; empty when they run.
    held: tuple[str, ...]
    blocked: tuple[Blocked, ...]


def turn_of(session: Session, case: Case, actor: Actor) -> Turn:
    """Whose turn it is in one case."""
    return turns_of(session, [case], actor)[case.id]


def turns_of(session: Session, cases: Iterable[Case], actor: Actor) -> dict[uuid.UUID, Turn]:
    """Whose turn it is in each of these cases."""
    known = list(cases)
    dates = queries.dates_of(session, [case.id for case in known])
    asked = queries.asked_at(session, known)
    return {case.id: _turn(case, dates[case.id], asked.get(case.id), actor) for case in known}


def day_of(case: Case, moment: datetime) -> date:
    """Which day that was where the recipient lives; by UTC while nobody knows where that is."""
    try:
        return local_date(moment, zone_of(case.recipient_country))
    except Refused:
        return moment.date()


def day_after_resuming(case: Case, rows: Iterable[DeadlineRow], now: datetime) -> date | None:
    """When the next step would come if our clocks ran again now: what is left, ten working days at least."""
    paused = [row for row in rows if row.state is DeadlineState.PAUSED and row.paused_at is not None]
    if not paused or not case.cadence_version:
        return None
    least = cadence(case.cadence_version).hold_minimum_working_days
    place, today = place_of(case), day_of(case, now)
    days = []
    for row in paused:
        assert row.paused_at is not None
        left = place.between(day_of(case, row.paused_at), day_of(case, row.due_at))
        days.append(place.add(today, max(left, least)))
    return min(days)


def age(since: datetime, now: datetime, days: int) -> tuple[str, bool]:
    """How long it waits, as words, and whether that is too long."""
    passed = max(0, (now.date() - since.date()).days)
    late = passed > days
    if passed == 0:
        return say("today"), late
    if passed == 1:
        return say("yesterday"), late
    if passed < 14:  # noqa: PLR2004 - two weeks
        return say("{passed} days", passed=passed), late
    if passed < 60:  # noqa: PLR2004 - two months
        return say("{passed} weeks", passed=passed // 7), late
    return say("{passed} months", passed=passed // 30), late


def _turn(case: Case, rows: list[DeadlineRow], asked: datetime | None, actor: Actor) -> Turn:
    operator = actor.role is Role.OPERATOR
    held = tuple(HOLD_WORDS[hold.kind] for hold in case.holds if hold.closed_at is None)
    waits_for = Role.OPERATOR if held else CASE_LIFECYCLE.states[case.state].waits_for
    who = (WHO_FOR_OPERATOR if operator else WHO_FOR_OWNER)[waits_for]
    on, words = _next(case, rows, asked, held=bool(held))
    return Turn(
        who=who,
        sentence=_sentence(case, held, operator=operator),
        yours=waits_for is actor.role,
        on=on,
        date_words=words,
        held=held,
        blocked=tuple(
            Blocked(
                row.id, _what(row), day_of(case, row.due_at), tuple(stored(reason) for reason in row.reasons)
            )
            for row in rows
            if row.state is DeadlineState.BLOCKED
        ),
    )


def _sentence(case: Case, held: tuple[str, ...], *, operator: bool) -> str:
    if held:
        decide = say("Read it and decide.") if operator else say("We read it and decide.")
        still = say("Our reminders stand still meanwhile.")
        return joined((*(say("{what}.", what=what) for what in held), decide, still))
    if case.state is CaseState.REJECTED and case.rejected_reason is not None:
        return REJECT_WORDS[case.rejected_reason]
    if case.state is CaseState.CLOSED and case.closed_reason is not None:
        return CLOSED_WORDS[case.closed_reason]
    if operator and case.needs_a_look and case.state is CaseState.REMINDED:
        return say("Nobody answered. Look at the case again before it becomes formal.")
    return SENTENCES[case.state][1 if operator else 0]


def _next(
    case: Case, rows: list[DeadlineRow], asked: datetime | None, *, held: bool
) -> tuple[date | None, str]:
    if held:
        return None, say("No date runs while this is open.")
    if asked is not None:
        until = day_of(case, asked) + timedelta(days=cadence_on(asked.date()).owner_answer_days)
        return until, say("Please answer by {until}.", until=until)
    running = [row for row in rows if row.state in (DeadlineState.OPEN, DeadlineState.CLAIMED)]
    if any(row.state is DeadlineState.BLOCKED for row in rows) and not running:
        return None, say("A date could not be kept; a person looks at it.")
    if not running:
        return None, ""
    on = day_of(case, running[0].due_at)
    words = say("{what} on {on}.", what=_what(running[0]), on=on)
    waiting = CASE_LIFECYCLE.states[case.state].waits_for is Role.INFRINGER
    if waiting and case.answer_by is not None:
        return min(on, case.answer_by), say(
            "Answer by {answer_by}. Without one: {words}", answer_by=case.answer_by, words=words
        )
    return on, words


def _what(row: DeadlineRow) -> str:
    return DATE_WORDS.get(row.kind, stored(row.kind.replace("_", " ").capitalize()))
