"""The facts of a price as people read them, the weakest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from workflow.cases.pricing.facts import (
    CLASS_WORDS,
    EXCLUSIVITY_WORDS,
    GRADES,
    MEDIA_WORDS,
    PLACEMENT_WORDS,
    SOURCE_WORDS,
    SPECIAL_WORDS,
    USER_WORDS,
    FeeFacts,
)
from workflow.cases.pricing.sheet import FactShown
from workflow.kernel.said import Said, say, say_many

FACT_WORDS = {
    "use_class": say("Kind of use"), "medium": say("Where"), "placement": say("Placement"),
    "longest_side_px": say("Longest side in pixels"),
    "first_seen": say("First seen"), "last_seen": say("Last seen"),
    "credited": say("Photographer named"), "uses": say("Uses of the photograph"),
    "languages": say("Languages"), "altered": say("Altered"), "exclusivity": say("Exclusivity"),
    "special": say("How it was taken"), "source": say("Terms it could be had under"), "user": say("Used by"),
    "professional": say("Lives by photographs"), "practice": say("Invoices of the rights-holder"),
}  # fmt: skip
#: The words of facts that have a list of them.
WORDS: dict[str, Mapping[Any, Said]] = {
    "use_class": CLASS_WORDS, "medium": MEDIA_WORDS, "placement": PLACEMENT_WORDS,
    "exclusivity": EXCLUSIVITY_WORDS, "special": SPECIAL_WORDS, "source": SOURCE_WORDS, "user": USER_WORDS,
}  # fmt: skip
YES_NO = {True: say("yes"), False: say("no")}
#: Facts that matter even where no line names them: each could have made one.
ALWAYS = ("placement", "longest_side_px", "credited", "source")


def facts_shown(facts: FeeFacts, named: Collection[str]) -> list[FactShown]:
    """Those that made a line, and those that could have made one."""
    shown = [
        FactShown(name, FACT_WORDS[name], _value(facts, name), facts.grade(name))
        for name in FACT_WORDS if name in named or name in ALWAYS
    ]  # fmt: skip
    return sorted(shown, key=lambda each: GRADES.index(each.grade))


def _value(facts: FeeFacts, name: str) -> str:
    value = getattr(facts, name)
    if isinstance(value, bool):
        return YES_NO[value]
    if name in WORDS:
        return WORDS[name][value]
    if name == "practice":
        return say_many("{count} invoice", "{count} invoices", len(value))
    return say("{value}", value=value)
