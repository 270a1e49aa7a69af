"""The verbs of money that comes in: each in the caller's transaction, none commits, none calls outside."""

from workflow.money.services.checkouts import note_failure, open_payin, record_checkout
from workflow.money.services.payments import apply_facts, block, note_fee, take_payment
from workflow.money.services.refunds import ask_refund, note_dispute, note_lost, note_refund_failed, take_back
from workflow.money.services.trouble import settle_trouble

__all__ = [
    "apply_facts",
    "ask_refund",
    "block",
    "note_dispute",
    "note_failure",
    "note_fee",
    "note_lost",
    "note_refund_failed",
    "open_payin",
    "record_checkout",
    "settle_trouble",
    "take_back",
    "take_payment",
]
