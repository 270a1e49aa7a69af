"""Who is signed in to the desk: the browser's cookie, looked up in the table of sessions.

The signed cookie carries the token and the moment of the last click. So a page view need not write
anything, and a copied cookie ends by itself; sign-out deletes the row, which ends every copy at once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flask import session as cookie

from workflow.accounts import queries
from workflow.accounts.services.entry import IDLE
from workflow.web.current import SignedInAs, forget_signed_in, reading, wall

if TYPE_CHECKING:
    from workflow.accounts.models import Account

TOKEN = "desk"  # noqa: S105 - the name of a field
SEEN = "seen"
#: The cookie is written anew at most this often.
REFRESH = timedelta(minutes=1)


def load() -> SignedInAs | None:
    """Who is signed in; ``None`` when nobody is, or the session was idle or open for too long."""
    token = cookie.get(TOKEN)
    if not isinstance(token, str):
        return None
    moment = wall()
    with reading() as session:
        found = queries.live_session(session, token, moment)
    if found is None or _idle(found[1], moment):
        forget_cookie()
        return None
    _touch(moment)
    account = found[1]
    return SignedInAs(account.actor, account.name, account.email)


def begin(token: str) -> None:
    """Start a fresh cookie: nothing from before the log-in is carried over."""
    cookie.clear()
    cookie[TOKEN] = token
    cookie[SEEN] = int(wall().timestamp())
    forget_signed_in()


def token() -> str:
    """This browser's token; empty when it has none."""
    found = cookie.get(TOKEN, "")
    return found if isinstance(found, str) else ""


def forget_cookie() -> None:
    """Empty the cookie; the row is deleted by the service."""
    cookie.clear()
    forget_signed_in()


def _idle(account: Account, moment: datetime) -> bool:
    seen = cookie.get(SEEN)
    if not isinstance(seen, int):
        return True
    return moment - datetime.fromtimestamp(seen, UTC) > IDLE[account.role]


def _touch(moment: datetime) -> None:
    seen = datetime.fromtimestamp(cookie[SEEN], UTC)
    if moment - seen >= REFRESH:
        cookie[SEEN] = int(moment.timestamp())
