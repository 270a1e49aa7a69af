"""Joining: sign-up, the confirmed e-mail, and staff made on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.accounts import queries
from workflow.accounts.mails import post_mail
from workflow.accounts.models import Account, EmailToken
from workflow.accounts.numbers import checked_vat_id
from workflow.accounts.states import AccountKind, Capacity, LinkPurpose, Rank, TaxState
from workflow.accounts.tokens import new_token, normal_email, token_hash
from workflow.kernel import audit
from workflow.kernel.actors import SYSTEM, Role
from workflow.kernel.errors import Conflict, NotFound, Refused
from workflow.kernel.said import say

CONFIRM_WITHIN = timedelta(days=2)

#: Given the token, the address of the page that confirms it.
LinkFor = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody who wants an account tells; the password is hashed before (it takes a while)."""

    email: str
    name: str
    kind: AccountKind
    capacity: Capacity
    country: str
    tax_state: TaxState
    vat_id: str
    password_hash: str
    terms_version: str
    #: Of the page they signed up on; empty = the instance's first.
    language: str = ""


def sign_up(session: Session, wish: SignUp, link_for: LinkFor, now: datetime, wall: datetime) -> None:
    """Enter an unconfirmed account and post its confirming mail.

    A confirmed address, or one invited to work here, gets nothing and the caller tells nobody: the
    answer on the page is the same. An unconfirmed one is replaced by the newest sign-up, so that
    nobody can sit in advance on somebody else's address; the older links end.
    """
    _terms_are_current(session, wish, now)
    kept_vat_id = vat_id_for(wish.tax_state, wish.vat_id, wish.country)
    email = normal_email(wish.email)
    account = session.scalars(select(Account).where(Account.email == email).with_for_update()).first()
    if account is not None and (account.confirmed or account.role is not Role.RIGHTS_HOLDER):
        return
    if account is None:
        account = Account(email=email, role=Role.RIGHTS_HOLDER, created_at=now)
    account.name = wish.name
    account.language = wish.language
    account.kind = wish.kind
    account.capacity = wish.capacity
    account.country = wish.country
    account.tax_state = wish.tax_state
    account.vat_id = kept_vat_id
    account.password_hash = wish.password_hash
    account.terms_version = wish.terms_version
    account.terms_accepted_at = now
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError:  # somebody signed up with the same address in this very moment
        return
    audit.record(
        session, "account", account.id, "account:sign_up", account.actor, now,
        label=say("Signed up and accepted the terms"), note=f"Terms {wish.terms_version}",
    )  # fmt: skip
    post_confirmation(session, account, link_for, wall)


def post_confirmation(session: Session, account: Account, link_for: LinkFor, wall: datetime) -> None:
    """Post a mail with a fresh link; earlier links of this account end."""
    session.execute(
        delete(EmailToken).where(
            EmailToken.account_id == account.id,
            EmailToken.purpose == LinkPurpose.CONFIRM,
            EmailToken.used_at.is_(None),
        )
    )
    token = new_token()
    row = EmailToken(
        account_id=account.id,
        token_hash=token_hash(token),
        created_at=wall,
        expires_at=wall + CONFIRM_WITHIN,
    )
    session.add(row)
    session.flush()
    profile = queries.operator_profile(session)
    context = {
        "name": account.name,
        "confirm_url": link_for(token),
        "valid_hours": int(CONFIRM_WITHIN.total_seconds() // 3600),
        "sender_name": profile.name if profile else "Lichtbild",
    }
    key = f"mail:confirm:{row.id}"
    post_mail(session, account, "confirm_email", context, wall, key=key, priority=10)


def confirm_email(session: Session, token: str, now: datetime, wall: datetime) -> Account:
    """Use the link once; raises :class:`NotFound` for an unknown, used or old one alike."""
    # the person before the link: whoever withdraws an invitation locks in the same order
    link = EmailToken.token_hash == token_hash(token)
    whose = session.scalar(select(EmailToken.account_id).where(link))
    account = session.get(Account, whose, with_for_update=True) if whose else None
    row = session.scalars(select(EmailToken).where(link).with_for_update()).first()
    if (
        account is None
        or row is None
        or row.purpose is not LinkPurpose.CONFIRM
        or row.used_at is not None
        or row.expires_at <= wall
    ):
        raise NotFound(say("This link"))
    row.used_at = wall
    if not account.confirmed:
        account.email_confirmed_at = wall
        audit.record(
            session, "account", account.id, "account:confirm_email", account.actor, now,
            label=say("Confirmed the e-mail address"),
        )  # fmt: skip
    session.flush()
    return account


def create_operator(
    session: Session,
    email: str,
    name: str,
    password_hash: str,
    now: datetime,
    rank: Rank = Rank.ADMINISTRATOR,
) -> Account:
    """Enter a member of staff, confirmed at once; raises :class:`Conflict` for a known address."""
    account = create_staff(session, email, name, password_hash, Role.OPERATOR, now)
    account.rank = rank
    return account


def create_staff(
    session: Session, email: str, name: str, password_hash: str, role: Role, now: datetime
) -> Account:
    """Enter staff of the operator or of a legal partner, confirmed at once."""
    address = normal_email(email)
    if session.scalar(select(Account.id).where(Account.email == address)):
        raise Conflict(say("There is an account for {address} already.", address=address))
    account = as_staff(Account(email=address, created_at=now), name, password_hash, role)
    account.email_confirmed_at = now
    session.add(account)
    session.flush()
    audit.record(session, "account", account.id, "account:create", SYSTEM, now, label=say("Created as staff"))
    return account


def as_staff(account: Account, name: str, password_hash: str, role: Role) -> Account:
    """Give a new account, or one that a stranger opened and never confirmed, the facts of staff."""
    assert role in (Role.OPERATOR, Role.LEGAL_PARTNER)
    account.name, account.role, account.kind = name, role, AccountKind.STAFF
    account.password_hash = password_hash
    account.country, account.tax_state, account.vat_id = "DE", TaxState.PRIVATE, None
    account.capacity = account.terms_version = account.terms_accepted_at = None
    return account


def vat_id_for(tax_state: TaxState, text: str, country: str) -> str | None:
    """The checked VAT id for a registered business, ``None`` for everybody else."""
    if tax_state is not TaxState.VAT_REGISTERED:
        return None
    if not text:
        raise Refused(say("A business with a VAT number needs to tell the number."))
    return checked_vat_id(text, country)


def _terms_are_current(session: Session, wish: SignUp, now: datetime) -> None:
    current = queries.current_terms(session, now.date())
    if wish.terms_version != current.version:
        raise Conflict(say("The terms have changed meanwhile. Please read the new ones and send again."))
