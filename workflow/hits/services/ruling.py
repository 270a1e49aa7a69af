"""Rules by domain: what the owner need not see."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, or_, select

from workflow.hits.lifecycle import HIT_LIFECYCLE
from workflow.hits.models import LINE_LENGTH, DomainRule, Hit
from workflow.hits.services.judging import MOST_AT_ONCE
from workflow.hits.states import HitState, HitTrigger, RuleKind, Verdict
from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.hosts import typed_domain
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import advance
from workflow.kernel.said import joined, say

MOST_RULES = 2000


def add_rule(
    session: Session, domain: str, kind: RuleKind, reason: str, actor: Actor, now: datetime
) -> tuple[DomainRule, int]:
    """Leave this domain alone from now on, and set aside what waits of it; returns how many.

    The same domain twice is the same rule. ``domain`` is as typed; :class:`Refused` if it is none.
    """
    name, owner = typed_domain(domain), uuid.UUID(actor.id)
    present = session.scalars(
        select(DomainRule).where(DomainRule.owner_id == owner, DomainRule.domain == name)
    ).first()
    if present is None:
        count = select(func.count()).select_from(DomainRule).where(DomainRule.owner_id == owner)
        if (session.scalar(count) or 0) >= MOST_RULES:
            raise Refused(
                say(
                    "There are {most_rule} rules already. Please remove some first.",
                    most_rule=f"{MOST_RULES:,}",
                )
            )
        present = DomainRule(
            id=new_id(), owner_id=owner, domain=name, kind=kind,
            reason=reason.strip()[:LINE_LENGTH], created_at=now,
        )  # fmt: skip
        session.add(present)
        session.flush()
        audit.record(
            session, "hit_rule", present.id, "hit_rule:add", actor, now,
            label=say("Rule added"), note=f"{name}: {kind.value}; {present.reason}",
        )  # fmt: skip
    return present, _set_aside(session, present, actor, now)


def remove_rule(session: Session, rule_id: uuid.UUID, actor: Actor, now: datetime) -> str:
    """New hits of the domain are shown again; what was set aside stays decided. Returns the domain."""
    rule = session.scalars(
        select(DomainRule).where(DomainRule.id == rule_id, DomainRule.owner_id == uuid.UUID(actor.id))
    ).first()
    if rule is None:
        raise NotFound(say("This rule"))
    audit.record(
        session,
        "hit_rule",
        rule.id,
        "hit_rule:remove",
        actor,
        now,
        label=say("Rule removed"),
        note=rule.domain,
    )
    session.delete(rule)
    session.flush()
    return rule.domain


def sentence_of(rule: DomainRule) -> str:
    """Why a hit was set aside by this rule."""
    what = (
        say("{domain} is one of your own.", domain=rule.domain)
        if rule.kind is RuleKind.OWN
        else say("{domain} is on your list of domains to leave alone.", domain=rule.domain)
    )
    return joined((what, rule.reason)) if rule.reason else what


def _set_aside(session: Session, rule: DomainRule, actor: Actor, now: datetime) -> int:
    waiting = session.scalars(
        select(Hit.id)
        .where(
            Hit.owner_id == rule.owner_id,
            Hit.state == HitState.SHOWN,
            or_(Hit.host == rule.domain, Hit.host.endswith(f".{rule.domain}", autoescape=True)),
        )
        .order_by(Hit.id)
        .limit(MOST_AT_ONCE)
    ).all()
    decision = new_id()
    for hit_id in waiting:
        advance(
            session, HIT_LIFECYCLE, hit_id, HitTrigger.REVIEW, actor, now, note=sentence_of(rule),
            carries={"verdict": Verdict.WHITELISTED, "decision_id": decision},
        )  # fmt: skip
    return len(waiting)
