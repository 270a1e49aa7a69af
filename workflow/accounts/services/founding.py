"""The first operator of an instance without people: one link from the terminal, one account."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflow.accounts.models import Account
from workflow.accounts.notice_tables import FoundingLink
from workflow.accounts.services.joining import create_operator
from workflow.accounts.tokens import new_token, token_hash
from workflow.kernel.actors import Role
from workflow.kernel.errors import Conflict, NotFound
from workflow.kernel.said import say

#: Long enough to read the terminal, short enough for a screen that others see.
VALID = timedelta(hours=24)


def is_without_people(session: Session) -> bool:
    """Whether nobody operates this instance yet."""
    return session.scalar(select(Account.id).where(Account.role == Role.OPERATOR).limit(1)) is None


def new_link(session: Session, wall: datetime) -> str | None:
    """A fresh token for the terminal, earlier ones end; ``None`` once somebody operates the instance."""
    session.execute(delete(FoundingLink).where(FoundingLink.used_at.is_(None)))
    if not is_without_people(session):
        return None
    token = new_token()
    session.add(FoundingLink(token_hash=token_hash(token), created_at=wall, expires_at=wall + VALID))
    session.flush()
    return token


def link_works(session: Session, token: str, wall: datetime) -> bool:
    """Whether the link would still make an account; looking changes nothing."""
    row = session.scalars(select(FoundingLink).where(FoundingLink.token_hash == token_hash(token))).first()
    return row is not None and row.used_at is None and row.expires_at > wall and is_without_people(session)


def found(
    session: Session, token: str, email: str, name: str, password_hash: str, now: datetime, wall: datetime
) -> Account:
    """Use the link once and enter the first operator; :class:`NotFound` for an unknown, used or old one."""
    row = session.scalars(
        select(FoundingLink).where(FoundingLink.token_hash == token_hash(token)).with_for_update()
    ).first()
    if row is None or row.used_at is not None or row.expires_at <= wall:
        raise NotFound(say("This link"))
    if not is_without_people(session):
        raise Conflict(say("Somebody operates this instance already. Ask for an account."))
    row.used_at = wall
    return create_operator(session, email, name, password_hash, now)
