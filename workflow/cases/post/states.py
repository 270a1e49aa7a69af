"""Where a delivery is, and why a letter came back."""

from __future__ import annotations

from enum import StrEnum

from workflow.kernel.said import say


class Way(StrEnum):
    """How one delivery travels."""

    MAIL = "mail"
    POST = "post"


class DeliveryState(StrEnum):
    """Where one try to deliver a letter is."""

    #: Decided; a mail waits for the worker, paper for the next batch.
    WAITING = "waiting"
    #: Being handed to the mail server; if this stays, nobody knows whether it left.
    SENDING = "sending"
    #: Printed in a batch that has not been posted.
    BATCHED = "batched"
    #: Given to the post.
    POSTED = "posted"
    #: The mail server took it.
    SENT = "sent"
    #: Its receipt is proven, such as by a signed return slip.
    DELIVERED = "delivered"
    #: Came back.
    RETURNED = "returned"
    #: Could not be handed over.
    FAILED = "failed"
    #: Not sent: an answer, a payment or a person came in between.
    WITHHELD = "withheld"


#: May still leave; one per letter and way.
OPEN_STATES = (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.BATCHED)
#: Left the house, whatever came of it.
LEFT_STATES = (
    DeliveryState.POSTED, DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.RETURNED,
)  # fmt: skip


class ReturnReason(StrEnum):
    """Why the post brought a letter back."""

    UNKNOWN = "unknown"
    MOVED = "moved"
    REFUSED = "refused"
    DECEASED = "deceased"
    OTHER = "other"


RETURN_WORDS: dict[ReturnReason, str] = {
    ReturnReason.UNKNOWN: say("The recipient is not known at this address"),
    ReturnReason.MOVED: say("The recipient has moved"),
    ReturnReason.REFUSED: say("The recipient refused to take it"),
    ReturnReason.DECEASED: say("The recipient has died"),
    ReturnReason.OTHER: say("Another reason"),
}

#: Kind of chip and word for pages.
DELIVERY_CHIPS: dict[DeliveryState, tuple[str, str]] = {
    DeliveryState.WAITING: ("waiting", say("Waiting")),
    DeliveryState.SENDING: ("waiting", say("On its way")),
    DeliveryState.BATCHED: ("waiting", say("Printed")),
    DeliveryState.POSTED: ("done", say("Posted")),
    DeliveryState.SENT: ("done", say("Sent")),
    DeliveryState.DELIVERED: ("done", say("Arrived")),
    DeliveryState.RETURNED: ("danger", say("Came back")),
    DeliveryState.FAILED: ("danger", say("Not sent")),
    DeliveryState.WITHHELD: ("neutral", say("Withheld")),
}
