"""The case ended before anybody decided: what was said about the price needs no answer any more."""

from __future__ import annotations

from workflow.cases.bargaining.queries import open_challenge, open_counter
from workflow.cases.bargaining.states import Outcome
from workflow.cases.models import Case
from workflow.cases.states import HoldKind
from workflow.kernel.actors import Role
from workflow.kernel.lifecycle import Context
from workflow.kernel.said import say


def lapse(context: Context[Case]) -> None:
    """Nothing about the price stays open when a sum is agreed, paid, or the case is over."""
    session, case_id = context.session, context.subject.id
    for row in (open_challenge(session, case_id), open_counter(session, case_id)):
        if row is not None:
            row.outcome, row.decided_at = Outcome.LAPSED, context.now
            row.decided_by = context.actor.name or context.actor.role.value


def price_is_decided(context: Context[Case]) -> str | None:
    """The hold of a word about the price that waits for a decision ends by that decision alone."""
    session, case = context.session, context.subject
    wanted = str(context.carries.get("hold_id", ""))
    hold = next((each for each in case.holds if str(each.id) == wanted), None)
    if hold is None:
        return None
    if hold.kind is HoldKind.OBJECTION and open_challenge(session, case.id) is not None:
        return say(
            "An input of the calculation is doubted. Decide on that; our clocks then run by themselves."
        )
    counter = open_counter(session, case.id)
    if hold.kind is HoldKind.QUESTION and counter is not None and counter.by_role is Role.INFRINGER:
        return say("The recipient named a sum. Decide on that; our clocks then run by themselves.")
    return None


def both_agree(context: Context[Case]) -> str | None:
    """A rights-holder agrees to a sum that the recipient named, never alone."""
    if context.actor.role is not Role.RIGHTS_HOLDER or context.carries.get("counter_id"):
        return None
    return say("A sum is agreed only where the recipient named it.")
