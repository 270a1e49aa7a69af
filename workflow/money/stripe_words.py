"""Between Stripe's words and ours: what we ask for, how objects are read. Calls nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import stripe

from workflow.kernel.money import Money
from workflow.kernel.said import say
from workflow.money.gateway import (
    CheckoutRequest,
    EventKind,
    GatewayEvent,
    GatewayRefused,
    RefundResult,
    RefundState,
)
from workflow.money.stripe_amounts import from_stripe, to_stripe

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

#: Disputes in these states hold no money back: won, prevented, or only a question of the bank.
HARMLESS_DISPUTES = frozenset(
    {"won", "prevented", "warning_needs_response", "warning_under_review", "warning_closed"}
)
#: The events to tick for the webhook endpoint, and what they mean here.
EVENT_KINDS: dict[str, EventKind] = {
    "checkout.session.completed": EventKind.CHECKOUT_COMPLETED,
    "checkout.session.async_payment_succeeded": EventKind.CHECKOUT_COMPLETED,
    "checkout.session.async_payment_failed": EventKind.PAYMENT_FAILED,
    "checkout.session.expired": EventKind.CHECKOUT_EXPIRED,
    "payment_intent.succeeded": EventKind.PAYMENT_SUCCEEDED,
    "payment_intent.payment_failed": EventKind.PAYMENT_FAILED,
    "charge.refunded": EventKind.REFUNDED,
    "refund.updated": EventKind.REFUND_CHANGED,
    "refund.failed": EventKind.REFUND_CHANGED,
    "charge.dispute.created": EventKind.DISPUTE_OPENED,
    "charge.dispute.updated": EventKind.DISPUTE_CHANGED,
    "charge.dispute.funds_withdrawn": EventKind.DISPUTE_CHANGED,
    "charge.dispute.funds_reinstated": EventKind.DISPUTE_CHANGED,
    "charge.dispute.closed": EventKind.DISPUTE_CLOSED,
}

Word = TypeVar("Word", bound=StrEnum)


def checkout_params(request: CheckoutRequest) -> SessionCreateParams:
    minor, currency = to_stripe(request.amount)
    marks = {"payin_id": str(request.payin_id), "case_reference": request.case_reference}
    params: SessionCreateParams = {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": currency,
                    "unit_amount": minor,
                    "product_data": {"name": request.description},
                },
            }
        ],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "client_reference_id": str(request.payin_id),
        "metadata": marks,
        "payment_intent_data": {"description": request.description, "metadata": marks},
        "adaptive_pricing": {"enabled": False},  # the sum and currency of the offer, not a converted one
    }
    if request.customer_email:
        params["customer_email"] = request.customer_email
    if request.expires_at:
        params["expires_at"] = int(request.expires_at.timestamp())
    return params


def is_live(secret_key: str) -> bool:
    for start, live in (
        ("sk_test_", False),
        ("rk_test_", False),
        ("sk_live_", True),
        ("rk_live_", True),
    ):
        if secret_key.startswith(start) and secret_key.isascii():
            return live
    raise GatewayRefused(
        say("This is not a secret key of Stripe: it starts with sk_test_, rk_test_, sk_live_, rk_live_.")
    )


def is_event(found: stripe.Event) -> bool:
    """Has it all that an event must have? Signed rubbish is rubbish still."""
    texts = (getattr(found, "id", None), getattr(found, "type", None))
    return (
        all(isinstance(text, str) and text for text in texts)
        and getattr(found, "object", None) == "event"
        and isinstance(getattr(found, "created", None), int)
        and isinstance(getattr(found, "livemode", None), bool)
        and getattr(getattr(found, "data", None), "object", None) is not None
    )


def read_event_object(event: stripe.Event) -> GatewayEvent:
    subject = event.data.object
    object_id = getattr(subject, "id", None)
    kind = EVENT_KINDS.get(event.type, EventKind.OTHER)
    is_intent = getattr(subject, "object", "") == "payment_intent"
    return GatewayEvent(
        foreign_id=event.id,
        kind=kind,
        object_id=object_id if isinstance(object_id, str) else "",
        created=datetime.fromtimestamp(event.created, UTC),
        payment_intent=id_of(subject if is_intent else getattr(subject, "payment_intent", None)),
        word=event.type,
    )


def read_refund(refund: stripe.Refund) -> RefundResult:
    return RefundResult(
        foreign_id=refund.id,
        state=word(RefundState, refund.status),
        amount=from_stripe(refund.amount, refund.currency),
    )


def read_fee(charge: stripe.Charge) -> Money | None:
    """What Stripe keeps of this charge, once it has settled in a currency we keep books in."""
    settled = charge.balance_transaction
    if not isinstance(settled, stripe.BalanceTransaction):
        return None
    try:
        return from_stripe(settled.fee, settled.currency)
    except GatewayRefused:
        return None


def mark(metadata: object, name: str) -> str | None:
    """One of the marks we left on an object; the library's metadata are no dictionaries."""
    value = getattr(metadata, name, None)
    return value if isinstance(value, str) else None


def uuid_of(text: str | None) -> UUID | None:
    """Our id, or ``None`` where a person wrote something else there."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def id_of(reference: object) -> str | None:
    """The id behind a reference, which may be the id itself or the object."""
    found = reference if isinstance(reference, str) else getattr(reference, "id", None)
    return found if isinstance(found, str) and found else None


def word(kind: type[Word], value: str | None) -> Word:
    """Read one of Stripe's states; one that we do not know is refused rather than guessed."""
    try:
        return kind(value or "")
    except ValueError as unknown:
        raise GatewayRefused(
            say("Stripe answered with a state we do not know: “{value}”.", value=value)
        ) from unknown


def signed_at(header: str) -> datetime:
    """The time in a signature header that was already found genuine."""
    stamp = next(part for part in header.split(",") if part.startswith("t="))
    return datetime.fromtimestamp(int(stamp[2:]), UTC)
