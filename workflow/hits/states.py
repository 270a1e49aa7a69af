"""Where a hit can be, what a person can say about it, and the words for both."""

from __future__ import annotations

from enum import StrEnum

from workflow.kernel.said import say


class HitState(StrEnum):
    """The short life of a hit before it is a case."""

    #: Compared and written down; rules have not looked yet.
    FOUND = "found"
    #: In the inbox; the rights-holder decides.
    SHOWN = "shown"
    #: Decided; ``verdict`` says how.
    REVIEWED = "reviewed"
    #: Part of a case.
    SUBMITTED = "submitted"


class HitTrigger(StrEnum):
    """What can happen to a hit."""

    SHOW = "show"
    SET_ASIDE = "set_aside"
    REVIEW = "review"
    REOPEN = "reopen"
    SUBMIT = "submit"
    RELEASE = "release"


class Verdict(StrEnum):
    """What was decided. That a hit cannot be submitted is computed, never judged."""

    #: Licensed or permitted.
    LEGAL = "legal"
    #: Nobody was asked; it may become a case.
    ILLEGAL = "illegal"
    #: To be looked at later.
    UNSURE = "unsure"
    #: Not this photograph.
    NO_MATCH = "no_match"
    #: A customer, a partner or the owner.
    WHITELISTED = "whitelisted"
    #: The same use is another hit already.
    DUPLICATE = "duplicate"


VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.LEGAL: say("Legal"),
    Verdict.ILLEGAL: say("Illegal"),
    Verdict.UNSURE: say("Unsure"),
    Verdict.NO_MATCH: say("No match"),
    Verdict.WHITELISTED: say("Left alone"),
    Verdict.DUPLICATE: say("Duplicate"),
}

#: What stands on the buttons.
PRESS_WORDS: dict[Verdict, str] = {**VERDICT_WORDS, Verdict.WHITELISTED: say("Leave alone")}

#: Verdict, key on the keyboard, what it means: the buttons of the inbox in their order.
VERDICT_KEYS: tuple[tuple[Verdict, str, str], ...] = (
    (Verdict.LEGAL, "L", say("Licensed or permitted")),
    (Verdict.ILLEGAL, "I", say("Nobody asked you")),
    (Verdict.UNSURE, "U", say("Decide later")),
    (Verdict.NO_MATCH, "N", say("Not your photograph")),
    (Verdict.WHITELISTED, "W", say("A customer or partner: leave alone")),
)


class Likelihood(StrEnum):
    """How likely something is; always shown with the reasons."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class RuleKind(StrEnum):
    """Why uses on a domain are not brought to the inbox."""

    #: The owner's own pages.
    OWN = "own"
    #: A customer, partner or licensee.
    WHITELISTED = "whitelisted"
