"""Deciding: one hit, a whole group, and taking it back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from workflow.hits.lifecycle import HIT_LIFECYCLE
from workflow.hits.models import Hit
from workflow.hits.queries import Wanted, conditions, own_hit
from workflow.hits.states import VERDICT_WORDS, HitState, HitTrigger, Verdict
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import advance
from workflow.kernel.said import inside, joined, say

#: Hits decided in one transaction; a larger group takes another press of the button.
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided in one go; ``id`` takes it back."""

    id: uuid.UUID
    verdict: Verdict
    hits: int
    #: Hits of the group that did not fit into this go.
    left: int = 0

    @property
    def sentence(self) -> str:
        """For the message after it."""
        word = inside(VERDICT_WORDS[self.verdict])
        if self.hits == 1 and not self.left:
            return say("Marked as {word}.", word=word)
        told = say("{hits} hits marked as {word}.", hits=f"{self.hits:,}", word=word)
        if not self.left:
            return told
        return joined((told, say("{left} more wait in this group.", left=f"{self.left:,}")))


def judge(
    session: Session,
    hit_id: uuid.UUID,
    verdict: Verdict,
    actor: Actor,
    now: datetime,
    *,
    seen_version: int | None = None,
    note: str = "",
) -> Decision:
    """Decide about one hit, or decide anew; ``Stale`` when it changed since the page was made."""
    own_hit(session, actor, hit_id)
    decision = new_id()
    advance(
        session, HIT_LIFECYCLE, hit_id, HitTrigger.REVIEW, actor, now,
        seen_version=seen_version, note=note, carries={"verdict": verdict, "decision_id": decision},
    )  # fmt: skip
    return Decision(decision, verdict, 1)


def judge_group(
    session: Session,
    wanted: Wanted,
    newest: uuid.UUID,
    verdict: Verdict,
    actor: Actor,
    now: datetime,
    *,
    note: str = "",
) -> Decision:
    """Decide about every open hit the page showed or counted; hits newer than ``newest`` wait.

    At most 500 at once, the oldest first; :class:`Refused` when none is left.
    """
    open_hits = (
        select(Hit.id)
        .where(*conditions(actor, wanted), Hit.state == HitState.SHOWN, Hit.id <= newest)
        .order_by(Hit.id)
    )
    found = session.scalars(open_hits.limit(MOST_AT_ONCE + 1).with_for_update()).all()
    if not found:
        raise Refused(say("Every hit of this group is decided already."))
    decision = new_id()
    for hit_id in found[:MOST_AT_ONCE]:
        advance(
            session, HIT_LIFECYCLE, hit_id, HitTrigger.REVIEW, actor, now,
            note=note, carries={"verdict": verdict, "decision_id": decision},
        )  # fmt: skip
    left = 0
    if len(found) > MOST_AT_ONCE:
        left = len(session.scalars(open_hits).all())
    return Decision(decision, verdict, min(len(found), MOST_AT_ONCE), left)


def reopen(session: Session, decision_id: uuid.UUID, actor: Actor, now: datetime) -> int:
    """Take back everything decided in one go; what became a case since stays there. Returns how many."""
    found = session.scalars(
        select(Hit.id)
        .where(
            Hit.decision_id == decision_id,
            Hit.owner_id == uuid.UUID(actor.id),
            Hit.state == HitState.REVIEWED,
        )
        .order_by(Hit.id)
        .with_for_update()
    ).all()
    if not found:
        raise Refused(say("There is nothing left to take back: it was taken back or submitted already."))
    for hit_id in found:
        advance(session, HIT_LIFECYCLE, hit_id, HitTrigger.REOPEN, actor, now)
    return len(found)
