"""Where a payment to a rights-holder can be, and what can happen to it."""

from __future__ import annotations

from enum import StrEnum


class PayoutState(StrEnum):
    """From the booked share to the money in the rights-holder's account."""

    #: Booked with the payment; held while the payment can still be taken back.
    ACCRUED = "accrued"
    #: Nobody can take it back simply any more; it is due.
    AVAILABLE = "available"
    #: Released by a person for the next transfer.
    APPROVED = "approved"
    #: The transfer was ordered at our bank.
    SENT = "sent"
    #: The bank statement shows it.
    CONFIRMED = "confirmed"
    #: The bank sent it back; the account must be looked at.
    RETURNED = "returned"
    #: The payment was refunded before anything was due.
    TAKEN_BACK = "taken_back"


class PayoutTrigger(StrEnum):
    """What can happen to a payout."""

    RELEASE = "release"
    TAKE_BACK = "take_back"
    APPROVE = "approve"
    SEND = "send"
    CONFIRM = "confirm"
    RETURN = "return"
