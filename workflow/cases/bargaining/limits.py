"""How low the rights-holder goes without being asked: set with the submission, later only lowered."""

from __future__ import annotations

import uuid
from datetime import datetime

from workflow.cases.bargaining.models import OwnerLimit
from workflow.cases.bargaining.queries import NEVER, limit_of
from workflow.cases.bargaining.rules import rules_on
from workflow.cases.models import Case, Offer
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.ids import new_id
from workflow.kernel.money import Money
from workflow.kernel.said import say


def is_within(net: Money, offer: Offer, percent: int) -> bool:
    """Whether this net sum is at least so many per cent of what is asked; never where nothing is let go."""
    return percent < NEVER and net.minor * NEVER >= offer.net.minor * percent


def set_limit(session: Session, case_id: uuid.UUID, percent: int, actor: Actor, now: datetime) -> OwnerLimit:
    """The limit from now on; :class:`Refused` outside the rules, or when it would rise."""
    least = rules_on(now.date()).least_percent
    if not least <= percent <= NEVER:
        raise Refused(say("Please give a limit from {least} to 100 per cent.", least=least))
    if percent > limit_of(session, case_id):
        raise Refused(say("The limit was frozen with the submission: you can lower it, not raise it."))
    row = OwnerLimit(id=new_id(), case_id=case_id, percent=percent, set_at=now, set_by=actor.name)
    session.add(row)
    session.flush()
    return row


def lower_limit(
    session: Session, case_id: uuid.UUID, percent: int, actor: Actor, now: datetime
) -> OwnerLimit:
    """The rights-holder goes lower while the case is open."""
    case = session.get_one(Case, case_id, with_for_update=True)
    if case.closed_at is not None or case.paid_at is not None:
        raise Refused(say("The case is over: there is nothing left to decide."))
    return set_limit(session, case_id, percent, actor, now)
