"""Who is signed in to the desk: the browser's cookie, looked up in the table of sessions.

The signed cookie carries nothing but a token; when it began, when it was last seen and when the person last
proved who it is stand in the table. How a click is noted is said in :mod:`workflow.web.sessions`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import session as cookie

from workflow.accounts import queries
from workflow.accounts.services import entry
from workflow.accounts.states import SessionStage
from workflow.web.current import SignedInAs, forget_signed_in, reading, wall
from workflow.web.sessions import note_click

TOKEN = "desk"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Somebody whose password fitted and whose second step is missing."""

    account_id: uuid.UUID
    email: str
    name: str
    stage: SessionStage


def load() -> SignedInAs | None:
    """Who is signed in; ``None`` when nobody is, or the session was idle or open for too long."""
    if not token():
        return None
    moment = wall()
    with reading() as session:
        found = queries.live_session(session, token(), moment)
    if found is None:
        forget_cookie()
        return None
    row, account = found
    if row.stage is not SessionStage.OPEN:
        return None
    if moment - row.seen_at > entry.IDLE[account.role]:
        forget_cookie()
        return None
    note_click(row.seen_at, token(), moment, entry.touch)
    return SignedInAs(
        account.actor, account.name, account.email, language=account.language,
        time_zone=account.time_zone, proved_at=row.proved_at,
    )  # fmt: skip


def half_way() -> HalfWay | None:
    """Whoever gave the right password in this browser and must take the second step now."""
    if not token():
        return None
    with reading() as session:
        found = queries.live_session(session, token(), wall())
    if found is None or found[0].stage is SessionStage.OPEN:
        return None
    row, account = found
    return HalfWay(account.id, account.email, account.name, row.stage)


def begin(token: str) -> None:
    """Start a fresh cookie: nothing from before the log-in is carried over."""
    cookie.clear()
    cookie[TOKEN] = token
    forget_signed_in()


def token() -> str:
    """This browser's token; empty when it has none."""
    found = cookie.get(TOKEN, "")
    return found if isinstance(found, str) else ""


def forget_cookie() -> None:
    """Empty the cookie; the row is deleted by the service."""
    cookie.clear()
    forget_signed_in()
