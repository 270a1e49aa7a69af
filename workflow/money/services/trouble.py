"""What does not fit is written down for a person; nothing is guessed and nothing is booked."""

from __future__ import annotations

import uuid
from datetime import datetime

from workflow.kernel import audit
from workflow.kernel.actors import SYSTEM
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound
from workflow.money.models import Payin


def locked(session: Session, payin_id: uuid.UUID) -> Payin:
    """The payin as it stands now, held until the transaction ends."""
    session.flush()
    payin = session.get(Payin, payin_id, with_for_update=True, populate_existing=True)
    if payin is None:
        raise NotFound("This payment")
    return payin


def block(session: Session, payin: Payin, why: str, now: datetime) -> Payin:
    """Leave a sentence for the operator; the same sentence twice is once."""
    if payin.trouble == why:
        return payin
    payin.trouble = why[:500]
    payin.version += 1
    audit.record(
        session, "payin", payin.id, "payin:block", SYSTEM, now,
        before=payin.state.value, after=payin.state.value, label="A person must look", note=why,
    )  # fmt: skip
    session.flush()
    return payin
