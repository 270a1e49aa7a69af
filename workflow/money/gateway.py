"""The border to a card payment service: what we ask of it and what we get to know, in our words.

No word of a certain service stands here. A gateway converts money at its own edge, derives the keys
of its requests from our ids (so that a repeat is the same request), and never trusts what a webhook
says about an amount: a :class:`GatewayEvent` only names the object to fetch again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from workflow.kernel.errors import DomainError
from workflow.kernel.money import Money


class GatewayError(DomainError):
    """The payment service did not do what we asked; the message is a sentence for a person."""


class GatewayRefused(GatewayError):
    """Refused for good: repeating the same request gives the same answer."""


class GatewayUnknown(GatewayError):
    """The request was sent and the outcome is not known.

    Repeat with the same ids within 23 hours, or look it up (``find_checkout``, ``find_refund``);
    after that only look it up, because services forget the keys of requests after 24 hours.
    """


class GatewayUnavailable(GatewayError):
    """Nothing was done: not reached, or turned away before it began. Try again later."""


class ForgedEvent(GatewayError):
    """The message is not from the payment service, too old, or for another account or mode."""


class CheckoutState(StrEnum):
    """Where the card page stands."""

    #: A person can still pay there.
    OPEN = "open"
    #: The person went through to the end; whether money came is ``payment_state``.
    COMPLETE = "complete"
    #: Nobody can pay there any more.
    EXPIRED = "expired"


class CheckoutPayment(StrEnum):
    """Whether the money of a card page came in."""

    #: Not yet, or never.
    UNPAID = "unpaid"
    #: Received.
    PAID = "paid"
    #: The sum was zero.
    NO_PAYMENT_REQUIRED = "no_payment_required"


class RefundState(StrEnum):
    """Where a refund stands."""

    #: On its way to the card.
    PENDING = "pending"
    #: The payer has to do something first.
    REQUIRES_ACTION = "requires_action"
    #: Given back.
    SUCCEEDED = "succeeded"
    #: Could not be given back; the money is with us again.
    FAILED = "failed"
    #: Taken back before it was done.
    CANCELED = "canceled"


class EventKind(StrEnum):
    """What a service reports, as far as it concerns us."""

    CHECKOUT_COMPLETED = "checkout_completed"
    CHECKOUT_EXPIRED = "checkout_expired"
    PAYMENT_SUCCEEDED = "payment_succeeded"
    PAYMENT_FAILED = "payment_failed"
    REFUNDED = "refunded"
    REFUND_CHANGED = "refund_changed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_CHANGED = "dispute_changed"
    DISPUTE_CLOSED = "dispute_closed"
    #: Genuine, but of a kind we did not ask for; stored and left alone.
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """One wish to be paid once. ``payin_id`` makes it unique: the same id never makes two pages.

    ``expires_at`` is wall time; services accept 30 minutes to 24 hours ahead (``None``: 24 hours).
    """

    payin_id: UUID
    amount: Money
    description: str
    case_reference: str
    success_url: str
    cancel_url: str
    customer_email: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A card page as the service knows it now; ``url`` is empty once nobody can pay there."""

    foreign_id: str
    url: str
    state: CheckoutState
    payment_state: CheckoutPayment
    amount: Money
    payment_intent: str | None
    #: ``None``: not one of ours, somebody made it by hand.
    payin_id: UUID | None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What a payment is worth now, read from the service and not from a message."""

    payment_intent: str
    payin_id: UUID | None
    #: What came in, before refunds and fees; zero as long as nothing did.
    received: Money
    refunded: Money
    #: Sum of disputes that are open or lost; a dispute that was won no longer counts.
    disputed_amount: Money
    #: What the service keeps; ``None`` while unsettled, or in a currency not in our books.
    fee: Money | None
    charge: str | None

    @property
    def disputed(self) -> bool:
        """Some of the money is contested by the payer's bank, or lost to it."""
        return not self.disputed_amount.is_zero


@dataclass(frozen=True, slots=True)
class RefundResult:
    """A refund as the service knows it."""

    foreign_id: str
    state: RefundState
    amount: Money


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """Something happened to an object over there; fetch the object before believing anything.

    ``word`` is the service's own name of the event, for the log. ``payment_intent`` is the payment
    the object belongs to, where the message names one.
    """

    foreign_id: str
    kind: EventKind
    object_id: str
    created: datetime
    payment_intent: str | None = None
    word: str = ""


class PaymentGateway(Protocol):
    """A card payment service. Every call may raise one of the outcomes of :class:`GatewayError`.

    Reading calls never raise :class:`GatewayUnknown`: reading again costs nothing.
    """

    def create_checkout(self, request: CheckoutRequest) -> CheckoutSession:
        """Make the card page of this payin, or give the one made before, as it stands now."""
        ...

    def fetch_checkout(self, foreign_id: str) -> CheckoutSession:
        """Read a card page again."""
        ...

    def find_checkout(self, payin_id: UUID, since: datetime) -> CheckoutSession | None:
        """Look for a payin's page among those made since then: for outcomes that stayed unknown."""
        ...

    def expire_checkout(self, foreign_id: str) -> CheckoutSession:
        """Shut an open card page, so that nobody pays there; another is given as it stands."""
        ...

    def fetch_payment(self, payment_intent: str) -> PaymentFacts:
        """Read what a payment is worth now."""
        ...

    def refund(self, payin_id: UUID, payment_intent: str, amount: Money, refund_id: UUID) -> RefundResult:
        """Give back ``amount`` of a payment; the same ``refund_id`` never gives back twice."""
        ...

    def find_refund(self, payment_intent: str, refund_id: UUID) -> RefundResult | None:
        """Look for a refund by our id: for outcomes that stayed unknown, and its present state."""
        ...

    def read_event(self, raw: bytes, header: str, wall: datetime) -> GatewayEvent:
        """Check signature, age (300 seconds either way), account, mode, or :class:`ForgedEvent`."""
        ...

    def list_events(self, since: datetime) -> Iterator[GatewayEvent]:
        """Events of the kinds above created at or after ``since``, oldest first; kept 30 days."""
        ...
