"""Everybody who has an account: who works here, and the rights-holders beside them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from workflow.accounts.approving import OPERATOR_SUBJECT
from workflow.accounts.models import Account, DeskSession, EmailToken
from workflow.accounts.queries import AT_WORK
from workflow.accounts.second_factor import SecondFactor
from workflow.accounts.states import LinkPurpose, Rank, SessionStage, Standing
from workflow.kernel.actors import Role
from workflow.kernel.audit import AuditEntry
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say

PAGE_SIZE = 50
SEARCH_LENGTH = 100
HISTORY_SHOWN = 50
#: Who works here, and can be invited; rights-holders sign up by themselves.
OFFICE = (Role.OPERATOR, Role.LEGAL_PARTNER)


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the directory."""

    account: Account
    second_factor: bool
    #: How many browsers are signed in now.
    browsers: int
    #: Until when the invitation works (wall time); ``None`` when there is none.
    invited_until: datetime | None

    @property
    def standing(self) -> Standing:
        """Invited, active or deactivated."""
        return self.account.standing


@dataclass(frozen=True, slots=True)
class People:
    """A page of the directory."""

    rows: Sequence[Person]
    found: int
    page: int
    pages: int


def office(session: Session, page: int, wall: datetime) -> People:
    """Everybody who works here or did: those who left come last."""
    order = (Account.deactivated_at.is_not(None), Account.role.desc(), func.lower(Account.name), Account.id)
    return _page(session, (Account.role.in_(OFFICE),), order, page, wall)


def rights_holders(session: Session, words: str, page: int, wall: datetime) -> People:
    """Rights-holders whose name or address holds every word, newest first."""
    fits = [
        or_(
            func.lower(Account.name).contains(word, autoescape=True),
            Account.email.contains(word, autoescape=True),
        )
        for word in words.lower()[:SEARCH_LENGTH].split()
    ]
    wanted = (Account.role == Role.RIGHTS_HOLDER, *fits)
    return _page(session, wanted, (Account.created_at.desc(), Account.id), page, wall)


def person(session: Session, account_id: uuid.UUID, wall: datetime) -> Person:
    """One who works here or did; :class:`NotFound` for anybody else."""
    found = session.execute(_rows(wall).where(Account.id == account_id, Account.role.in_(OFFICE))).first()
    if found is None:
        raise NotFound(say("This person"))
    return Person(*found)


def history(session: Session, account_id: uuid.UUID) -> list[AuditEntry]:
    """What happened to this account, newest first."""
    return _told(session, "account", account_id)


def history_of_set_up(session: Session) -> list[AuditEntry]:
    """What was declared and changed about the instance itself, newest first."""
    return _told(session, "operator", OPERATOR_SUBJECT)


def _told(session: Session, subject_type: str, subject_id: uuid.UUID) -> list[AuditEntry]:
    return list(
        session.scalars(
            select(AuditEntry)
            .where(AuditEntry.subject_type == subject_type, AuditEntry.subject_id == subject_id)
            .order_by(AuditEntry.sequence.desc())
            .limit(HISTORY_SHOWN)
        )
    )


def others_administer(session: Session, account_id: uuid.UUID) -> bool:
    """Whether anybody but this person administers the instance."""
    others = select(Account.id).where(
        *AT_WORK, Account.rank == Rank.ADMINISTRATOR, Account.id != account_id
    )  # fmt: skip
    return session.scalar(others.limit(1)) is not None


def _page(
    session: Session,
    wanted: Sequence[ColumnElement[bool]],
    order: Sequence[Any],
    page: int,
    wall: datetime,
) -> People:
    found = session.scalar(select(func.count()).select_from(Account).where(*wanted)) or 0
    pages = max(1, -(-found // PAGE_SIZE))
    page = min(max(page, 1), pages)
    rows = session.execute(
        _rows(wall).where(*wanted).order_by(*order).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    )
    return People([Person(*row) for row in rows], found, page, pages)


def _rows(wall: datetime) -> Select[Account, bool, int, datetime | None]:
    browsers = select(func.count()).where(
        DeskSession.account_id == Account.id, DeskSession.stage == SessionStage.OPEN,
        DeskSession.expires_at > wall,
    ).correlate(Account).scalar_subquery()  # fmt: skip
    until = select(func.max(EmailToken.expires_at)).where(
        EmailToken.account_id == Account.id, EmailToken.purpose == LinkPurpose.INVITATION,
        EmailToken.used_at.is_(None), EmailToken.expires_at > wall,
    ).correlate(Account).scalar_subquery()  # fmt: skip
    enrolled = select(SecondFactor.account_id).where(
        SecondFactor.account_id == Account.id, SecondFactor.enrolled_at.is_not(None)
    ).correlate(Account).exists()  # fmt: skip
    return select(Account, enrolled, browsers, until)
