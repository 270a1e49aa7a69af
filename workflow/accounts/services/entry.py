"""Coming in and going out: sessions of the desk."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from workflow.accounts import passwords
from workflow.accounts.models import Account, DeskSession, EmailToken
from workflow.accounts.queries import account_by_email, has_second_factor
from workflow.accounts.services.factors import REQUIRED
from workflow.accounts.states import SessionStage
from workflow.accounts.tokens import new_token, token_hash
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say

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
#: So long the password counts while the second step is missing.
HALF_WAY = timedelta(minutes=10)
BROWSER_LENGTH = 200


def check_password(session: Session, email: str, password: str) -> Account | None:
    """The account if address and password fit, else ``None``; both answers take the same time.

    Only reads; takes some tens of milliseconds, so call it in a reading session. The caller looks
    at ``confirmed`` before it opens a session.
    """
    account = account_by_email(session, email)
    fits = passwords.fits(account.password_hash if account else None, password)
    return account if fits and account is not None and account.deactivated_at is None else None


def log_in(session: Session, account: Account, browser: str, wall: datetime) -> tuple[str, SessionStage]:
    """Let somebody in whose password fits: the token for the browser alone, and what is still missing.

    Whoever has a second factor is half-way in until its code came; staff without one must set it up.
    """
    assert account.confirmed, "an unconfirmed account cannot sign in"
    stage = SessionStage.OPEN
    if has_second_factor(session, account.id):
        stage = SessionStage.CODE
    elif account.role in REQUIRED:
        stage = SessionStage.ENROL
    return _open(session, account, stage, browser, wall), stage


def complete(session: Session, token: str, wall: datetime) -> str:
    """The second step is done: the half-way session ends, a whole one with a new token begins.

    Raises :class:`NotFound` when the half-way session ended meanwhile.
    """
    row = _lock(session, token)
    if row is None or row.stage is SessionStage.OPEN or row.expires_at <= wall:
        raise NotFound(say("This sign-in"))
    account = session.get_one(Account, row.account_id)
    session.delete(row)
    session.flush()
    return _open(session, account, SessionStage.OPEN, row.browser, wall)


def renew(session: Session, token: str, wall: datetime) -> str:
    """The person proved again who it is: the same session under a new token, good for dangerous steps.

    Raises :class:`NotFound` when the session was ended meanwhile: it is never brought back.
    """
    row = _lock(session, token)
    if row is None or row.stage is not SessionStage.OPEN:
        raise NotFound(say("This session"))
    fresh = new_token()
    row.token_hash = token_hash(fresh)
    row.proved_at = row.seen_at = wall
    session.flush()
    _note_seen(session, row.account_id, wall)
    return fresh


def touch(session: Session, token: str, wall: datetime) -> None:
    """Note the click; a session that was ended meanwhile stays ended."""
    whose = _whose(session, token)
    if whose is not None:
        _note_seen(session, whose, wall)
        own = DeskSession.token_hash == token_hash(token)
        session.execute(update(DeskSession).where(own).values(seen_at=wall))


def _whose(session: Session, token: str) -> uuid.UUID | None:
    return session.scalar(select(DeskSession.account_id).where(DeskSession.token_hash == token_hash(token)))


def _lock(session: Session, token: str) -> DeskSession | None:
    """The person before the session: whoever signs somebody out locks in the same order."""
    whose = _whose(session, token)
    if whose is None:
        return None
    session.get(Account, whose, with_for_update=True)
    return session.scalars(
        select(DeskSession).where(DeskSession.token_hash == token_hash(token)).with_for_update()
    ).first()


def _open(session: Session, account: Account, stage: SessionStage, browser: str, wall: datetime) -> str:
    token = new_token()
    lasts = ABSOLUTE[account.role] if stage is SessionStage.OPEN else HALF_WAY
    session.add(
        DeskSession(
            account_id=account.id, token_hash=token_hash(token), created_at=wall, expires_at=wall + lasts,
            browser=browser[:BROWSER_LENGTH], stage=stage, seen_at=wall, proved_at=wall,
        )
    )  # fmt: skip
    session.flush()
    if stage is SessionStage.OPEN:
        _note_seen(session, account.id, wall)
    return token


def _note_seen(session: Session, account_id: uuid.UUID, wall: datetime) -> None:
    """Sessions end and are forgotten; when somebody was last here stays known."""
    session.execute(update(Account).where(Account.id == account_id).values(last_seen_at=wall))


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


def end_session(session: Session, account_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """Sign out one browser of this account; raises :class:`NotFound` for any other."""
    row = session.get(DeskSession, session_id)
    if row is None or row.account_id != account_id:
        raise NotFound(say("This browser"))
    session.delete(row)


def change_password(
    session: Session,
    account_id: uuid.UUID,
    password_hash: str,
    actor: Actor,
    now: datetime,
    *,
    keep: str,
    wall: datetime,
) -> str:
    """Store the new password and sign out every browser but the one it was changed in (token ``keep``).

    That one goes on under a new token, which is returned.
    """
    set_password(session, account_id, password_hash, actor, now, keep=keep)
    return renew(session, keep, wall)


def set_password(
    session: Session,
    account_id: uuid.UUID,
    password_hash: str,
    actor: Actor,
    now: datetime,
    *,
    keep: str = "",
) -> None:
    """Store the new password and sign out every browser, the one with the token ``keep`` excepted."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound(say("This account"))
    account.password_hash = password_hash
    end_other_sessions(session, account_id, keep)
    audit.record(
        session, "account", account_id, "account:change_password", actor, now,
        label=say("Changed the password"),
    )  # fmt: skip


def end_all_sessions(session: Session, account_id: uuid.UUID) -> None:
    """Sign out every browser of this account."""
    session.execute(delete(DeskSession).where(DeskSession.account_id == account_id))


def forget_expired(session: Session, wall: datetime) -> int:
    """Remove sessions and links that ended; returns how many."""
    ended = session.execute(delete(DeskSession).where(DeskSession.expires_at <= wall))
    old = session.execute(delete(EmailToken).where(EmailToken.expires_at <= wall))
    return int(ended.rowcount + old.rowcount)  # type: ignore[attr-defined]
