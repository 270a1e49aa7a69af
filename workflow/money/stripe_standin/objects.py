"""The objects of the stand-in when they are new, with the documented fields our side may read."""

from __future__ import annotations

from workflow.money.stripe_standin.cards import Card
from workflow.money.stripe_standin.store import Json, fresh_id
from workflow.money.stripe_standin.wire import ApiError, require

#: The version of the interface the objects have; the one the Stripe library 16.1 asks for.
API_VERSION = "2026-10-28.endive"
SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60
SMALLEST, LARGEST = 50, 99_999_999
#: A plausible fee: 1.5 per cent and 25 cents.
FEE_BASIS_POINTS, FEE_FIXED = 150, 25
CURRENCIES = frozenset({"eur", "usd", "gbp", "chf", "pln"})
#: Fields only the stand-in itself knows.
HIDDEN = "_standin"


def visible(subject: Json) -> Json:
    """The object as the interface shows it."""
    return {name: value for name, value in subject.items() if name != HIDDEN}


def new_session(asked: Json, now: int, public_url: str) -> Json:
    """An open card page for the line items asked for; a wrong wish is an ApiError."""
    require(asked, "mode", "line_items", "success_url")
    if asked["mode"] != "payment":
        raise ApiError(400, "The stand-in knows mode=payment only.", param="mode")
    total, currency = _total(asked["line_items"])
    session_id = fresh_id("cs_test")
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": asked.get("adaptive_pricing", {"enabled": False}),
        "allowed_payment_method_types": asked.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "cancel_url": asked.get("cancel_url"),
        "client_reference_id": asked.get("client_reference_id"),
        "created": now,
        "currency": currency,
        "customer": None,
        "customer_details": None,
        "customer_email": asked.get("customer_email"),
        "expires_at": _expiry(asked.get("expires_at"), now),
        "livemode": False,
        "metadata": asked.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "success_url": asked["success_url"],
        "ui_mode": "hosted_page",
        "url": f"{public_url}/c/pay/{session_id}",
        HIDDEN: {
            "intent": asked.get("payment_intent_data", {}),
            "name": asked["line_items"][0]["price_data"]["product_data"]["name"],
        },
    }


def new_intent(session: Json, now: int) -> Json:
    """The payment of a card page, before its first attempt."""
    wanted = session[HIDDEN]["intent"]
    return {
        "id": fresh_id("pi"),
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "capture_method": "automatic",
        "created": now,
        "currency": session["currency"],
        "customer": None,
        "description": wanted.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": wanted.get("metadata", {}),
        "payment_method_types": ["card"],
        "receipt_email": None,
        "status": "requires_payment_method",
    }


def new_charge(intent: Json, card: Card, now: int) -> Json:
    """One attempt to charge a card, gone well or not as the card says."""
    return {
        "id": fresh_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if card.code else intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": not card.code,
        "created": now,
        "currency": intent["currency"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": card.code or None,
        "failure_message": card.message or None,
        "livemode": False,
        "metadata": intent["metadata"],
        "paid": not card.code,
        "payment_intent": intent["id"],
        "payment_method_details": {
            "type": "card",
            "card": {"brand": card.brand, "last4": card.last4},
        },
        "refunded": False,
        "status": "failed" if card.code else "succeeded",
    }


def new_settlement(charge: Json) -> Json:
    """What stays of a charge after the fee."""
    fee = charge["amount"] * FEE_BASIS_POINTS // 10_000 + FEE_FIXED
    return {
        "id": fresh_id("txn"),
        "object": "balance_transaction",
        "amount": charge["amount"],
        "created": charge["created"],
        "currency": charge["currency"],
        "fee": fee,
        "net": charge["amount"] - fee,
        "reporting_category": "charge",
        "source": charge["id"],
        "status": "available",
        "type": "charge",
    }


def new_refund(charge: Json, asked: Json, amount: int, now: int) -> Json:
    """Money on its way back, which takes no time here."""
    return {
        "id": fresh_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "failure_reason": None,
        "metadata": asked.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": asked.get("reason"),
        "status": "succeeded",
    }


def new_dispute(charge: Json, reason: str, amount: int, now: int) -> Json:
    """What the payer's bank holds back."""
    return {
        "id": fresh_id("du"),
        "object": "dispute",
        "amount": amount,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }


def new_event(kind: str, subject: Json, now: int, idempotency_key: str | None) -> Json:
    """The message that something happened, with the object as it was then."""
    return {
        "id": fresh_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now,
        "data": {"object": visible(subject)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": idempotency_key},
        "type": kind,
    }


def _total(items: list[Json]) -> tuple[int, str]:
    """Sum and currency of the line items; all of them in one currency."""
    for item in items:
        require(item, "price_data.currency", "price_data.unit_amount", "price_data.product_data.name")
    currencies = {item["price_data"]["currency"].lower() for item in items}
    if len(currencies) != 1 or not currencies <= CURRENCIES:
        raise ApiError(400, "Invalid currency.", param="line_items[0][price_data][currency]")
    total = sum(item["price_data"]["unit_amount"] * item.get("quantity", 1) for item in items)
    if total < SMALLEST:
        code = "amount_too_small"
        raise ApiError(400, "The total amount due must be at least 0.50.", code=code)
    if total > LARGEST:
        code = "amount_too_large"
        raise ApiError(400, "The total amount due must be no more than 999,999.99.", code=code)
    return total, currencies.pop()


def _expiry(asked: int | None, now: int) -> int:
    if asked is None:
        return now + LONGEST
    if not now + SHORTEST <= asked <= now + LONGEST:
        message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
        raise ApiError(400, message, param="expires_at")
    return asked
