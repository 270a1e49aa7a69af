"""After a decision about the price: the recipient reads it, and our clocks run again."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from workflow.accounts.queries import operator_profile
from workflow.cases.models import Case, Message
from workflow.cases.services.answers import MAX_TEXT, write_back
from workflow.cases.services.moving import move
from workflow.cases.states import CaseTrigger, Direction, HoldKind
from workflow.kernel import audit, outbox
from workflow.kernel.actors import SYSTEM, Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.ids import new_id


def tell_recipient(
    session: Session, case: Case, about: HoldKind, told: str, reason: str, actor: Actor, now: datetime
) -> Message:
    """The decision with its reason, in the portal and by mail; whoever decided, the operator writes."""
    text = "\n\n".join(part for part in (told, reason.strip()) if part)
    if actor.role is Role.OPERATOR:
        return write_back(session, case.id, about, text, actor, now)
    profile = operator_profile(session)
    message = Message(
        id=new_id(), case_id=case.id, direction=Direction.OUTGOING, about=about, author_role=Role.SYSTEM,
        author=profile.name if profile else case.owner_name, text=text[:MAX_TEXT], at=now,
    )  # fmt: skip
    session.add(message)
    session.flush()
    outbox.post(
        session, "case_message", {"message_id": str(message.id)}, key=f"case_message:{message.id}", now=now
    )
    return message


def note_decision(session: Session, case: Case, label: str, reason: str, actor: Actor, now: datetime) -> None:
    """One line in the case's chain about a decision that moves no state."""
    state = case.state.value
    audit.record(
        session, "case", case.id, "case:counter_answered", actor, now,
        before=state, after=state, label=label, note=reason.strip()[:1000],
    )  # fmt: skip
    session.flush()


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
        resumer = actor if actor.role is Role.OPERATOR else SYSTEM
        move(
            session, case.id, CaseTrigger.RESUME, resumer, now, note=note[:500], carries={"hold_id": hold.id}
        )
