"""Who has entered the portal: the browser's cookie, looked up in the table of sessions.

The signed cookie carries the token and the moment of the last click, so that a page view writes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import session as cookie

from workflow.kernel.said import say
from workflow.portal import queries
from workflow.portal.entry import IDLE, infringer
from workflow.web.current import SignedInAs, forget_signed_in, reading, wall

LOG_IN_ENDPOINT = "portal_public.enter"
TOKEN = "portal"  # noqa: S105 - the name of a field, not a secret
SEEN = "seen"
#: The cookie is written anew at most this often.
REFRESH_SECONDS = 60


def signed_in() -> SignedInAs | None:
    """The recipient of one case; ``None`` when nobody entered, or the session was idle or open too long."""
    token = cookie.get(TOKEN)
    if not isinstance(token, str):
        return None
    moment = wall()
    with reading() as session:
        case = queries.case_of_session(session, token, moment)
    if case is None or _idle(moment):
        forget_cookie()
        return None
    if moment.timestamp() - cookie[SEEN] >= REFRESH_SECONDS:
        cookie[SEEN] = int(moment.timestamp())
    who = infringer(case)
    return SignedInAs(who, who.name or say("Recipient"), case_id=case.id)


def begin(token: str) -> None:
    """Start a fresh cookie: nothing from before is carried over."""
    cookie.clear()
    cookie[TOKEN] = token
    cookie[SEEN] = int(wall().timestamp())
    forget_signed_in()


def token() -> str:
    """This browser's token; empty when it has none."""
    found = cookie.get(TOKEN, "")
    return found if isinstance(found, str) else ""


def forget_cookie() -> None:
    """Empty the cookie; the row is deleted by :func:`workflow.portal.entry.leave`."""
    cookie.clear()
    forget_signed_in()


def _idle(moment: datetime) -> bool:
    seen = cookie.get(SEEN)
    if not isinstance(seen, int):
        return True
    return moment - datetime.fromtimestamp(seen, UTC) > IDLE
