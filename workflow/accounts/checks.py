"""Truths of people: whoever is signed in may be, and nothing that ended is kept."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from workflow.accounts.models import Account, DeskSession
from workflow.accounts.services.entry import ABSOLUTE
from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say

#: Housekeeping comes once a day.
FORGOTTEN_BY = timedelta(days=3)


def sessions_are_sane(session: Session) -> list[str]:
    """Nobody is signed in with an address that was not confirmed, or for longer than anybody may be."""
    unconfirmed = session.scalar(
        select(func.count())
        .select_from(DeskSession)
        .join(Account, Account.id == DeskSession.account_id)
        .where(Account.email_confirmed_at.is_(None))
    )
    longest = max(ABSOLUTE.values())
    rows = select(DeskSession.created_at, DeskSession.expires_at).execution_options(yield_per=500)
    endless = sum(ends - began > longest for began, ends in session.execute(rows))
    problems: list[str] = []
    if unconfirmed:
        problems.append(
            say(
                "{unconfirmed} browsers are signed in with an address that was never confirmed.",
                unconfirmed=unconfirmed,
            )
        )
    if endless:
        problems.append(
            say("{endless} browsers are signed in for longer than anybody may be.", endless=endless)
        )
    return problems


def ended_sessions_are_forgotten(session: Session, runtime: Runtime) -> list[str]:
    """A notice when the daily housekeeping did not come."""
    before = runtime.clock.wall() - FORGOTTEN_BY
    old = session.scalar(select(func.count()).select_from(DeskSession).where(DeskSession.expires_at < before))
    return (
        [say("{old} sessions ended days ago and are still kept: does a worker run?", old=old)] if old else []
    )
