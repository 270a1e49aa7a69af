"""Coming in and going out: sessions of the desk."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from workflow.accounts import passwords
from workflow.accounts.models import Account, DeskSession, EmailToken
from workflow.accounts.queries import account_by_email
from workflow.accounts.tokens import new_token, token_hash
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import NotFound

#: After this long without a click the browser is signed out; staff see other people's data.
IDLE = {
    Role.RIGHTS_HOLDER: timedelta(hours=2),
    Role.OPERATOR: timedelta(minutes=30),
    Role.LEGAL_PARTNER: timedelta(minutes=30),
}
#: After this long it is signed out however busy the person is.
ABSOLUTE = {
    Role.RIGHTS_HOLDER: timedelta(hours=12),
    Role.OPERATOR: timedelta(hours=8),
    Role.LEGAL_PARTNER: timedelta(hours=8),
}
BROWSER_LENGTH = 200


def check_password(session: Session, email: str, password: str) -> Account | None:
    """The account if address and password fit, else ``None``; both answers take the same time.

    Only reads; takes some tens of milliseconds, so call it in a reading session. The caller looks
    at ``confirmed`` before it opens a session.
    """
    account = account_by_email(session, email)
    fits = passwords.fits(account.password_hash if account else None, password)
    return account if fits else None


def log_in(session: Session, account: Account, browser: str, wall: datetime) -> str:
    """Open a session for somebody whose password fits; returns the token for the browser alone."""
    assert account.confirmed, "an unconfirmed account cannot sign in"
    token = new_token()
    session.add(
        DeskSession(
            account_id=account.id,
            token_hash=token_hash(token),
            created_at=wall,
            expires_at=wall + ABSOLUTE[account.role],
            browser=browser[:BROWSER_LENGTH],
        )
    )
    session.flush()
    return token


def log_out(session: Session, token: str) -> None:
    """End this browser's session; an unknown token is no error."""
    session.execute(delete(DeskSession).where(DeskSession.token_hash == token_hash(token)))


def end_other_sessions(session: Session, account_id: uuid.UUID, token: str) -> int:
    """Sign out every other browser of this account; returns how many."""
    ended = session.execute(
        delete(DeskSession).where(
            DeskSession.account_id == account_id, DeskSession.token_hash != token_hash(token)
        )
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


def change_password(
    session: Session, account_id: uuid.UUID, password_hash: str, actor: Actor, now: datetime
) -> None:
    """Store the new password and sign out every browser, this one included."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound("This account")
    account.password_hash = password_hash
    session.execute(delete(DeskSession).where(DeskSession.account_id == account_id))
    audit.record(
        session, "account", account_id, "account:change_password", actor, now,
        label="Changed the password",
    )  # fmt: skip


def forget_expired(session: Session, wall: datetime) -> int:
    """Remove sessions and links that ended; returns how many."""
    ended = session.execute(delete(DeskSession).where(DeskSession.expires_at <= wall))
    old = session.execute(delete(EmailToken).where(EmailToken.expires_at <= wall))
    return int(ended.rowcount + old.rowcount)  # type: ignore[attr-defined]
