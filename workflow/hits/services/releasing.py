"""When a case comes to nothing before anybody was written to, its hits are free again."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from workflow.cases.events import CaseClosed
from workflow.cases.models import Case
from workflow.cases.states import ClosedReason
from workflow.hits.lifecycle import HIT_LIFECYCLE
from workflow.hits.models import Hit
from workflow.hits.states import HitTrigger
from workflow.kernel.actors import SYSTEM, Actor
from workflow.kernel.db import Session
from workflow.kernel.lifecycle import advance
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say


def release_of_closed(session: Session, runtime: Runtime, event: CaseClosed) -> None:
    """A case withdrawn before its offer frees its hits; every other end keeps them. Safe to repeat."""
    case = session.get_one(Case, event.case_id)
    if event.reason != ClosedReason.WITHDRAWN or case.offered_on is not None:
        return
    release_hits(session, case.id, SYSTEM, runtime.clock.business())


def release_hits(session: Session, case_id: uuid.UUID, actor: Actor, now: datetime) -> int:
    """Give the case's hits back to the inbox, still judged illegal; returns how many."""
    found = session.scalars(select(Hit.id).where(Hit.case_id == case_id).order_by(Hit.id)).all()
    for hit_id in found:
        advance(
            session, HIT_LIFECYCLE, hit_id, HitTrigger.RELEASE, actor, now,
            note=say("The case was withdrawn before an offer was sent."),
        )  # fmt: skip
    return len(found)
