"""A forgotten password: a link by mail, once, for an hour; and the first password of an invited person."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflow.accounts import queries
from workflow.accounts.mails import post_mail
from workflow.accounts.models import Account, EmailToken
from workflow.accounts.services import entry
from workflow.accounts.states import LinkPurpose
from workflow.accounts.tokens import new_token, token_hash
from workflow.kernel import audit
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say

#: How long each link works.
WITHIN = {LinkPurpose.NEW_PASSWORD: timedelta(hours=1), LinkPurpose.INVITATION: timedelta(days=3)}
TEMPLATE = {LinkPurpose.NEW_PASSWORD: "new_password", LinkPurpose.INVITATION: "invitation"}

#: Given the token, the address of the page that takes the new password.
LinkFor = Callable[[str], str]


def ask_new_password(session: Session, email: str, link_for: LinkFor, wall: datetime) -> None:
    """Post a link to a confirmed account; an unknown address gets none, and the answer is the same."""
    account = queries.account_by_email(session, email)
    if account is not None and account.confirmed and account.deactivated_at is None:
        post_link(session, account, LinkPurpose.NEW_PASSWORD, link_for, wall)


def post_link(
    session: Session, account: Account, purpose: LinkPurpose, link_for: LinkFor, wall: datetime
) -> None:
    """Post a mail with a fresh link; earlier links for the same purpose end."""
    end_links(session, account.id, purpose)
    token = new_token()
    row = EmailToken(
        account_id=account.id, purpose=purpose, token_hash=token_hash(token), created_at=wall,
        expires_at=wall + WITHIN[purpose],
    )  # fmt: skip
    session.add(row)
    session.flush()
    profile = queries.operator_profile(session)
    context = {
        "name": account.name,
        "link": link_for(token),
        "valid_hours": int(WITHIN[purpose].total_seconds() // 3600),
        "sender_name": profile.name if profile else "Lichtbild",
    }
    key = f"mail:{purpose}:{row.id}"
    post_mail(session, account, TEMPLATE[purpose], context, wall, key=key, priority=10)


def take_new_password(
    session: Session, token: str, password_hash: str, now: datetime, wall: datetime
) -> Account:
    """Use the link once: the new password stands, every browser is signed out; a second factor stays asked.

    An invited person is part of the office from here on. Raises :class:`NotFound` for an unknown, used or
    old link alike.
    """
    account, row = _locked(session, token)
    if row.purpose not in WITHIN or row.used_at is not None or row.expires_at <= wall:
        raise NotFound(say("This link"))
    row.used_at = wall
    if row.purpose is LinkPurpose.INVITATION and account.email_confirmed_at is None:
        account.email_confirmed_at = wall
        account.version += 1
        audit.record(
            session, "account", account.id, "account:join", account.actor, now,
            label=say("Took the invitation"),
        )  # fmt: skip
    entry.set_password(session, account.id, password_hash, account.actor, now)
    end_links(session, account.id, LinkPurpose.NEW_PASSWORD)
    session.flush()
    return account


def _locked(session: Session, token: str) -> tuple[Account, EmailToken]:
    """The person before the link: whoever withdraws an invitation locks in the same order."""
    link = EmailToken.token_hash == token_hash(token)
    whose = session.scalar(select(EmailToken.account_id).where(link))
    account = session.get(Account, whose, with_for_update=True) if whose else None
    row = session.scalars(select(EmailToken).where(link).with_for_update()).first()
    if account is None or row is None:
        raise NotFound(say("This link"))
    return account, row


def end_links(session: Session, account_id: uuid.UUID, *purposes: LinkPurpose) -> None:
    """Every link for these purposes that was not used yet works no more."""
    session.execute(
        delete(EmailToken).where(
            EmailToken.account_id == account_id, EmailToken.purpose.in_(purposes),
            EmailToken.used_at.is_(None),
        )
    )  # fmt: skip
