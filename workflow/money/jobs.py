"""What the worker does with the payment service: ask outside, then write the answer in a short transaction.

Every job is safe to repeat: requests carry keys made of our ids, and what is fetched is booked once. Those
keys are good for a day; after that a request is only looked up, never made again.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from workflow.cases.models import Case
from workflow.kernel import inbox
from workflow.kernel.db import Session
from workflow.kernel.failpoints import failpoint
from workflow.kernel.inbox import InboxMessage, InboxState
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.money import queries, services
from workflow.money.gateway import (
    CheckoutRequest,
    CheckoutSession,
    EventKind,
    GatewayRefused,
    GatewayUnavailable,
    PaymentFacts,
    PaymentGateway,
    RefundResult,
    RefundState,
)
from workflow.money.models import Payin, PspCursor
from workflow.money.services.trouble import locked
from workflow.money.states import PayinState

__all__ = ["make_checkout", "read_stripe_event", "reconcile", "refund", "shut_checkout"]

log = logging.getLogger("lichtbild.money")

SOURCE = "stripe"
#: Services forget the keys of requests after 24 hours; we stop an hour before.
KEYS_HOLD = timedelta(hours=23)
#: How far clocks may differ when something is searched by time.
SLACK = timedelta(hours=1)
#: A live payin older than this is looked up: its message may have been lost.
LOOK_AFTER = timedelta(minutes=10)
#: Events are listed from this long ago at the first look.
FIRST_LOOK = timedelta(days=29)
#: How many payins one reconciliation asks about.
BATCH = 100
#: Events after which a checkout page should be read, not a payment.
OF_A_PAGE = (EventKind.CHECKOUT_COMPLETED, EventKind.CHECKOUT_EXPIRED)


# --- the card page --------------------------------------------------------------------------------------


def make_checkout(runtime: Runtime, gateway: PaymentGateway | None, payload: dict[str, Any]) -> None:
    """Make the card page of a payin, or find the one made before."""
    payin_id = uuid.UUID(payload["payin_id"])
    wall = runtime.clock.wall()
    with runtime.database.transaction() as session:
        payin = locked(session, payin_id)
        if payin.state is not PayinState.OPENED:
            return
        payin.asked_at = payin.asked_at or wall
        request = _request_of(session, runtime, payin)
        asked_at = payin.asked_at
    failpoint("checkout.before_call")
    try:
        page = _page_of(_ready(gateway), request, asked_at, wall)
        failpoint("checkout.after_call")
    except GatewayRefused as refusal:
        log.warning("payin %s: no card page: %s", payin_id, refusal)
        with runtime.database.transaction() as session:
            services.note_failure(session, payin_id, str(refusal), runtime.clock.business())
        return
    with runtime.database.transaction() as session:
        services.record_checkout(session, payin_id, page, runtime.clock.business())
        failpoint("checkout.before_record")


def shut_checkout(_runtime: Runtime, gateway: PaymentGateway | None, payload: dict[str, Any]) -> None:
    """Close a card page that is out of date; if somebody paid on it meanwhile, that is booked as it came."""
    _ready(gateway).expire_checkout(payload["foreign_id"])


def _page_of(
    gateway: PaymentGateway, request: CheckoutRequest, asked_at: datetime, wall: datetime
) -> CheckoutSession:
    if wall - asked_at < KEYS_HOLD:
        return gateway.create_checkout(request)
    found = gateway.find_checkout(request.payin_id, asked_at - SLACK)
    if found is None:
        raise GatewayRefused(say("The card page could not be made for a day. Please start again."))
    return found


def _request_of(session: Session, runtime: Runtime, payin: Payin) -> CheckoutRequest:
    case = session.get_one(Case, payin.case_id)
    back = f"{runtime.config.portal_url}/pay/{payin.id}/back"
    return CheckoutRequest(
        payin_id=payin.id,
        amount=payin.amount,
        description=f"Licence for the use of a photograph, case {case.reference}",
        case_reference=case.reference,
        success_url=back,
        cancel_url=back,
        customer_email=case.recipient_email or None,
    )


# --- what the service reports ---------------------------------------------------------------------------


def read_stripe_event(runtime: Runtime, gateway: PaymentGateway | None, payload: dict[str, Any]) -> None:
    """Fetch what a stored event is about, act on what is true now, and settle the event with it."""
    inbox_id = uuid.UUID(payload["inbox_id"])
    with runtime.database.reading() as session:
        message = session.get_one(InboxMessage, inbox_id)
        if message.state is InboxState.DONE:
            return
        facts = dict(message.facts)
    kind = EventKind(facts["kind"])
    if kind is EventKind.OTHER:
        _settle(runtime, inbox_id, "No effect: not a kind of event we act on.")
        return
    failpoint("payin.before_fetch")
    page, payment = _fetch(_ready(gateway), kind, facts)
    failpoint("payin.after_fetch")
    now = runtime.clock.business()
    with runtime.database.transaction() as session:
        message = session.get_one(InboxMessage, inbox_id, with_for_update=True)
        if message.state is InboxState.DONE:
            return
        payin = _payin_of(session, page, payment)
        if payin is None:
            inbox.settle(message, "No effect: it names no payment of ours.")
            return
        outcome = _act(session, payin.id, page, payment, now)
        if kind is EventKind.DISPUTE_CLOSED and payment is not None:
            services.note_lost(session, payin.id, payment, now)
        inbox.settle(message, outcome)
        failpoint("payin.before_commit")
    failpoint("payin.after_commit")


def _fetch(
    gateway: PaymentGateway, kind: EventKind, facts: dict[str, Any]
) -> tuple[CheckoutSession | None, PaymentFacts | None]:
    """The card page, where the event is about one, and the payment behind it, as they stand now."""
    page = None
    intent: str | None = facts.get("payment_intent")
    if kind in OF_A_PAGE or str(facts["object_id"]).startswith("cs_"):
        page = gateway.fetch_checkout(facts["object_id"])
        intent = page.payment_intent or intent
    return page, gateway.fetch_payment(intent) if intent else None


def _payin_of(session: Session, page: CheckoutSession | None, payment: PaymentFacts | None) -> Payin | None:
    """What we bound before wins over what the object says about itself."""
    if payment is not None and (bound := queries.by_intent(session, payment.payment_intent)):
        return bound
    if page is not None and (bound := queries.by_foreign_id(session, page.foreign_id)):
        return bound
    named = (payment.payin_id if payment else None) or (page.payin_id if page else None)
    return session.get(Payin, named) if named else None


def _act(
    session: Session,
    payin_id: uuid.UUID,
    page: CheckoutSession | None,
    payment: PaymentFacts | None,
    now: datetime,
) -> str:
    """Follow what was fetched; the sentence says where the payin stands after it."""
    if page is not None:
        services.record_checkout(session, payin_id, page, now)
    if payment is not None:
        services.apply_facts(session, payin_id, payment, now)
    payin = locked(session, payin_id)
    return f"Payment {payin_id} is {payin.state.value}. {payin.trouble}".strip()


def _settle(runtime: Runtime, inbox_id: uuid.UUID, outcome: str) -> None:
    with runtime.database.transaction() as session:
        inbox.settle(session.get_one(InboxMessage, inbox_id, with_for_update=True), outcome)


# --- giving back ----------------------------------------------------------------------------------------


def refund(runtime: Runtime, gateway: PaymentGateway | None, payload: dict[str, Any]) -> None:
    """Give back what is left of a payment, once, then follow what the service says."""
    payin_id, refund_id = uuid.UUID(payload["payin_id"]), uuid.UUID(payload["refund_id"])
    wall = runtime.clock.wall()
    with runtime.database.transaction() as session:
        payin = locked(session, payin_id)
        if payin.refund_id != refund_id or payin.payment_intent is None:
            return
        payin.refund_tried_at = tried_at = payin.refund_tried_at or wall
        intent = payin.payment_intent
    failpoint("refund.before_call")
    ready = _ready(gateway)
    result, why = None, ""
    try:
        result = _give_back(ready, payin_id, refund_id, intent, fresh=wall - tried_at < KEYS_HOLD)
    except GatewayRefused as refusal:
        why = str(refusal)
    failpoint("refund.after_call")
    facts = ready.fetch_payment(intent)
    failed = result is not None and result.state in (RefundState.FAILED, RefundState.CANCELED)
    with runtime.database.transaction() as session:
        now = runtime.clock.business()
        services.apply_facts(session, payin_id, facts, now)
        if failed or (why and facts.refunded < facts.received):
            services.note_refund_failed(session, payin_id, why or say("the card did not take it back."), now)
        failpoint("refund.before_record")


def _give_back(
    gateway: PaymentGateway, payin_id: uuid.UUID, refund_id: uuid.UUID, intent: str, *, fresh: bool
) -> RefundResult | None:
    made = gateway.find_refund(intent, refund_id)
    if made is not None:
        return made
    if not fresh:
        raise GatewayRefused(
            say("It is not known whether it was asked for a day ago; look before asking again.")
        )
    facts = gateway.fetch_payment(intent)
    left = facts.received - facts.refunded
    return None if left.is_zero else gateway.refund(payin_id, intent, left, refund_id)


# --- looking after it -----------------------------------------------------------------------------------


def reconcile(runtime: Runtime, gateway: PaymentGateway | None, _payload: dict[str, Any]) -> None:
    """Find what no message told us: missed events, pages nobody reported on, fees not yet known."""
    ready = _ready(gateway)
    _receive_missed(runtime, ready)
    wall = runtime.clock.wall()
    with runtime.database.reading() as session:
        old = queries.to_look_up(session, wall - LOOK_AFTER, BATCH)
        feeless = queries.without_fee(session, BATCH)
    for payin_id, foreign_id, asked_at in old:
        _look_up(runtime, ready, payin_id, foreign_id, asked_at)
    for payin_id, intent in feeless:
        facts = ready.fetch_payment(intent)
        with runtime.database.transaction() as session:
            services.apply_facts(session, payin_id, facts, runtime.clock.business())


def _receive_missed(runtime: Runtime, gateway: PaymentGateway) -> None:
    wall = runtime.clock.wall()
    with runtime.database.reading() as session:
        cursor = session.get(PspCursor, SOURCE)
        since = cursor.seen_until - SLACK if cursor else wall - FIRST_LOOK
    newest = since + SLACK
    for event in gateway.list_events(since):
        with runtime.database.transaction() as session:
            inbox.receive(
                session, SOURCE, event.foreign_id,
                kind=event.word or event.kind.value, body=b"", facts=queries.event_facts(event), wall=wall,
            )  # fmt: skip
        newest = max(newest, event.created)
    with runtime.database.transaction() as session:
        session.merge(PspCursor(source=SOURCE, seen_until=newest))


def _look_up(
    runtime: Runtime, gateway: PaymentGateway, payin_id: uuid.UUID, foreign_id: str | None, asked_at: datetime
) -> None:
    """Read the page of a live payin; shut it when the case takes no money any more."""
    if foreign_id:
        page: CheckoutSession | None = gateway.fetch_checkout(foreign_id)
    else:
        page = gateway.find_checkout(payin_id, asked_at - SLACK)
    if page is None:
        return  # its message in the outbox is still at work, or failed in front of a person
    with runtime.database.reading() as session:
        payable = queries.is_payable(session, payin_id)
    if not payable:
        page = gateway.expire_checkout(page.foreign_id)
    payment = gateway.fetch_payment(page.payment_intent) if page.payment_intent else None
    with runtime.database.transaction() as session:
        _act(session, payin_id, page, payment, runtime.clock.business())


def _ready(gateway: PaymentGateway | None) -> PaymentGateway:
    if gateway is None:
        raise GatewayUnavailable(
            say("Card payments are not set up: the keys of the payment service are missing.")
        )
    return gateway
