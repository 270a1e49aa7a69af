"""The life of a case, on one page: who may do what, when, with which effect, and what is due next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from workflow.cases import agreements, effects, guards
from workflow.cases.bargaining import lapsing, sharing
from workflow.cases.cadence import cadence, cadence_on, zone_of
from workflow.cases.effects import place_of
from workflow.cases.models import Case
from workflow.cases.passport import entering as passport
from workflow.cases.states import CaseState as S
from workflow.cases.states import CaseTrigger as T
from workflow.kernel.access import OFFICE, Reaches, nothing, of_the_case, own
from workflow.kernel.actors import Role
from workflow.kernel.calendar import local_date, morning
from workflow.kernel.lifecycle import Context, Deadline, Lifecycle, State, Transition

OPERATOR, OWNER, SYSTEM = Role.OPERATOR, Role.RIGHTS_HOLDER, Role.SYSTEM
INFRINGER, PARTNER = Role.INFRINGER, Role.LEGAL_PARTNER

#: Somebody outside owes an answer or money.
OPEN = (
    S.OFFERED, S.REMINDED, S.AGREED, S.IN_INSTALMENTS, S.IN_DUNNING, S.LEGAL_REVIEW, S.WITH_PARTNER,
    S.IN_COURT,
)  # fmt: skip
#: The rights-holder may still take it back freely.
BEFORE_OFFER = (S.DRAFT, S.SUBMITTED, S.INFO_NEEDED)


# --- when the next date is ------------------------------------------------------------------------------


def next_step(trigger: T) -> Callable[[Context[Case]], datetime | None]:
    """Due when the next step of the cadence has this trigger; eight in the recipient's morning."""

    def due(context: Context[Case]) -> datetime | None:
        case = context.subject
        rhythm = cadence(case.cadence_version)
        step = rhythm.step(case.cadence_step)
        if step is None or step.trigger != trigger.value:
            return None
        assert case.offered_on is not None and case.last_letter_on is not None
        day = rhythm.date_of(case.cadence_step, case.offered_on, case.last_letter_on, place_of(case))
        return morning(day, zone_of(case.recipient_country))

    return due


def follow_up_day(context: Context[Case]) -> datetime:
    """When a person looks after a case that waits for somebody else; nothing is sent by itself."""
    case, today = context.subject, context.now.date()
    rhythm = cadence(case.cadence_version) if case.cadence_version else cadence_on(today)
    days = rhythm.follow_up_days.get(case.state.value, rhythm.owner_answer_days)
    zone = zone_of(case.recipient_country)
    day = local_date(context.now, zone) + timedelta(days=days)
    return morning(place_of(case).next_working(day), zone)


def refund_window_ends(context: Context[Case]) -> datetime:
    """When a paid case can be closed for good."""
    case = context.subject
    rhythm = cadence(case.cadence_version)
    zone = zone_of(case.recipient_country)
    day = local_date(context.now, zone) + timedelta(days=rhythm.refund_window_days)
    return morning(place_of(case).next_working(day), zone)


REMINDER: Deadline[Case] = Deadline("reminder", T.REMIND, next_step(T.REMIND))
LOOK: Deadline[Case] = Deadline("look", T.LOOK_AGAIN, next_step(T.LOOK_AGAIN))
DUNNING: Deadline[Case] = Deadline("dunning", T.DUN, next_step(T.DUN))
LEGAL: Deadline[Case] = Deadline("legal_review", T.REVIEW_LEGALLY, next_step(T.REVIEW_LEGALLY))
FOLLOW_UP: Deadline[Case] = Deadline("follow_up", T.FOLLOW_UP, follow_up_day)
REFUND_WINDOW: Deadline[Case] = Deadline("refund_window", T.CLOSE_PAID, refund_window_ends)


def row(  # one line of the state table
    state: S, label: str, waits_for: Role | None, owner: str, infringer: str, *deadlines: Deadline[Case]
) -> State[Case]:
    return State(state, label, waits_for, deadlines, owner, infringer)


STATES = (
    #   state             label                 whose turn  the rights-holder reads             the infringer reads            next dates
    row(S.DRAFT,          "Draft",              OWNER,      "Draft",                             ""),
    row(S.SUBMITTED,      "Submitted",          OPERATOR,   "Submitted, we check it",            ""),
    row(S.INFO_NEEDED,    "Information needed", OWNER,      "You must act",                      "",                            FOLLOW_UP),
    row(S.REJECTED,       "Rejected",           None,       "Not accepted",                      ""),
    row(S.OFFERED,        "Offer sent",         INFRINGER,  "Offer sent",                        "Open",                        REMINDER),
    row(S.REMINDED,       "Reminded",           INFRINGER,  "Reminder sent",                     "Open",                        REMINDER, LOOK, DUNNING),
    row(S.AGREED,         "Agreed",             INFRINGER,  "Agreed, payment awaited",           "Agreed, payment awaited",     FOLLOW_UP),
    row(S.IN_INSTALMENTS, "In instalments",     INFRINGER,  "Agreed, paid by a plan",            "Your plan",                   FOLLOW_UP),
    row(S.PAID,           "Paid",               SYSTEM,     "Paid",                              "Paid",                        REFUND_WINDOW),
    row(S.IN_DUNNING,     "In dunning",         INFRINGER,  "Reminder procedure",                "Overdue",                     DUNNING, LEGAL),
    row(S.LEGAL_REVIEW,   "Legal review",       OPERATOR,   "A lawyer's step is being checked",  "Overdue",                     FOLLOW_UP),
    row(S.WITH_PARTNER,   "With partner",       PARTNER,    "With a legal partner",              "With a lawyer",               FOLLOW_UP),
    row(S.IN_COURT,       "In court",           PARTNER,    "In court",                          "In court",                    FOLLOW_UP),
    row(S.SETTLED,        "Settled",            None,       "Settled",                           "Settled"),
    row(S.CLOSED,         "Closed",             None,       "Closed",                            "Closed"),
)  # fmt: skip


def step(
    trigger: T,
    sources: tuple[S, ...],
    target: S | None,
    by: set[Role],
    label: str,
    **more: tuple[object, ...] | str,
) -> Transition[Case]:
    return Transition(trigger, sources, target, frozenset(by), label, **more)  # type: ignore[arg-type]


TRANSITIONS = (
    # before the offer
    step(T.SUBMIT, (S.DRAFT,), S.SUBMITTED, {OWNER}, "Submit the case",
         guards=(guards.has_a_use, guards.has_evidence), effects=(effects.tell_submitted,)),
    step(T.ASK_OWNER, (S.SUBMITTED,), S.INFO_NEEDED, {OPERATOR}, "Ask the rights-holder",
         guards=(guards.has_a_note,), effects=(effects.ask_owner,)),
    step(T.COMPLETE, (S.INFO_NEEDED,), S.SUBMITTED, {OWNER}, "Send what was missing",
         guards=(guards.has_a_note,), effects=(effects.end_the_look,)),
    step(T.REJECT, (S.SUBMITTED, S.INFO_NEEDED), S.REJECTED, {OPERATOR}, "Do not accept",
         carries=("reason",), effects=(effects.note_rejection,),
         warning="The rights-holder reads the reason. Nobody is written to."),
    step(T.PRICE, (S.SUBMITTED,), None, {OPERATOR}, "Set the price", carries=("offer",)),
    step(T.OFFER, (S.SUBMITTED,), S.OFFERED, {OPERATOR}, "Send the offer",
         guards=(guards.letters_can_leave, guards.letter_is_complete, guards.is_priced, guards.tariff_is_approved, guards.is_not_settled,
                 guards.recipient_is_known,
                 guards.offer_can_travel, guards.has_evidence, guards.cadence_is_known),
         agreed=(agreements.to_the_offer,),
         effects=(effects.begin_cadence, effects.write_offer, effects.tell_offered)),
    # silence
    step(T.REMIND, (S.OFFERED, S.REMINDED), S.REMINDED, {SYSTEM}, "Remind",
         guards=(guards.nothing_holds, guards.is_unpaid, guards.letters_before_left,
                 guards.next_letter_can_travel),
         effects=(effects.take_step, effects.write_reminder)),
    step(T.LOOK_AGAIN, (S.REMINDED,), S.REMINDED, {SYSTEM}, "Ask a person to look again",
         guards=(guards.nothing_holds,), effects=(effects.take_step, effects.ask_for_a_look)),
    step(T.DUN, (S.REMINDED, S.IN_DUNNING), S.IN_DUNNING, {SYSTEM}, "Send a formal reminder",
         guards=(guards.nothing_holds, guards.is_unpaid, guards.letters_before_left,
                 guards.next_letter_can_travel, guards.was_looked_at),
         effects=(effects.take_step, effects.turn_into_damages, effects.tell_dunning)),
    step(T.FOLLOW_UP, (S.INFO_NEEDED, S.AGREED, S.IN_INSTALMENTS, S.LEGAL_REVIEW, S.WITH_PARTNER, S.IN_COURT),
         None, {SYSTEM}, "Ask a person to look after it", guards=(guards.nothing_holds,), effects=(effects.ask_for_a_look,)),
    step(T.REVIEW_LEGALLY, (S.IN_DUNNING,), S.LEGAL_REVIEW, {SYSTEM}, "Check for hand-over",
         guards=(guards.nothing_holds, guards.letters_before_left), effects=(effects.take_step,)),
    step(T.HAND_OVER, (S.LEGAL_REVIEW,), S.WITH_PARTNER, {OPERATOR}, "Hand over to a legal partner",
         guards=(guards.nothing_holds, guards.has_a_note), agreed=(agreements.to_the_hand_over,), effects=(effects.end_the_look,),
         warning="A law firm takes over and costs begin to arise."),
    step(T.GO_TO_COURT, (S.WITH_PARTNER,), S.IN_COURT, {PARTNER}, "Record the court proceeding",
         guards=(guards.nothing_holds,), agreed=(agreements.to_the_court,), effects=(effects.end_the_look,)),
    # answers
    step(T.EXTEND, (S.OFFERED, S.REMINDED, S.IN_DUNNING), None, {INFRINGER}, "Give more time",
         guards=(guards.nothing_holds, guards.is_unpaid, guards.not_extended_yet), effects=(effects.give_more_time,)),
    step(T.HOLD, (*OPEN, S.PAID), None, {INFRINGER, OPERATOR, SYSTEM}, "Stop our clocks",
         carries=("kind",), effects=(effects.open_hold,)),
    step(T.RESUME, (*OPEN, S.PAID), None, {OPERATOR, SYSTEM}, "Let our clocks run again",
         carries=("hold_id",), guards=(guards.has_a_note, lapsing.price_is_decided), effects=(effects.close_hold,)),
    step(T.AGREE, (S.OFFERED, S.REMINDED, S.IN_DUNNING, S.LEGAL_REVIEW), S.AGREED, {INFRINGER, OPERATOR, OWNER},
         "Agree", guards=(lapsing.both_agree,), effects=(effects.end_the_look, lapsing.lapse, sharing.freeze_shares)),
    step(T.AGREE_INSTALMENTS, (S.OFFERED, S.REMINDED, S.AGREED, S.IN_DUNNING), S.IN_INSTALMENTS, {OPERATOR},
         "Agree on instalments", effects=(effects.end_the_look,)),
    # money
    step(T.RECEIVE_PAYMENT, OPEN, S.PAID, {SYSTEM}, "Payment received in full",
         carries=("payin_id",), effects=(effects.note_payment, effects.end_holds, lapsing.lapse, sharing.freeze_shares)),
    step(T.TAKE_BACK_PAYMENT, (S.PAID,), S.CLOSED, {SYSTEM}, "Payment returned",
         carries=("payin_id",), effects=(effects.note_refund, effects.end_holds, passport.enter)),
    # the end
    step(T.CLOSE_PAID, (S.PAID,), S.CLOSED, {SYSTEM}, "Close, paid",
         guards=(guards.nothing_holds,), effects=(effects.close_as_paid, passport.enter, effects.write_closing)),
    step(T.SETTLE, (S.AGREED, S.WITH_PARTNER, S.IN_COURT), S.SETTLED, {PARTNER, OPERATOR}, "Settle",
         guards=(guards.has_a_note,), effects=(effects.end_holds, lapsing.lapse)),
    step(T.WITHDRAW, BEFORE_OFFER, S.CLOSED, {OWNER}, "Withdraw the case",
         effects=(effects.close_as_withdrawn,), warning="Nobody was written to, and nobody will be."),
    step(T.CLOSE, OPEN, S.CLOSED, {OPERATOR}, "Close the case",
         carries=("reason",), effects=(effects.close_for_reason, effects.end_holds, lapsing.lapse, passport.enter, effects.write_closing),
         warning="The infringer gets a closing letter: no further claim for this picture."),
)  # fmt: skip

#: Whose case it is. A legal partner reaches none before there are mandates that say which.
REACH: Reaches = {**OFFICE, OWNER: own, INFRINGER: of_the_case, PARTNER: nothing}

CASE_LIFECYCLE: Lifecycle[Case] = Lifecycle("case", Case, S.DRAFT, STATES, TRANSITIONS, REACH)

#: Where a person is asked to look after a case: before it becomes formal, and where nothing is sent by itself.
LOOKED_AFTER = (S.REMINDED, *(state.state for state in STATES if FOLLOW_UP in state.deadlines))
