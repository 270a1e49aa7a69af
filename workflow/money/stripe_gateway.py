"""Card payments through Stripe Checkout: the only module that knows Stripe.

Written against stripe-python 16.1 and tested with that library against the local stand-in.
The library never repeats a request by itself: that is the outbox's business, with the same keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import requests
import stripe

from workflow.kernel.money import Money
from workflow.kernel.said import say
from workflow.money.gateway import (
    CheckoutPayment,
    CheckoutRequest,
    CheckoutSession,
    CheckoutState,
    ForgedEvent,
    GatewayEvent,
    GatewayRefused,
    GatewayUnavailable,
    PaymentFacts,
    RefundResult,
)
from workflow.money.stripe_amounts import from_stripe, to_stripe
from workflow.money.stripe_errors import speaking
from workflow.money.stripe_words import (
    EVENT_KINDS,
    HARMLESS_DISPUTES,
    checkout_params,
    id_of,
    is_event,
    is_live,
    mark,
    read_event_object,
    read_fee,
    read_refund,
    signed_at,
    uuid_of,
    word,
)

#: Connecting, reading. A write that takes longer has an unknown outcome.
TIMEOUT_SECONDS = (5.0, 20.0)
#: How far the time in a signature may be from ours, either way.
TOLERANCE = timedelta(seconds=300)
#: More events than this in one listing is not a listing; ask for a shorter time.
MAX_EVENTS = 50_000
#: More pages, refunds or disputes than this are not looked through.
MAX_LOOKED_THROUGH = 5_000
PAGE = 100


class StripeGateway:
    """The :class:`workflow.money.gateway.PaymentGateway` of Stripe.

    ``webhook_secret`` may name several, separated by commas, while an endpoint's is rotated.
    ``api_base`` (empty: Stripe itself) leads to the stand-in and takes test keys only.
    """

    def __init__(self, secret_key: str, webhook_secret: str, api_base: str = "") -> None:
        self._live = is_live(secret_key)
        if self._live and api_base:
            raise GatewayRefused(say("A live Stripe key is sent to Stripe only, never to another address."))
        self._secrets = tuple(part.strip() for part in webhook_secret.split(",") if part.strip())
        if not self._secrets:
            raise GatewayRefused(
                say("The Stripe webhook secret is missing: nobody could tell real messages from forged.")
            )
        session = requests.Session()
        session.trust_env = not api_base  # a proxy of the machine must not stand before loopback
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base.rstrip("/")} if api_base else {},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS, session=session),
        )

    def create_checkout(self, request: CheckoutRequest) -> CheckoutSession:
        key = f"payin-{request.payin_id}-checkout"
        with speaking(writes=True):
            made = self._client.v1.checkout.sessions.create(
                checkout_params(request), {"idempotency_key": key}
            )
            first_answer = made.last_response
        if first_answer is not None and first_answer.headers.get("Idempotent-Replayed") == "true":
            session = self.fetch_checkout(made.id)  # the replayed answer tells how it stood when it was made
        else:
            session = self._session(made)
        if session.payin_id != request.payin_id or session.amount != request.amount:
            raise GatewayRefused(
                say("Stripe made a payment page with another sum or reference than we asked for.")
            )
        return session

    def fetch_checkout(self, foreign_id: str) -> CheckoutSession:
        with speaking(writes=False):
            found = self._client.v1.checkout.sessions.retrieve(foreign_id)
        return self._session(found)

    def find_checkout(self, payin_id: UUID, since: datetime) -> CheckoutSession | None:
        with speaking(writes=False):
            pages = self._client.v1.checkout.sessions.list(
                {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
            )
            for looked, session in enumerate(pages.auto_paging_iter()):
                if session.client_reference_id == str(payin_id):
                    return self._session(session)
                if looked >= MAX_LOOKED_THROUGH:
                    raise GatewayUnavailable(
                        say("Too many payment pages to look through; search from a later time.")
                    )
        return None

    def expire_checkout(self, foreign_id: str) -> CheckoutSession:
        with speaking(writes=False):  # shutting twice is the same as once, so nothing is ever unknown
            found = self._client.v1.checkout.sessions.retrieve(foreign_id)
            if found.status != CheckoutState.OPEN:
                return self._session(found)
            try:
                found = self._client.v1.checkout.sessions.expire(foreign_id)
            except stripe.InvalidRequestError:  # paid or shut between the two calls: tell how it stands
                found = self._client.v1.checkout.sessions.retrieve(foreign_id)
                if found.status == CheckoutState.OPEN:
                    raise
        return self._session(found)

    def fetch_payment(self, payment_intent: str) -> PaymentFacts:
        with speaking(writes=False):
            intent = self._client.v1.payment_intents.retrieve(
                payment_intent, {"expand": ["latest_charge.balance_transaction"]}
            )
            self._check_mode(intent.livemode)
            received = from_stripe(intent.amount_received, intent.currency)
            charge = intent.latest_charge
            if not isinstance(charge, stripe.Charge):
                return PaymentFacts(
                    payment_intent=intent.id,
                    payin_id=uuid_of(mark(intent.metadata, "payin_id")),
                    received=received,
                    refunded=received * 0,
                    disputed_amount=received * 0,
                    fee=None,
                    charge=None,
                )
            return PaymentFacts(
                payment_intent=intent.id,
                payin_id=uuid_of(mark(intent.metadata, "payin_id")),
                received=received,
                refunded=from_stripe(charge.amount_refunded, charge.currency),
                disputed_amount=self._disputed(intent.id, received) if charge.disputed else received * 0,
                fee=read_fee(charge),
                charge=charge.id,
            )

    def refund(self, payin_id: UUID, payment_intent: str, amount: Money, refund_id: UUID) -> RefundResult:
        minor, _ = to_stripe(amount)
        with speaking(writes=True):
            made = self._client.v1.refunds.create(
                {
                    "payment_intent": payment_intent,
                    "amount": minor,
                    "metadata": {"payin_id": str(payin_id), "refund_id": str(refund_id)},
                },
                {"idempotency_key": f"refund-{refund_id}"},
            )
        return read_refund(made)

    def find_refund(self, payment_intent: str, refund_id: UUID) -> RefundResult | None:
        with speaking(writes=False):
            pages = self._client.v1.refunds.list({"payment_intent": payment_intent, "limit": PAGE})
            for looked, refund in enumerate(pages.auto_paging_iter()):
                if mark(refund.metadata, "refund_id") == str(refund_id):
                    return read_refund(refund)
                if looked >= MAX_LOOKED_THROUGH:
                    raise GatewayUnavailable(say("Too many refunds to look through."))
        return None

    def read_event(self, raw: bytes, header: str, wall: datetime) -> GatewayEvent:
        event = self._genuine(raw, header)
        stamped = signed_at(header)
        if abs(wall - stamped) > TOLERANCE:
            raise ForgedEvent(f"The message was signed at {stamped:%Y-%m-%d %H:%M:%S} UTC: too far from now.")
        if getattr(event, "account", None):
            raise ForgedEvent("The message concerns another Stripe account.")
        if event.livemode != self._live:
            raise ForgedEvent("The message is from the other mode: test and live money never meet.")
        return read_event_object(event)

    def list_events(self, since: datetime) -> Iterator[GatewayEvent]:
        found: list[GatewayEvent] = []
        with speaking(writes=False):
            pages = self._client.v1.events.list(
                {
                    "created": {"gte": int(since.timestamp())},
                    "types": list(EVENT_KINDS),
                    "limit": PAGE,
                }
            )
            for event in pages.auto_paging_iter():
                if len(found) >= MAX_EVENTS:
                    raise GatewayUnavailable(say("Too many events since then; ask for a shorter time."))
                found.append(read_event_object(event))
        yield from reversed(found)

    def _genuine(self, raw: bytes, header: str) -> stripe.Event:
        """The event, once one of our secrets fits; age is judged by the caller on our clock."""
        for secret in self._secrets:
            try:
                event = self._client.construct_event(raw, header, secret, tolerance=0)
            except stripe.SignatureVerificationError:
                continue
            except (ValueError, AttributeError) as broken:  # not UTF-8, not JSON, or not an event
                raise ForgedEvent("The message is not an event of Stripe.") from broken
            if not is_event(event):
                raise ForgedEvent("The message is not an event of Stripe.")
            return event
        raise ForgedEvent(
            "The signature does not fit: the message is not from Stripe, or was changed on its way."
        )

    def _session(self, session: stripe.checkout.Session) -> CheckoutSession:
        self._check_mode(session.livemode)
        if session.amount_total is None or session.currency is None:
            raise GatewayRefused(say("Stripe tells no sum for this payment page."))
        return CheckoutSession(
            foreign_id=session.id,
            url=session.url or "",
            state=word(CheckoutState, session.status),
            payment_state=word(CheckoutPayment, session.payment_status),
            amount=from_stripe(session.amount_total, session.currency),
            payment_intent=id_of(session.payment_intent),
            payin_id=uuid_of(session.client_reference_id),
        )

    def _disputed(self, intent: str, received: Money) -> Money:
        """What the payer's bank holds back; in another currency: the whole payment."""
        total = received * 0
        for dispute in self._client.v1.disputes.list(
            {"payment_intent": intent, "limit": PAGE}
        ).auto_paging_iter():
            if dispute.status in HARMLESS_DISPUTES:
                continue
            amount = from_stripe(dispute.amount, dispute.currency)
            total += amount if amount.currency is received.currency else received
        return min(total, received)

    def _check_mode(self, livemode: bool) -> None:
        if livemode != self._live:
            raise GatewayRefused(say("Stripe answered from the other mode: test and live money never meet."))
