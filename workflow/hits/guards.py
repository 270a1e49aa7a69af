"""Why a hit cannot be submitted: computed from what is known, shown before any effort."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from detection.types import Certainty
from workflow.cases.passport.queries import covering, why_covered
from workflow.hits.models import DomainRule, Hit
from workflow.hits.states import RuleKind, Verdict
from workflow.kernel.db import Session
from workflow.kernel.lifecycle import Context
from workflow.kernel.said import say

#: Smaller pictures prove little and no tariff prices them (longest side, pixels).
LEAST_FOUND_SIDE = 150
#: Less of the photograph than this is hardly recognised as the same work.
LEAST_VISIBLE_SHARE = 0.10
_PERCENT = 100


def why_not_submittable(hit: Hit, rules: Sequence[DomainRule] = ()) -> list[str]:
    """Every reason as a sentence; an empty list when nothing stands in the way. ``rules``: the owner's."""
    reasons: list[str] = []
    if hit.certainty is Certainty.UNCERTAIN:
        reasons.append(say("The match is uncertain: it may be the same scene, but not the same photograph."))
    if not hit.page_url:
        reasons.append(say("We know no page that shows the picture."))
    if hit.longest_side < LEAST_FOUND_SIDE:
        reasons.append(
            say(
                "The found picture has only {longest_side} pixels on its longer side; below "
                "{least_found_side} a use is hard to prove.",
                longest_side=hit.longest_side,
                least_found_side=LEAST_FOUND_SIDE,
            )
        )
    if hit.visible_share < LEAST_VISIBLE_SHARE:
        reasons.append(
            say(
                "Only {visible_share} % of your photograph can be seen; below "
                "{least_visible_share} % it is hardly the same work.",
                visible_share=f"{hit.visible_share * _PERCENT:.0f}",
                least_visible_share=f"{LEAST_VISIBLE_SHARE * _PERCENT:.0f}",
            )
        )
    for rule in rules:
        if rule.covers(hit.host):
            what = say("one of your own") if rule.kind is RuleKind.OWN else say("left alone")
            reasons.append(
                say("{domain} is {what}. Remove the rule if that is wrong.", domain=rule.domain, what=what)
            )
    return reasons


def rules_of(session: Session, hit: Hit) -> list[DomainRule]:
    """The owner's rules that hold for the hit's host."""
    rules = session.scalars(select(DomainRule).where(DomainRule.owner_id == hit.owner_id))
    return [rule for rule in rules if rule.covers(hit.host)]


def reasons_against(session: Session, hit: Hit) -> list[str]:
    """Every reason of the hit itself, of the owner's rules and of the licence passport, as sentences."""
    reasons = why_not_submittable(hit, rules_of(session, hit))
    if entry := covering(session, hit.work_id, hit.domain, hit.page_url):
        reasons.append(why_covered(session, entry))
    return reasons


def is_illegal(context: Context[Hit]) -> str | None:
    """Only what the owner called illegal."""
    if context.subject.verdict is Verdict.ILLEGAL:
        return None
    return say("Mark the hit as illegal first.")


def is_submittable(context: Context[Hit]) -> str | None:
    """Nothing stands in the way."""
    hit = context.subject
    return " ".join(reasons_against(context.session, hit)) or None
