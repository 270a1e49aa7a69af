"""Truths of cases: dates and holds fit, every letter on its way has somebody who carries it, sums add up."""

from __future__ import annotations

import uuid

from sqlalchemy import exists, func, select

from workflow.cases.lifecycle import CASE_LIFECYCLE, LOOKED_AFTER
from workflow.cases.models import Case, ClaimLine, Hold, Letter, Offer
from workflow.cases.post.deliveries import message_key
from workflow.cases.post.models import LetterDelivery
from workflow.cases.post.states import OPEN_STATES, Way
from workflow.cases.states import LetterState
from workflow.kernel.checks import BATCH, MOST, batches, shortened, still_at_work
from workflow.kernel.db import Session
from workflow.kernel.deadlines import LIVE, DeadlineRow, DeadlineState
from workflow.kernel.said import say

#: States in which the table gives a case a next date.
DATED = tuple(state for state, row in CASE_LIFECYCLE.states.items() if row.deadlines)
RUNNING = (DeadlineState.OPEN, DeadlineState.CLAIMED, DeadlineState.BLOCKED)


def open_cases_have_a_date(session: Session) -> list[str]:
    """A case in a state with dates has one: running, standing still under a hold, or blocked with reasons;
    unless its date came and a person was asked to look after it."""
    # the keys at once: asked case by case, SQLite would walk all live dates for each
    dated = select(DeadlineRow.subject_id).where(
        DeadlineRow.subject_type == "case", DeadlineRow.state.in_(LIVE)
    )
    asked = Case.needs_a_look & Case.state.in_(LOOKED_AFTER)
    forgotten = (
        select(Case.reference, Case.state)
        .where(Case.state.in_(DATED), ~asked, Case.id.not_in(dated))
        .limit(MOST + 1)
    )
    silent = (
        select(Case.reference, DeadlineRow.kind, DeadlineRow.reasons)
        .join(DeadlineRow, (DeadlineRow.subject_id == Case.id) & (DeadlineRow.subject_type == "case"))
        .where(DeadlineRow.state == DeadlineState.BLOCKED)
    )
    problems = [
        say(
            "Case {reference} is “{label}” and has no next date.",
            reference=reference,
            label=CASE_LIFECYCLE.states[state].label,
        )
        for reference, state in session.execute(forgotten)
    ]
    problems += [
        say("Case {reference}: the date “{kind}” is blocked and does not say why.",
            reference=reference, kind=kind)
        for reference, kind, reasons in session.execute(silent) if not reasons
    ]  # fmt: skip
    return shortened(problems)


def holds_and_dates_agree(session: Session) -> list[str]:
    """Our dates stand still exactly while a hold is open."""
    held = exists().where(Hold.case_id == Case.id, Hold.closed_at.is_(None))
    dated = select(Case.reference, DeadlineRow.kind).join(
        DeadlineRow, (DeadlineRow.subject_id == Case.id) & (DeadlineRow.subject_type == "case")
    )
    runs = dated.where(DeadlineRow.ours, DeadlineRow.state.in_(RUNNING), held).limit(MOST)
    stands = dated.where(DeadlineRow.state == DeadlineState.PAUSED, ~held).limit(MOST)
    told = [(row, say("runs although the case is held")) for row in session.execute(runs)]
    told += [(row, say("stands still, but nothing holds it")) for row in session.execute(stands)]
    return shortened(
        [
            say("Case {case}: the date “{kind}” {what}.", case=case, kind=kind, what=what)
            for (case, kind), what in told
        ]
    )


def letters_are_carried(session: Session) -> list[str]:
    """A letter that was decided and has not left is carried: mail by a message, paper by the next batch."""
    on_its_way = (LetterDelivery.letter_id == Letter.id) & LetterDelivery.state.in_(OPEN_STATES)
    waiting = (
        select(Letter.id, Case.reference, Letter.kind, LetterDelivery.way, LetterDelivery.attempt)
        .join(Case, Case.id == Letter.case_id)
        .outerjoin(LetterDelivery, on_its_way)
        .where(Letter.state.in_((LetterState.QUEUED, LetterState.SENDING)) | (LetterDelivery.way == Way.MAIL))
        .execution_options(yield_per=BATCH)
    )
    problems = []
    for batch in batches(session.execute(waiting)):
        keys = {row: _keys(row.id, row.attempt) for row in batch if row.way is Way.MAIL}
        alive = still_at_work(session, {key for each in keys.values() for key in each})
        problems += [
            say("Case {reference}: the letter “{kind}” waits, but no message carries it.",
                reference=row.reference, kind=row.kind.value)
            for row in batch if row.way is None or (row in keys and not keys[row] & alive)
        ]  # fmt: skip
    return shortened(problems)


def _keys(letter_id: uuid.UUID, attempt: int) -> set[str]:
    return {message_key(kind, letter_id, attempt) for kind in ("letter", "letter.send")}


def claims_add_up(session: Session) -> list[str]:
    """What is asked is the sum of its lines and the tax on it."""
    lines = (
        select(func.coalesce(func.sum(ClaimLine.__table__.c.net_minor), 0))
        .where(ClaimLine.offer_id == Offer.id)
        .correlate(Offer)
        .scalar_subquery()
    )
    net, vat, total = Offer.__table__.c.net_minor, Offer.__table__.c.vat_minor, Offer.__table__.c.total_minor
    uneven = (
        select(Case.reference, Offer.number)
        .join(Case, Case.id == Offer.case_id)
        .where((lines != net) | (net + vat != total))
        .limit(MOST + 1)
    )
    return shortened(
        [
            say("Case {case}: the lines of offer {number} are not its sum.", case=case, number=number)
            for case, number in session.execute(uneven)
        ]
    )
