"""Who listens to whom, and who does what the outbox asks: the one page that joins the stations."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from workflow.cases import events as case_events
from workflow.cases import jobs as cases_jobs
from workflow.cases import telling
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.post import batches, printing, sending
from workflow.checks import self_check
from workflow.desk.rounds import go_round
from workflow.hits.lifecycle import HIT_LIFECYCLE
from workflow.hits.services.releasing import release_of_closed
from workflow.housekeeping import housekeeping
from workflow.kernel import deadlines, mailing, outbox, pulses
from workflow.kernel.actors import SYSTEM
from workflow.kernel.db import Session
from workflow.kernel.errors import Conflict, NotFound, Refused, Unavailable
from workflow.kernel.failpoints import failpoint
from workflow.kernel.lifecycle import Lifecycle, advance
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.legal import jobs as legal_jobs
from workflow.money import jobs as money_jobs
from workflow.money import stale_pages
from workflow.money.gateway import PaymentGateway
from workflow.money.lifecycle import PAYIN_LIFECYCLE
from workflow.money.transfers.settling import settle_new_sum
from workflow.payouts import services as payouts
from workflow.payouts.lifecycle import PAYOUT_LIFECYCLE
from workflow.worker import Handlers, Outside, Within

Listener = Callable[[Session, Runtime, Any], None]

#: Every life cycle by its name: deadlines and diagrams find their table here.
LIFECYCLES: dict[str, Lifecycle[Any]] = {
    "hit": HIT_LIFECYCLE,
    "case": CASE_LIFECYCLE,
    "payin": PAYIN_LIFECYCLE,
    "payout": PAYOUT_LIFECYCLE,
}

#: What a wrong clock could do too early, or with a wrong day on it.
BY_THE_CLOCK = frozenset({"deadline", "letter", "letter.send", "mail"})

#: What a case tells, and who does something about it.
LISTENERS: dict[type[Any], tuple[Listener, ...]] = {
    case_events.CaseSubmitted: (telling.tell_operator,),
    case_events.InformationNeeded: (telling.tell_owner_needed,),
    case_events.CaseRejected: (telling.tell_owner_rejected,),
    case_events.CaseOffered: (telling.tell_owner_offered,),
    case_events.AnswerReceived: (
        cases_jobs.confirm_answer,
        telling.tell_operator_answer,
        telling.tell_owner_answer,
    ),
    case_events.SumChanged: (stale_pages.shut_stale_page, settle_new_sum),
    case_events.DunningStepReached: (legal_jobs.write_dunning_letter,),
    case_events.CasePaid: (payouts.accrue, telling.tell_owner_paid),
    case_events.PaymentTakenBack: (payouts.take_back,),
    case_events.CaseClosed: (payouts.release, release_of_closed, telling.tell_owner_closed),
}


def handlers(gateway: PaymentGateway | None) -> Handlers:
    """What the worker does with each kind of message; without a gateway card payments wait."""
    return with_a_sane_clock(_handlers(gateway))


def _handlers(gateway: PaymentGateway | None) -> Handlers:
    return {
        outbox.EVENT: Within(hear),
        "deadline": Within(fire_deadline),
        "letter": Outside(printing.print_letter),
        "letter.send": Outside(sending.send_letter, once=True),
        "post.batch": Outside(batches.make_batch),
        "case_message": Within(cases_jobs.announce_message),
        "mail": Outside(mailing.send_mail, once=True),
        "psp.checkout": Outside(partial(_with_gateway, money_jobs.make_checkout, gateway)),
        "psp.shut": Outside(partial(_with_gateway, money_jobs.shut_checkout, gateway)),
        "psp.refund": Outside(partial(_with_gateway, money_jobs.refund, gateway)),
        "psp.reconcile": Outside(partial(_reconcile, gateway)),
        "inbox:stripe": Outside(partial(_with_gateway, money_jobs.read_stripe_event, gateway)),
        "self_check": Outside(self_check),
        "housekeeping": Outside(housekeeping),
        "notices": Within(go_round),
    }


def with_a_sane_clock(handlers: Handlers) -> Handlers:
    """The same, but dates and letters wait while the machine's clock lies behind what was written down."""
    return {
        kind: _guarded(handler) if kind in BY_THE_CLOCK else handler for kind, handler in handlers.items()
    }


def _guarded(handler: Within | Outside) -> Within | Outside:
    if isinstance(handler, Within):
        within = handler.run

        def run_within(session: Session, runtime: Runtime, payload: dict[str, Any]) -> None:
            _refuse_a_clock_set_back(session, runtime)
            within(session, runtime, payload)

        return Within(run_within)
    outside = handler.run

    def run_outside(runtime: Runtime, payload: dict[str, Any]) -> None:
        with runtime.database.reading() as session:
            _refuse_a_clock_set_back(session, runtime)
        outside(runtime, payload)

    return Outside(run_outside, once=handler.once)


def _refuse_a_clock_set_back(session: Session, runtime: Runtime) -> None:
    """A demo's time is played with; a real one's never runs backwards."""
    if not runtime.config.demo and (trouble := pulses.clock_trouble(session, runtime.clock.wall())):
        raise Unavailable(trouble)


def hear(session: Session, runtime: Runtime, payload: dict[str, Any]) -> None:
    """Tell an event to everyone who listens, in one transaction."""
    kind = next(kind for kind in LISTENERS if kind.__name__ == payload["event"])
    event = kind(**{name: _typed(name, value) for name, value in payload["fields"].items()})
    for listener in LISTENERS[kind]:
        listener(session, runtime, event)


def fire_deadline(session: Session, runtime: Runtime, payload: dict[str, Any]) -> None:
    """Do what a due date is for; a refusal keeps it, blocked, in front of a person."""
    row = session.get(deadlines.DeadlineRow, uuid.UUID(payload["deadline_id"]))
    if row is None:
        return
    lifecycle = LIFECYCLES[row.subject_type]
    # the subject first, then its dates, like every step: a hold that opens now never waits for us in a ring
    session.get(lifecycle.model, row.subject_id, with_for_update=True)
    session.refresh(row, with_for_update=True)
    if row.state is not deadlines.DeadlineState.CLAIMED:
        return  # it was paused or ended while it waited for us
    now = runtime.clock.business()
    try:
        with session.begin_nested():
            advance(session, lifecycle, row.subject_id, row.trigger, SYSTEM, now)
            failpoint("deadline.after_advance")
    except (Refused, Conflict, NotFound) as refusal:
        reasons = refusal.reasons if isinstance(refusal, Refused) else (str(refusal),)
        deadlines.block(session, row.id, reasons)
        return
    row.state = deadlines.DeadlineState.FIRED
    row.ended_at = now


def _with_gateway(
    job: Callable[[Runtime, PaymentGateway, dict[str, Any]], None],
    gateway: PaymentGateway | None,
    runtime: Runtime,
    payload: dict[str, Any],
) -> None:
    if gateway is None:
        raise Unavailable(say("No card payment service is configured: set the Stripe keys."))
    job(runtime, gateway, payload)


def _reconcile(gateway: PaymentGateway | None, runtime: Runtime, payload: dict[str, Any]) -> None:
    """Asked for every quarter of an hour: without a card service there is nothing to look after."""
    if gateway is not None:
        money_jobs.reconcile(runtime, gateway, payload)


def _typed(name: str, value: Any) -> Any:
    return uuid.UUID(value) if name.endswith("_id") else value
