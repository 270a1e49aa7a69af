"""The rules of the second person, read from data, and the one call a step makes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from workflow.accounts import queries
from workflow.accounts.permissions import May
from workflow.kernel import approvals, audit
from workflow.kernel.access import authorise
from workflow.kernel.actors import Actor
from workflow.kernel.approvals import ALONE, Approval, Rule, Wish
from workflow.kernel.errors import NotAllowed, NotFound, Refused
from workflow.kernel.money import Money
from workflow.kernel.said import say

SHIPPED = Path(__file__).resolve().parent / "data" / "approvals.yaml"


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """Every rule by the action it guards."""
    lines: list[dict[str, Any]] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return {
        line["action"]: Rule(
            action=line["action"],
            label=line["label"],
            decided_by=line["decided_by"],
            above_minor=line.get("above"),
            cooling_hours=line.get("cooling_hours", 0),
            expires_days=line.get("expires_days", 14),
            persons=line.get("persons", 1),
        )
        for line in lines
    }


#: What the facts of a request are called on pages.
FACT_WORDS = {
    "case": say("Case"),
    "sum": say("Sum"),
    "recipient": say("Recipient"),
    "mail": say("E-mail"),
    "to": say("To the account"),
    "transfer": say("Number of the transfer"),
    "holder": say("Account holder"),
    "iban": say("IBAN"),
}


def require(
    session: Session,
    action: str,
    subject: tuple[str, uuid.UUID],
    facts: Mapping[str, str],
    now: datetime,
    *,
    amount: Money | None = None,
) -> None:
    """Let the step pass, or raise what is missing as a sentence (see :func:`approvals.require`).

    ``subject`` is the type and id of what the step is about, ``facts`` say what exactly is
    agreed to, in words for people.
    """
    rule = rules()[action]
    if rule.applies(amount.minor if amount is not None else None):
        approvals.require(session, Wish(rule, subject[0], subject[1], facts), now)


def decide(
    session: Session, approval_id: uuid.UUID, *, agree: bool, actor: Actor, now: datetime, note: str
) -> Approval:
    """The second person's word; it takes the right the rule names. Raises as :func:`approvals.decide`."""
    row = session.get(Approval, approval_id)
    if row is None:
        raise NotFound(say("This request"))
    rule = rules()[row.action]
    authorise(session, actor, May.of(rule.decided_by))
    if agree and not rule.persons:
        raise Refused(say("This takes effect by itself; it can only be refused."))
    alone = alone_since(session) is not None
    return approvals.decide(session, approval_id, agree=agree, actor=actor, now=now, note=note, alone=alone)


def why_not(session: Session, row: Approval, actor: Actor, now: datetime) -> str:
    """Why this person cannot agree to the request now, as a sentence; empty when they can."""
    rule = rules()[row.action]
    try:
        authorise(session, actor, May.of(rule.decided_by))
    except NotAllowed as refusal:
        return refusal.reasons[0]
    if not rule.persons:
        return say("It takes effect by itself on {day}; you can only refuse it.", day=row.not_before.date())
    if row.requested_by != actor.id:
        return ""
    if alone_since(session) is None:
        return say("You asked for this yourself; somebody else has to agree.")
    ripe = row.requested_at + ALONE
    return say("Alone, you may agree from {day} on.", day=ripe.date()) if now < ripe else ""


def alone_since(session: Session) -> datetime | None:
    """Since when this instance is declared to have one person only; ``None`` when it has several.

    The declaration rests as soon as a second person can sign in.
    """
    profile = queries.operator_profile(session)
    if profile is None or queries.count_office(session) > 1:
        return None
    return profile.one_person_since


def declare_alone(session: Session, alone: bool, actor: Actor, now: datetime) -> None:
    """Say that this office has one person (or no longer); noted in the chain of the set-up.

    Raises :class:`Refused` before the set-up and while somebody else works here: then they can agree.
    """
    profile = queries.operator_profile(session)
    if profile is None:
        raise Refused(say("Complete the set-up first."))
    if alone and queries.count_office(session) > 1:
        raise Refused(say("More than one person works here, so a second one can agree."))
    profile.one_person_since = now if alone else None
    label = (
        say("Declared: this office has one person")
        if alone
        else say("Declared: this office has several people")
    )
    audit.record(session, "operator", uuid.UUID(int=1), "operator:one_person", actor, now, label=label)
