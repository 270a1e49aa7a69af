"""The test cards of the card page: numbers from Stripe's documentation that belong to nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A number and what happens with it; ``code`` empty: it pays."""

    number: str
    brand: str
    what: str
    code: str = ""
    decline_code: str = ""
    message: str = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def grouped(self) -> str:
        """As people write it, in groups of four."""
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


CARDS = (
    Card("4242424242424242", "visa", "pays"),
    Card("5555555555554444", "mastercard", "pays"),
    Card(
        number="4000000000000002",
        brand="visa",
        what="is declined",
        code="card_declined",
        decline_code="generic_decline",
        message="Your card was declined.",
    ),
    Card(
        number="4000000000009995",
        brand="visa",
        what="has insufficient funds",
        code="card_declined",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
    ),
)
MONTHS = range(1, 13)
#: Any other number, a real one above all, is refused and never kept.
UNKNOWN = Card(
    number="0000000000000000",
    brand="unknown",
    what="is not a test card",
    code="card_declined",
    decline_code="test_mode_live_card",
    message="This is not a test card. Please do not type the number of a real card here.",
)


def card_for(number: str) -> Card:
    """The test card of this number, spaces and hyphens ignored; otherwise :data:`UNKNOWN`."""
    plain = re.sub(r"[\s-]", "", number)
    return next((card for card in CARDS if card.number == plain), UNKNOWN)


def form_problem(expiry: str, cvc: str, now: datetime) -> str:
    """Why expiry and security code cannot be right, as a sentence; empty when they can."""
    match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(?:20)?(\d{2})\s*", expiry)
    if match is None or int(match[1]) not in MONTHS:
        return "Write the expiry date as month and year, for example 12 / 34."
    if (2000 + int(match[2]), int(match[1])) < (now.year, now.month):
        return "This card has expired. Any date in the future will do."
    if not re.fullmatch(r"\s*\d{3,4}\s*", cvc):
        return "The security code has three digits. Any three will do."
    return ""
