"""The case ended before anybody decided: what was said about the price needs no answer any more."""

from __future__ import annotations

from workflow.cases.bargaining.queries import open_challenge
from workflow.cases.bargaining.states import Outcome
from workflow.cases.models import Case
from workflow.cases.states import HoldKind
from workflow.kernel.lifecycle import Context
from workflow.kernel.said import say


def lapse(context: Context[Case]) -> None:
    """Nothing about the price stays open when the case is paid or over."""
    challenge = open_challenge(context.session, context.subject.id)
    if challenge is not None:
        challenge.outcome, challenge.decided_at = Outcome.LAPSED, context.now
        challenge.decided_by = context.actor.name or context.actor.role.value


def price_is_decided(context: Context[Case]) -> str | None:
    """The hold of an input that waits for a decision ends by that decision alone."""
    wanted = str(context.carries.get("hold_id", ""))
    hold = next((each for each in context.subject.holds if str(each.id) == wanted), None)
    if hold is None or hold.kind is not HoldKind.OBJECTION:
        return None
    if open_challenge(context.session, context.subject.id) is None:
        return None
    return say("An input of the calculation is doubted. Decide on that; our clocks then run by themselves.")
