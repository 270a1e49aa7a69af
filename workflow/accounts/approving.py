"""The rules of the second person, read from data, and the one call a step makes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from workflow.accounts import queries
from workflow.accounts.models import OperatorProfile
from workflow.accounts.permissions import May
from workflow.kernel import approvals, audit
from workflow.kernel.access import authorise, may
from workflow.kernel.actors import Actor, Role
from workflow.kernel.approvals import Approval, Rule, Wish
from workflow.kernel.errors import NotAllowed, NotFound, Refused, Stale
from workflow.kernel.money import Money
from workflow.kernel.said import say

SHIPPED = Path(__file__).resolve().parent / "data" / "approvals.yaml"
#: The subject of audit lines about the set-up: there is one operator per instance.
OPERATOR_SUBJECT = uuid.UUID(int=1)
ONE_PERSON = "operator:one_person"


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


#: Entries that tell when somebody came into the office, or to the rank.
CAME = ("account:create", "account:join", "account:rank", "account:reactivate")


def decide(
    session: Session, approval_id: uuid.UUID, *, agree: bool, actor: Actor, now: datetime, note: str
) -> Approval:
    """The second person's word; it takes the right the rule names. Raises as :func:`approvals.decide`."""
    row = session.get(Approval, approval_id)
    if row is None:
        raise NotFound(say("This request"))
    rule = rules()[row.action]
    authorise(session, actor, May.of(rule.decided_by))
    if queries.is_away(session, actor.id):
        raise NotAllowed(say("Whoever does not work here any more cannot decide."))
    if agree and not rule.persons:
        raise Refused(say("This takes effect by itself; it can only be refused."))
    if agree and row.requested_by != actor.id and (day := _too_new_until(session, row, actor, now)):
        raise Refused(
            say(
                "You joined, or got your rank, after this was asked. You can agree from {day} on.",
                day=day.date(),
            )
        )
    alone = four_eyes(session).alone_since(rule.action)
    return approvals.decide(session, approval_id, agree=agree, actor=actor, now=now, note=note, alone=alone)


def _too_new_until(session: Session, row: Approval, actor: Actor, now: datetime) -> datetime | None:
    """Until when somebody who came after the request may not agree to it; ``None`` when they may.

    Otherwise whoever asked could invite themselves as their own second person; a day later the others know.
    """
    told = [audit.newest(session, "account", uuid.UUID(actor.id), action) for action in CAME]
    came = max((entry.at for entry in told if entry is not None), default=row.requested_at)
    return came + approvals.ALONE if row.requested_at < came and now < came + approvals.ALONE else None


def why_not(eyes: FourEyes, row: Approval, actor: Actor, now: datetime) -> str:
    """Why this person cannot agree to the request now, as a sentence; empty when they can."""
    rule = rules()[row.action]
    try:
        authorise(None, actor, May.of(rule.decided_by))
    except NotAllowed as refusal:
        return refusal.reasons[0]
    if not rule.persons:
        return say("It takes effect by itself on {day}; you can only refuse it.", day=row.not_before.date())
    if row.requested_by != actor.id:
        return ""
    alone = eyes.alone_since(rule.action)
    if alone is None:
        return say("You asked for this yourself; somebody else has to agree.")
    ripe = approvals.ripe(row, alone)
    return say("Alone, you may agree from {day} on.", day=ripe.date()) if now < ripe else ""


# --- who could be the second person -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OnePerson:
    """The declaration that one person operates this instance. Business time."""

    since: datetime
    #: Who declared it; empty when that was not written down.
    by: str
    #: The day's delay is counted from here at the earliest.
    counts_from: datetime


@dataclass(frozen=True, slots=True)
class FourEyes:
    """How many people work here, which steps only one of them may agree to, and what was declared."""

    people: int
    declared: OnePerson | None
    #: The rules that have no second person; a declaration stands in for these and no others.
    without_second: tuple[Rule, ...]

    @property
    def in_force(self) -> bool:
        """Whether the declaration stands in for anybody now; otherwise it rests."""
        return self.declared is not None and bool(self.without_second)

    def has_second(self, action: str) -> bool:
        """Whether two people here may agree to this step, so that one of them can be the second."""
        return all(rule.action != action for rule in self.without_second)

    def alone_since(self, action: str) -> datetime | None:
        """From when the day counts that stands in for a second person; ``None`` when somebody must agree."""
        if self.declared is None or self.has_second(action):
            return None
        return self.declared.counts_from


def four_eyes(session: Session) -> FourEyes:
    """Who could be a second person now, by the table of rights.

    The declaration rests for every step that two people may agree to, and only for those: else an office
    of an administrator and a reviewer could pay nothing out.
    """
    ranks = queries.count_ranks(session)
    lonely = tuple(
        rule for rule in rules().values() if rule.persons and _holders(ranks, rule) <= rule.persons
    )
    return FourEyes(queries.count_office(session), _declared(session), lonely)


def declare_alone(session: Session, alone: bool, actor: Actor, now: datetime) -> None:
    """Say that this office has one person (or no longer); noted in the chain of the set-up.

    Raises :class:`Refused` before the set-up and while two people may agree to every step: then they do;
    :class:`Stale` when it is so already, and saying it again would move the day.
    """
    profile = session.get(OperatorProfile, 1, with_for_update=True)
    if profile is None:
        raise Refused(say("Complete the set-up first."))
    if alone and not four_eyes(session).without_second:
        raise Refused(say("Two people here may agree to every step, so a second one can."))
    if alone == (profile.one_person_since is not None):
        raise Stale
    profile.one_person_since = profile.one_person_counts_from = now if alone else None
    one, several = (
        say("Declared: this office has one person"),
        say("Declared: this office has several people"),
    )
    label = one if alone else several
    audit.record(session, "operator", OPERATOR_SUBJECT, ONE_PERSON, actor, now, label=label)


def count_anew(session: Session, actor: Actor, now: datetime) -> None:
    """Somebody left or holds another rank: where a declaration stands in from now on, its day begins now."""
    profile = session.get(OperatorProfile, 1, with_for_update=True)
    if profile is None or profile.one_person_since is None:
        return
    profile.one_person_counts_from = now
    label = say("The day of the office of one person counts anew: somebody left or changed the rank")
    audit.record(session, "operator", OPERATOR_SUBJECT, "operator:one_person_anew", actor, now, label=label)


def _holders(ranks: Mapping[str, int], rule: Rule) -> int:
    word = May.of(rule.decided_by)
    return sum(count for rank, count in ranks.items() if may(Actor(Role.OPERATOR, "", rank=rank), word))


def _declared(session: Session) -> OnePerson | None:
    profile = queries.operator_profile(session)
    if profile is None or profile.one_person_since is None:
        return None
    told = audit.newest(session, "operator", OPERATOR_SUBJECT, ONE_PERSON)
    counts_from = profile.one_person_counts_from or profile.one_person_since
    return OnePerson(profile.one_person_since, told.actor_name if told else "", counts_from)
