"""What can be asked about people, terms and the operator."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow.accounts.models import (
    Account,
    ContractTerms,
    DeskSession,
    EmailToken,
    OperatorProfile,
)
from workflow.accounts.second_factor import SecondFactor
from workflow.accounts.states import LinkPurpose, SessionStage
from workflow.accounts.tokens import normal_email, token_hash
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Unavailable
from workflow.kernel.said import say

#: Who operates this instance now: invited people do not yet, deactivated ones do not any more.
AT_WORK = (
    Account.role == Role.OPERATOR,
    Account.email_confirmed_at.is_not(None),
    Account.deactivated_at.is_(None),
)


def account_by_email(session: Session, email: str) -> Account | None:
    """The account with this address, in whatever case it was typed."""
    return session.scalars(select(Account).where(Account.email == normal_email(email))).first()


def account(session: Session, account_id: uuid.UUID) -> Account:
    """The account, or :class:`NotFound`."""
    found = session.get(Account, account_id)
    if found is None:
        raise NotFound(say("This account"))
    return found


def current_terms(session: Session, on: date) -> ContractTerms:
    """The terms a new owner accepts on this day."""
    found = session.scalars(
        select(ContractTerms)
        .where(ContractTerms.effective_from <= on)
        .order_by(ContractTerms.effective_from.desc(), ContractTerms.version.desc())
        .limit(1)
    ).first()
    if found is None:
        msg = say("No contract terms are in force on this day.")
        raise Unavailable(msg)
    return found


def terms_of(session: Session, owner: Account) -> ContractTerms:
    """The terms this owner accepted."""
    if owner.terms_version is None:
        raise NotFound(say("A contract with this account"))
    return session.get_one(ContractTerms, owner.terms_version)


def live_session(session: Session, token: str, wall: datetime) -> tuple[DeskSession, Account] | None:
    """The browser's session (whole or half-way in) and whose it is, while it lasts."""
    row = session.execute(
        select(DeskSession, Account)
        .join(Account, Account.id == DeskSession.account_id)
        .where(
            DeskSession.token_hash == token_hash(token), DeskSession.expires_at > wall,
            Account.deactivated_at.is_(None),
        )
    ).first()  # fmt: skip
    return (row[0], row[1]) if row else None


def has_second_factor(session: Session, account_id: uuid.UUID) -> bool:
    """Whether signing in asks for a code."""
    row = session.get(SecondFactor, account_id)
    return row is not None and row.secret is not None


def sessions_of(session: Session, account_id: uuid.UUID, wall: datetime) -> list[DeskSession]:
    """Every browser this account is signed in with, newest first."""
    return list(
        session.scalars(
            select(DeskSession)
            .where(
                DeskSession.account_id == account_id,
                DeskSession.expires_at > wall,
                DeskSession.stage == SessionStage.OPEN,
            )
            .order_by(DeskSession.created_at.desc())
            .limit(50)
        )
    )


def confirm_link_works(session: Session, token: str, wall: datetime) -> bool:
    """Whether a confirming link would still work; looking changes nothing."""
    return link_works(session, token, (LinkPurpose.CONFIRM,), wall)


def link_works(session: Session, token: str, purposes: tuple[LinkPurpose, ...], wall: datetime) -> bool:
    """Whether a link of these purposes would still work; looking changes nothing."""
    row = session.scalars(select(EmailToken).where(EmailToken.token_hash == token_hash(token))).first()
    return row is not None and row.purpose in purposes and row.used_at is None and row.expires_at > wall


def count_office(session: Session) -> int:
    """How many people of the office can sign in."""
    return session.scalar(select(func.count()).select_from(Account).where(*AT_WORK)) or 0


def count_ranks(session: Session) -> dict[str, int]:
    """How many of them hold each rank."""
    counted = select(Account.rank, func.count()).where(*AT_WORK).group_by(Account.rank)
    return {rank: count for rank, count in session.execute(counted) if rank is not None}


def is_away(session: Session, account_id: str) -> bool:
    """Whether this account cannot act: deactivated, or invited and not here yet."""
    try:
        found = session.get(Account, uuid.UUID(account_id), populate_existing=True)
    except ValueError:  # the system and the public act without an account
        return False
    return found is not None and (found.deactivated_at is not None or not found.confirmed)


def operator_profile(session: Session) -> OperatorProfile | None:
    """Who operates this instance; ``None`` before the set-up."""
    return session.get(OperatorProfile, 1)


def is_complete(session: Session) -> bool:
    """Whether letters may leave: the set-up page was filled in (it takes only whole answers)."""
    return operator_profile(session) is not None


def zone_name(session: Session) -> str | None:
    """The instance's time zone; ``None`` before the set-up."""
    return session.scalar(select(OperatorProfile.time_zone).where(OperatorProfile.id == 1))


def instance_languages(session: Session) -> list[str]:
    """The instance's languages, its own first; none before the set-up."""
    return session.scalar(select(OperatorProfile.languages).where(OperatorProfile.id == 1)) or []
