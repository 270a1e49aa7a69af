"""What a step of a case writes down: rows only. Letters, mails and events leave later, from the outbox."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from workflow.accounts.queries import operator_profile
from workflow.cases import events
from workflow.cases.cadence import cadence, cadence_on, zone_of
from workflow.cases.lettering import queue_letter
from workflow.cases.models import Case, ClaimLine, Hold, Offer
from workflow.cases.pricing import as_damages
from workflow.cases.states import ClaimNature, ClosedReason, HoldKind, LetterKind, RejectReason
from workflow.kernel import deadlines, outbox
from workflow.kernel.calendar import WorkingDays, local_date, morning
from workflow.kernel.errors import Conflict, NotFound
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import Context
from workflow.kernel.said import say
from workflow.kernel.vat import VatKind, vat_rate_bp


def place_of(case: Case) -> WorkingDays:
    """The recipient's calendar of working days."""
    return WorkingDays(case.recipient_country, case.recipient_region or None)


def today_of(context: Context[Case]) -> date:
    """Which day it is where the recipient lives."""
    return local_date(context.now, zone_of(context.subject.recipient_country))


# --- before the offer -----------------------------------------------------------------------------------


def tell_submitted(context: Context[Case]) -> None:
    """The operator's queue hears of it."""
    case = context.subject
    case.submitted_at = context.now
    event = events.CaseSubmitted(case.id)
    outbox.publish(context.session, event, key=str(case.id), now=context.now)


def note_rejection(context: Context[Case]) -> None:
    """Keep the reason: it tells the rights-holder what would change it."""
    case = context.subject
    case.rejected_reason = RejectReason(context.carries["reason"])
    case.closed_at = context.now
    event = events.CaseRejected(case.id, case.rejected_reason.value)
    outbox.publish(context.session, event, key=str(case.id), now=context.now)


def ask_owner(context: Context[Case]) -> None:
    """The rights-holder is told what is missing; each question is a message of its own."""
    case = context.subject
    event = events.InformationNeeded(case.id, context.note.strip()[:1000])
    outbox.publish(context.session, event, key=f"{case.id}:{case.version}", now=context.now)


def begin_cadence(context: Context[Case]) -> None:
    """Day 0: from here the dates of all reminders follow."""
    case = context.subject
    rhythm = cadence_on(context.now.date())
    case.cadence_version = rhythm.version
    case.cadence_step = 0
    case.offered_on = case.last_letter_on = today_of(context)
    case.answer_by = rhythm.first_answer_by(case.offered_on, place_of(case))


def write_offer(context: Context[Case]) -> None:
    """The authorisation request and offer."""
    queue_letter(
        context.session, context.subject, LetterKind.OFFER, context.now, answer_by=context.subject.answer_by
    )


def tell_offered(context: Context[Case]) -> None:
    """The rights-holder hears that the offer is out."""
    event = events.CaseOffered(context.subject.id)
    outbox.publish(context.session, event, key=str(context.subject.id), now=context.now)


# --- silence --------------------------------------------------------------------------------------------


def take_step(context: Context[Case]) -> None:
    """Count the step; when it writes a letter, fix its day and the date it names."""
    case = context.subject
    rhythm = cadence(case.cadence_version)
    taken = rhythm.step(case.cadence_step)
    assert taken is not None and case.offered_on is not None
    if taken.letter:
        case.last_letter_on = today_of(context)
        case.answer_by = rhythm.answer_by(
            case.cadence_step, case.offered_on, case.last_letter_on, place_of(case)
        )
    case.cadence_step += 1


def step_just_taken(case: Case) -> str:
    """The name of the cadence step behind us."""
    taken = cadence(case.cadence_version).step(case.cadence_step - 1)
    assert taken is not None
    return taken.name


def write_reminder(context: Context[Case]) -> None:
    """The reminder of the step just taken; never a higher price."""
    case = context.subject
    queue_letter(
        context.session, case, LetterKind.REMINDER, context.now,
        step=step_just_taken(case), answer_by=case.answer_by,
    )  # fmt: skip


def ask_for_a_look(context: Context[Case]) -> None:
    """A person checks before it becomes formal."""
    context.subject.needs_a_look = True


def end_the_look(context: Context[Case]) -> None:
    """What a person was asked to look after has happened."""
    context.subject.needs_a_look = False


def turn_into_damages(context: Context[Case]) -> None:
    """Nobody accepted the licence: from here the same net sum is owed as damages, which carry no VAT.

    Licence analogy, UrhG § 97(2) sentence 3; a contract claim exists only once an offer is accepted.
    """
    session, case = context.session, context.subject
    last = session.scalars(
        select(Offer).where(Offer.case_id == case.id).order_by(Offer.number.desc()).limit(1)
    ).one()
    if last.nature is ClaimNature.DAMAGES:
        return
    profile = operator_profile(session)
    assert profile is not None, "no letter left before the set-up"
    rate = vat_rate_bp(VatKind.DAMAGES, profile.country, context.now.date())
    vat = last.net.share_bp(rate)
    session.add(
        Offer(
            id=new_id(),
            case_id=case.id,
            number=last.number + 1,
            nature=ClaimNature.DAMAGES,
            net=last.net,
            vat_rate_bp=rate,
            vat=vat,
            total=last.net + vat,
            edition=last.edition,
            facts=last.facts,
            sheet=last.sheet,
            made_at=context.now,
            made_by=context.actor.name,
            lines=[
                ClaimLine(
                    position=line.position,
                    label=as_damages(line.label),
                    nature=ClaimNature.DAMAGES,
                    net=line.net,
                )
                for line in last.lines
            ],
        )
    )


def tell_dunning(context: Context[Case]) -> None:
    """``legal`` writes the formal reminder of this step."""
    case = context.subject
    name = step_just_taken(case)
    outbox.publish(
        context.session, events.DunningStepReached(case.id, name), key=f"{case.id}:{name}", now=context.now
    )


# --- answers --------------------------------------------------------------------------------------------


def open_hold(context: Context[Case]) -> None:
    """Our clocks stop; a second hold of the same kind joins the first."""
    case = context.subject
    kind = HoldKind(context.carries["kind"])
    deadlines.pause(context.session, "case", case.id, context.now)
    if any(hold.kind is kind and hold.closed_at is None for hold in case.holds):
        return
    case.holds.append(
        Hold(
            id=new_id(),
            case_id=case.id,
            kind=kind,
            reason=context.note[:500],
            opened_at=context.now,
            opened_by=context.actor.name or context.actor.role.value,
        )
    )


def close_hold(context: Context[Case]) -> None:
    """One hold is decided; when it was the last, our clocks run again with at least ten working days."""
    case = context.subject
    hold = next((hold for hold in case.holds if str(hold.id) == str(context.carries["hold_id"])), None)
    if hold is None:
        raise NotFound(say("This hold"))
    if hold.closed_at is not None:
        raise Conflict(say("This was decided already."))
    _decide(hold, context)
    if any(other.closed_at is None for other in case.holds):
        return
    rhythm = cadence(case.cadence_version)
    zone, place = zone_of(case.recipient_country), place_of(case)
    today = local_date(context.now, zone)
    for row in deadlines.paused(context.session, "case", case.id):
        assert row.paused_at is not None
        left = place.between(local_date(row.paused_at, zone), local_date(row.due_at, zone))
        day = place.add(today, max(left, rhythm.hold_minimum_working_days))
        deadlines.resume(row, morning(day, zone))
        # the infringer is owed the same time: the last working day before that step
        if case.answer_by is not None:
            case.answer_by = max(case.answer_by, place.add(today, rhythm.hold_minimum_working_days - 1))


def give_more_time(context: Context[Case]) -> None:
    """The date to answer by moves, no step of ours comes before the day after it, nothing comes earlier."""
    case = context.subject
    zone, place = zone_of(case.recipient_country), place_of(case)
    today = local_date(context.now, zone)
    more = timedelta(days=cadence(case.cadence_version).extension_days)
    case.answer_by = place.next_working(max(case.answer_by or today, today) + more)
    first = morning(place.next_working(case.answer_by + timedelta(days=1)), zone)
    for row in deadlines.live(context.session, "case", case.id):
        if row.ours:
            row.due_at = max(row.due_at, first)


def end_holds(context: Context[Case]) -> None:
    """The case moved on; what held it is decided by that."""
    for hold in context.subject.holds:
        if hold.closed_at is None:
            _decide(hold, context)


def _decide(hold: Hold, context: Context[Case]) -> None:
    hold.closed_at = context.now
    hold.closed_by = context.actor.name or context.actor.role.value
    hold.decision = context.note[:500]


# --- money and the end ----------------------------------------------------------------------------------


def note_payment(context: Context[Case]) -> None:
    """Licence certificate and receipt go out; the others hear that money came in."""
    case = context.subject
    case.paid_at = context.now
    payin_id = context.carries["payin_id"]
    facts = {"payin_id": str(payin_id), "method": str(context.carries.get("method", "card"))}
    queue_letter(context.session, case, LetterKind.PAID, context.now, facts=facts)
    outbox.publish(context.session, events.CasePaid(case.id, payin_id), key=str(payin_id), now=context.now)


def note_refund(context: Context[Case]) -> None:
    """The money went back; the claim is not raised again."""
    case = context.subject
    case.closed_reason = ClosedReason.WITHDRAWN
    case.closed_at = context.now
    payin_id = context.carries["payin_id"]
    event = events.PaymentTakenBack(case.id, payin_id)
    outbox.publish(context.session, event, key=str(payin_id), now=context.now)
    _tell_closed(context)


def close_as_paid(context: Context[Case]) -> None:
    """The hold window is over: the money is the owner's, the infringer is left alone."""
    _close(context, ClosedReason.PAID)


def close_as_withdrawn(context: Context[Case]) -> None:
    """Taken back before anybody was written to."""
    _close(context, ClosedReason.WITHDRAWN)


def close_for_reason(context: Context[Case]) -> None:
    """An operator ended it."""
    _close(context, ClosedReason(context.carries["reason"]))


def write_closing(context: Context[Case]) -> None:
    """The closing letter: why it is over, and no further claim for this picture."""
    queue_letter(context.session, context.subject, LetterKind.CLOSING, context.now)


def _close(context: Context[Case], reason: ClosedReason) -> None:
    context.subject.closed_reason = reason
    context.subject.closed_at = context.now
    _tell_closed(context)


def _tell_closed(context: Context[Case]) -> None:
    case = context.subject
    assert case.closed_reason is not None
    event = events.CaseClosed(case.id, case.closed_reason.value)
    outbox.publish(context.session, event, key=str(case.id), now=context.now)
