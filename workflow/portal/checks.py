"""What somebody should know about the portal's door."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.portal.models import EntryAttempt

#: So many wrong codes within the time are no slips of the pen: somebody guesses.
MANY, WITHIN = 200, timedelta(hours=1)


def many_wrong_codes(session: Session, runtime: Runtime) -> list[str]:
    """A sentence while somebody guesses codes. The limits hold meanwhile; this is for people to know (T1)."""
    since = runtime.clock.wall() - WITHIN
    wrong = select(func.count()).select_from(EntryAttempt).where(EntryAttempt.at > since)
    if (session.scalar(wrong) or 0) < MANY:
        return []
    return [say("Somebody guesses codes of the portal; in the last hour there were very many wrong ones.")]
