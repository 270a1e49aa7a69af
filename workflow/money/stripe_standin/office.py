"""What the stand-in does with money that does not exist: pages, payments, refunds and disputes.

Every method runs inside a transaction of the store that its caller opened; what happened and the
event that tells of it are therefore kept together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from workflow.money.stripe_standin import objects
from workflow.money.stripe_standin.cards import Card
from workflow.money.stripe_standin.store import Json, Listing, Store
from workflow.money.stripe_standin.wire import ApiError, missing, require


class Office:
    """The verbs of the stand-in."""

    def __init__(self, store: Store, wall: Callable[[], datetime], public_url: str) -> None:
        self._store = store
        self._wall = wall
        self._public_url = public_url.rstrip("/")

    def get(self, kind: str, object_id: str) -> Json:
        """The object, or the documented 404."""
        found = self._store.find(kind, object_id)
        if found is None:
            raise missing(kind, object_id)
        return found

    def create_session(self, asked: Json) -> Json:
        """A new card page for the line items asked for."""
        session = objects.new_session(asked, self._now(), self._public_url)
        return self._store.add("checkout.session", session)

    def expire(self, session_id: str) -> Json:
        """Shut an open card page."""
        session = self.get("checkout.session", session_id)
        if session["status"] != "open":
            raise ApiError(
                400,
                'Only Checkout Sessions with a status in ["open"] can be expired. '
                f"This Checkout Session has a status of {session['status']}.",
            )
        session |= {"status": "expired", "url": None}
        self._store.change(session)
        self._tell("checkout.session.expired", session)
        return session

    def expire_due(self) -> int:
        """Shut every card page whose time is over; gives how many."""
        overdue = self._store.open_sessions_before(self._now())
        for session in overdue:
            self.expire(session["id"])
        return len(overdue)

    def pay(self, session_id: str, card: Card) -> Json:
        """One attempt with a card; a page that is no longer open is given back as it stands."""
        session = self.get("checkout.session", session_id)
        if session["status"] != "open" or session["expires_at"] <= self._now():
            return session
        intent = self._intent_of(session)
        charge = self._charge(intent, card)
        intent["latest_charge"] = charge["id"]
        if card.code:
            self._decline(intent, card)
        else:
            self._complete(session, intent, charge)
        return session

    def refund(self, asked: Json, idempotency_key: str | None) -> Json:
        """Give back all or a part of a charge."""
        charge = self._charge_asked_for(asked)
        left = charge["amount"] - charge["amount_refunded"]
        amount: int = asked.get("amount", left)
        _check_refund(charge, amount, left, contested=self._is_contested(charge))
        refund = objects.new_refund(charge, asked, amount, self._now())
        self._store.add("refund", refund)
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self._store.change(charge)
        self._tell("refund.created", refund, idempotency_key)
        self._tell("charge.refunded", charge, idempotency_key)
        return refund

    def open_dispute(self, asked: Json) -> Json:
        """The payer's bank takes money back: the part of a chargeback that Stripe would report."""
        charge = self._charge_asked_for(asked)
        amount: int = asked["amount"] if "amount" in asked else charge["amount"]
        if charge["disputed"] or not 0 < amount <= charge["amount"]:
            raise ApiError(400, "This charge cannot be disputed with this amount.", param="amount")
        reason = asked.get("reason", "fraudulent")
        dispute = objects.new_dispute(charge, reason, amount, self._now())
        self._store.add("dispute", dispute)
        self._store.change(charge | {"disputed": True})
        self._tell("charge.dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute_id: str, status: str) -> Json:
        """The bank decides: ``won`` by us or ``lost``."""
        dispute = self.get("dispute", dispute_id)
        if status not in ("won", "lost") or dispute["status"] in ("won", "lost"):
            raise ApiError(400, "An open dispute ends as won or lost.", param="status")
        dispute["status"] = status
        self._store.change(dispute)
        self._tell("charge.dispute.closed", dispute)
        return dispute

    def resend(self, event_id: str) -> Json:
        """Deliver an event once more, as the button of Stripe's dashboard does."""
        event = self.get("event", event_id)
        self._store.to_deliver(event_id)
        return event

    def _intent_of(self, session: Json) -> Json:
        if session["payment_intent"]:
            return self.get("payment_intent", session["payment_intent"])
        intent = objects.new_intent(session, self._now())
        self._store.change(session | {"payment_intent": intent["id"]})
        session["payment_intent"] = intent["id"]
        return self._store.add("payment_intent", intent)

    def _charge(self, intent: Json, card: Card) -> Json:
        charge = objects.new_charge(intent, card, self._now())
        if not card.code:
            settlement = self._store.add("balance_transaction", objects.new_settlement(charge))
            charge["balance_transaction"] = settlement["id"]
        return self._store.add("charge", charge)

    def _decline(self, intent: Json, card: Card) -> None:
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": card.code,
            "decline_code": card.decline_code,
            "message": card.message,
            "charge": intent["latest_charge"],
        }
        self._store.change(intent)
        self._tell("payment_intent.payment_failed", intent)

    def _complete(self, session: Json, intent: Json, charge: Json) -> None:
        intent |= {
            "status": "succeeded",
            "amount_received": intent["amount"],
            "last_payment_error": None,
        }
        session |= {"status": "complete", "payment_status": "paid", "url": None}
        self._store.change(intent)
        self._store.change(session)
        self._tell("charge.succeeded", charge)
        self._tell("payment_intent.succeeded", intent)
        self._tell("checkout.session.completed", session)

    def _charge_asked_for(self, asked: Json) -> Json:
        if asked.get("charge"):
            return self.get("charge", asked["charge"])
        require(asked, "payment_intent")
        intent = self.get("payment_intent", asked["payment_intent"])
        if intent["status"] != "succeeded":
            raise ApiError(
                400,
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                code="payment_intent_unexpected_state",
                param="payment_intent",
            )
        return self.get("charge", intent["latest_charge"])

    def _is_contested(self, charge: Json) -> bool:
        """Does the payer's bank hold this money back, or did it take it for good?"""
        disputes, _ = self._store.page(Listing("dispute", {"charge": (charge["id"],)}, {}))
        return any(dispute["status"] != "won" for dispute in disputes)

    def _tell(self, kind: str, subject: Json, idempotency_key: str | None = None) -> None:
        event = objects.new_event(kind, subject, self._now(), idempotency_key)
        self._store.add("event", event)
        self._store.to_deliver(event["id"])

    def _now(self) -> int:
        return int(self._wall().timestamp())


def _check_refund(charge: Json, amount: int, left: int, *, contested: bool) -> None:
    name = charge["id"]
    if left == 0:
        code = "charge_already_refunded"
        raise ApiError(400, f"Charge {name} has already been refunded.", code=code)
    if contested:
        message = f"Charge {name} has been charged back; cannot issue a refund."
        raise ApiError(400, message, code="charge_disputed")
    if amount < 1:
        code = "parameter_invalid_integer"
        raise ApiError(400, "Invalid positive integer", code=code, param="amount")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise ApiError(400, message, param="amount")
