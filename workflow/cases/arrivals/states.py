"""How something came in, and what it is about."""

from __future__ import annotations

from enum import StrEnum

from workflow.cases.states import HoldKind
from workflow.kernel.said import say


class ArrivalKind(StrEnum):
    """How it reached us."""

    LETTER = "letter"
    CALL = "call"
    MAIL = "mail"


class ArrivalAbout(StrEnum):
    """What it is about."""

    LICENCE = "licence"
    OBJECTION = "objection"
    QUESTION = "question"
    PAYMENT_PROMISE = "payment_promise"
    DATA_PROTECTION = "data_protection"
    INSOLVENCY = "insolvency"
    BOUNCE = "bounce"


KIND_WORDS = {
    ArrivalKind.LETTER: say("Letter"),
    ArrivalKind.CALL: say("Telephone call"),
    ArrivalKind.MAIL: say("Mail"),
}
ABOUT_WORDS = {
    ArrivalAbout.LICENCE: say("A licence is shown"),
    ArrivalAbout.OBJECTION: say("An objection"),
    ArrivalAbout.QUESTION: say("A question, or anything else"),
    ArrivalAbout.PAYMENT_PROMISE: say("A payment is promised"),
    ArrivalAbout.DATA_PROTECTION: say("A data-protection request"),
    ArrivalAbout.INSOLVENCY: say("Insolvency"),
    ArrivalAbout.BOUNCE: say("Our letter or mail came back"),
}
#: Which hold it opens. A promise to pay is a word we wait for a person to judge, not a payment on its way.
HOLD_OF = {
    ArrivalAbout.LICENCE: HoldKind.LICENCE_SHOWN,
    ArrivalAbout.OBJECTION: HoldKind.OBJECTION,
    ArrivalAbout.QUESTION: HoldKind.QUESTION,
    ArrivalAbout.PAYMENT_PROMISE: HoldKind.QUESTION,
    ArrivalAbout.DATA_PROTECTION: HoldKind.DATA_PROTECTION,
    ArrivalAbout.INSOLVENCY: HoldKind.INSOLVENCY,
    ArrivalAbout.BOUNCE: HoldKind.BOUNCE,
}
