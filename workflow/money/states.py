"""Where a payment that comes in can be, and what can happen to it."""

from __future__ import annotations

from enum import StrEnum


class PayinState(StrEnum):
    """From the wish to pay to the money, and what may become of it later."""

    #: Somebody wants to pay; the card page is being made.
    OPENED = "opened"
    #: The card page stands; a person can pay there.
    PENDING = "pending"
    #: The money is here and booked.
    RECEIVED = "received"
    #: It came to nothing: the page expired or could not be made. Another try is another payin.
    FAILED = "failed"
    #: Given back in full; the booking was reversed.
    REFUNDED = "refunded"
    #: The payer's bank contests it and holds the money back.
    DISPUTED = "disputed"
    #: The contest was decided for us; the money is here again.
    WON = "won"
    #: The contest was decided against us; the money is gone.
    LOST = "lost"


class PayinWay(StrEnum):
    """How the money comes."""

    CARD = "card"
    #: Out of what lies on the account of the case; made when that is enough.
    TRANSFER = "transfer"


class PayinTrigger(StrEnum):
    """What can happen to a payin."""

    SHOW_PAGE = "show_page"
    RECEIVE = "receive"
    FAIL = "fail"
    REFUND = "refund"
    DISPUTE = "dispute"
    WIN = "win"
    LOSE = "lose"


#: Somebody may still pay it; a case has at most one of these.
LIVE = (PayinState.OPENED, PayinState.PENDING)
#: Its money is with us, so the rights-holder's share may go on its way.
GOOD = (PayinState.RECEIVED, PayinState.WON)
