"""What does not fit is written down for a person; nothing is guessed and nothing is booked."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from workflow.cases.models import Case
from workflow.kernel import audit
from workflow.kernel.actors import SYSTEM, Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.money.models import Payin


def locked(session: Session, payin_id: uuid.UUID) -> Payin:
    """The payin as it stands now, held until the transaction ends; its case first, like every step."""
    session.flush()
    case_id = session.scalar(select(Payin.case_id).where(Payin.id == payin_id))
    if case_id is None:
        raise NotFound(say("This payment"))
    session.get_one(Case, case_id, with_for_update=True, populate_existing=True)
    return session.get_one(Payin, payin_id, with_for_update=True, populate_existing=True)


def block(session: Session, payin: Payin, why: str, now: datetime) -> Payin:
    """Leave a sentence for the operator; the same sentence twice is once."""
    if payin.trouble == why:
        return payin
    payin.trouble = why[:500]
    payin.version += 1
    audit.record(
        session, "payin", payin.id, "payin:block", SYSTEM, now,
        before=payin.state.value, after=payin.state.value, label=say("A person must look"), note=why,
    )  # fmt: skip
    session.flush()
    return payin


def settle_trouble(session: Session, payin_id: uuid.UUID, how: str, actor: Actor, now: datetime) -> Payin:
    """A person looked and decided; what they decided is kept with the payment."""
    assert actor.role is Role.OPERATOR
    payin = locked(session, payin_id)
    if not payin.trouble:
        raise Refused(say("Nothing about this payment waits for a decision."))
    if not how.strip():
        raise Refused(say("Please say what was decided, in a sentence."))
    why, payin.trouble = payin.trouble, ""
    payin.version += 1
    audit.record(
        session, "payin", payin.id, "payin:settle", actor, now,
        before=payin.state.value, after=payin.state.value, label=say("Decided by a person"),
        note=f"{why} Decision: {how.strip()}"[:1000],
    )  # fmt: skip
    session.flush()
    return payin
