"""Who has entered the portal: the browser's cookie, looked up in the table of sessions.

The signed cookie carries nothing but a token; when it began and when it was last seen stand in the table.
How a click is noted is said in :mod:`workflow.web.sessions`.
"""

from __future__ import annotations

from flask import session as cookie

from workflow.kernel.said import say
from workflow.portal import entry, queries
from workflow.web.current import SignedInAs, forget_signed_in, reading, wall
from workflow.web.sessions import note_click

LOG_IN_ENDPOINT = "portal_public.enter"
TOKEN = "portal"  # noqa: S105 - the name of a field, not a secret


def signed_in() -> SignedInAs | None:
    """The recipient of one case; ``None`` when nobody entered, or the session was idle or open too long."""
    if not token():
        return None
    moment = wall()
    with reading() as session:
        found = queries.live_session(session, token(), moment)
    if found is None or moment - found[0].seen_at > entry.IDLE:
        forget_cookie()
        return None
    row, case = found
    note_click(row.seen_at, token(), moment, entry.touch)
    who = entry.infringer(case)
    return SignedInAs(who, who.name or say("Recipient"), case_id=case.id)


def begin(token: str) -> None:
    """Start a fresh cookie: nothing from before is carried over."""
    cookie.clear()
    cookie[TOKEN] = token
    forget_signed_in()


def token() -> str:
    """This browser's token; empty when it has none."""
    found = cookie.get(TOKEN, "")
    return found if isinstance(found, str) else ""


def forget_cookie() -> None:
    """Empty the cookie; the row is deleted by :func:`workflow.portal.entry.leave`."""
    cookie.clear()
    forget_signed_in()
