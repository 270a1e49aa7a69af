"""After a decision about the price: the recipient reads it, and our clocks run again."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from workflow.cases.models import Case, Message
from workflow.cases.services.answers import write_back
from workflow.cases.services.moving import move
from workflow.cases.states import CaseTrigger, Direction, HoldKind
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session


def tell_recipient(
    session: Session, case: Case, about: HoldKind, told: str, reason: str, actor: Actor, now: datetime
) -> Message:
    """The decision with its reason, in the portal and by mail."""
    text = "\n\n".join(part for part in (told, reason.strip()) if part)
    return write_back(session, case.id, about, text, actor, now)


def let_clocks_run(
    session: Session,
    case: Case,
    about: HoldKind,
    message_id: uuid.UUID,
    note: str,
    actor: Actor,
    now: datetime,
) -> None:
    """End the hold of this message, unless something else that came in waits behind the same hold."""
    hold = next((each for each in case.holds if each.kind is about and each.closed_at is None), None)
    if hold is None:
        return
    others = select(Message.id).where(
        Message.case_id == case.id, Message.about == about, Message.direction == Direction.INCOMING,
        Message.id != message_id, Message.at >= hold.opened_at,
    )  # fmt: skip
    if session.scalars(others.limit(1)).first() is None:
        move(session, case.id, CaseTrigger.RESUME, actor, now, note=note[:500], carries={"hold_id": hold.id})
