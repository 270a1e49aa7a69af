"""How a word about the price can end."""

from __future__ import annotations

from enum import StrEnum

from workflow.kernel.said import say


class Outcome(StrEnum):
    """What became of it."""

    #: Nobody has decided yet.
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    #: Another sum was named instead.
    ANSWERED = "answered"
    #: The case was paid or ended before anybody decided.
    LAPSED = "lapsed"


OUTCOME_WORDS: dict[Outcome, str] = {
    Outcome.OPEN: say("Not decided yet"),
    Outcome.ACCEPTED: say("Accepted"),
    Outcome.REFUSED: say("Refused"),
    Outcome.ANSWERED: say("Answered with another sum"),
    Outcome.LAPSED: say("Not needed any more"),
}
