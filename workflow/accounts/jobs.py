"""What the ticker asks of accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from workflow.accounts.services import entry


def forget_expired(session: Session, wall: datetime) -> int:
    """Once a day: remove sessions and links that ended."""
    return entry.forget_expired(session, wall)
