"""Who works here: invited by mail, ranked, deactivated and brought back by an administrator.

Each verb locks the administrators, asks whether whoever acts is still one of them, locks the person, compares
the version the page showed, writes one line, and tells the person by mail and the other administrators in
their bell.
So two of them who dismiss each other at the same moment cannot leave an office without any, and nobody can
bring in a second person of their own without the others seeing it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.accounts import approving, queries
from workflow.accounts.directory import OFFICE
from workflow.accounts.models import Account, EmailToken
from workflow.accounts.notices import notify_administrators
from workflow.accounts.services import entry, factors, recovery
from workflow.accounts.services.factors import Moments
from workflow.accounts.services.joining import as_staff
from workflow.accounts.services.recovery import LinkFor
from workflow.accounts.services.telling import tell
from workflow.accounts.states import SHORT_RANKS, LinkPurpose, Rank, Standing
from workflow.accounts.tokens import normal_email
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import NotAllowed, NotFound, Refused, Stale
from workflow.kernel.said import Said, say

KNOWN = say("There is an account for {address} already.")


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom to invite as what; ``password_hash`` is of a password that nobody knows."""

    email: str
    name: str
    role: Role
    #: An operator's; a legal partner has none.
    rank: Rank | None
    password_hash: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The person as the page showed them."""

    account_id: uuid.UUID
    version: int


def invite(session: Session, wish: Invitation, link_for: LinkFor, actor: Actor, at: Moments) -> Account:
    """Enter an account that waits for its person, and post the link to it.

    Raises :class:`Refused` for a known address, unless a stranger signed up with it and never confirmed it.
    """
    assert (wish.rank is not None) == (wish.role is Role.OPERATOR)
    _lock_administrators(session, actor)
    address = normal_email(wish.email)
    known = session.scalars(select(Account).where(Account.email == address).with_for_update()).first()
    if known is not None:
        _refuse_known(known)
        recovery.end_links(session, known.id, LinkPurpose.CONFIRM)
    fresh = known or Account(email=address, created_at=at.now)
    account = as_staff(fresh, wish.name, wish.password_hash, wish.role)
    account.rank = wish.rank
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError as taken:  # somebody invited the same address in this very moment
        raise Refused(say(KNOWN, address=address)) from taken
    audit.record(
        session, "account", account.id, "account:invite", actor, at.now, label=say("Invited"),
        after=wish.rank or wish.role, note=f"{account.name}, {address}",
    )  # fmt: skip
    recovery.post_link(session, account, LinkPurpose.INVITATION, link_for, at.wall)
    _tell_others(session, account, say("Invited"), actor, at)
    return account


def invite_again(session: Session, seen: Seen, link_for: LinkFor, actor: Actor, at: Moments) -> Account:
    """A fresh link; the one before works no more."""
    _lock_administrators(session, actor)
    account = _lock(session, seen, Standing.INVITED)
    audit.record(
        session, "account", account.id, "account:invite_again", actor, at.now, label=say("Invited again")
    )
    recovery.post_link(session, account, LinkPurpose.INVITATION, link_for, at.wall)
    return account


def withdraw(session: Session, seen: Seen, actor: Actor, at: Moments) -> Account:
    """The link works no more and the account is gone: nobody ever used it. Its history stays."""
    _lock_administrators(session, actor)
    account = _lock(session, seen, Standing.INVITED)
    _tell_others(session, account, say("Withdrew the invitation"), actor, at)
    audit.record(
        session, "account", account.id, "account:withdraw_invitation", actor, at.now,
        label=say("Withdrew the invitation"), note=f"{account.name}, {account.email}",
    )  # fmt: skip
    session.execute(delete(EmailToken).where(EmailToken.account_id == account.id))
    session.delete(account)
    session.flush()
    return account


def change_rank(session: Session, seen: Seen, rank: Rank, actor: Actor, at: Moments) -> Account:
    """Another rank from the next click on; the last administrator stays one."""
    others = bool(set(_lock_administrators(session, actor)) - {seen.account_id})
    account = _lock(session, seen, Standing.ACTIVE)
    before = account.rank
    if account.role is not Role.OPERATOR or before is None:
        raise NotFound(say("This rank"))
    if before is rank:
        raise Refused(say("{name} holds this rank already.", name=account.name))
    if reason := why_not_demoted(account, others):
        raise Refused(reason)
    account.rank = rank
    approving.count_anew(session, actor, at.now)
    told = say("Changed the rank to {rank}", rank=SHORT_RANKS[rank])
    tell(
        session, account, "account:rank", actor, at, say("Changed the rank"),
        before=before, after=rank, to_person=told,
    )  # fmt: skip
    _tell_others(session, account, told, actor, at)
    return account


def deactivate(session: Session, seen: Seen, actor: Actor, at: Moments) -> Account:
    """Out at once, in every browser; cannot sign in, nor agree to anything. What they did stays."""
    others = bool(set(_lock_administrators(session, actor)) - {seen.account_id})
    account = _lock(session, seen, Standing.ACTIVE)
    if reason := why_not_deactivated(account, others, actor):
        raise Refused(reason)
    account.deactivated_at = at.wall
    entry.end_all_sessions(session, account.id)
    recovery.end_links(session, account.id, *LinkPurpose)
    if account.role is Role.OPERATOR:
        approving.count_anew(session, actor, at.now)
    tell(session, account, "account:deactivate", actor, at, say("Deactivated the account"))
    _tell_others(session, account, say("Deactivated the account"), actor, at)
    return account


def reactivate(session: Session, seen: Seen, actor: Actor, at: Moments) -> Account:
    """May sign in again, with password, second factor and rank as before."""
    _lock_administrators(session, actor)
    account = _lock(session, seen, Standing.DEACTIVATED)
    account.deactivated_at = None
    entry.end_all_sessions(session, account.id)  # one that began in the moment of leaving does not live on
    tell(session, account, "account:reactivate", actor, at, say("Reactivated the account"))
    _tell_others(session, account, say("Reactivated the account"), actor, at)
    return account


def reset_second_factor(session: Session, seen: Seen, actor: Actor, at: Moments) -> Account:
    """Telephone and recovery codes are lost: a new factor is set up with the next log-in."""
    _lock_administrators(session, actor)
    account = _lock(session, seen, Standing.ACTIVE)
    if not queries.has_second_factor(session, account.id):
        raise Refused(say("{name} has no second factor yet.", name=account.name))
    factors.reset(session, account, actor, at)
    _tell_others(session, account, say("Reset the second factor"), actor, at)
    return account


def sign_out(session: Session, seen: Seen, actor: Actor, at: Moments) -> Account:
    """End every browser of this person; they may sign in again."""
    _lock_administrators(session, actor)
    account = _lock(session, seen, Standing.ACTIVE)
    entry.end_all_sessions(session, account.id)
    tell(session, account, "account:sign_out", actor, at, say("Signed out every browser"))
    return account


def why_not_demoted(account: Account, others: bool) -> str:
    """Why this person must keep the rank; ``others``: whether somebody else administers. Empty = need not."""
    if account.rank is not Rank.ADMINISTRATOR or others:
        return ""
    return say(
        "{name} is the only administrator. Make somebody else administrator first: without one nobody can "
        "invite people or change the set-up.",
        name=account.name,
    )


def why_not_deactivated(account: Account, others: bool, actor: Actor) -> str:
    """Why this person must stay; empty when they need not."""
    if actor.id == str(account.id):
        return say("Nobody deactivates their own account; another administrator can.")
    return why_not_demoted(account, others)


def _lock(session: Session, seen: Seen, standing: Standing) -> Account:
    """The person, locked and as the page showed them; rights-holders are nobody's to change here."""
    account = session.get(Account, seen.account_id, with_for_update=True, populate_existing=True)
    if account is None or account.role not in OFFICE:
        raise NotFound(say("This person"))
    if account.version != seen.version or account.standing is not standing:
        raise Stale
    account.version += 1
    return account


def _lock_administrators(session: Session, actor: Actor) -> list[uuid.UUID]:
    """Every administrator at work; :class:`NotAllowed` when whoever acts is none of them any more."""
    administrators = session.scalars(
        select(Account.id)
        .where(*queries.AT_WORK, Account.rank == Rank.ADMINISTRATOR)
        .order_by(Account.id)
        .with_for_update()
    )
    found = list(administrators)
    if uuid.UUID(actor.id) not in found:
        raise NotAllowed(say("You are no administrator any more."))
    return found


def _tell_others(session: Session, account: Account, what: Said, actor: Actor, at: Moments) -> None:
    text = say("{name}: {what} ({who})", name=account.name, what=what, who=actor.name)
    key = f"people:{account.id}:{at.wall.timestamp():.6f}"
    notify_administrators(session, text, at.now, key=key, by=actor)


def _refuse_known(account: Account) -> None:
    """Why this address cannot be invited; a rights-holder's that was never confirmed can."""
    if account.standing is Standing.UNCONFIRMED:
        return
    sentence = KNOWN
    if account.role is Role.RIGHTS_HOLDER:
        sentence = say("{address} is a rights-holder’s account. Use another address for work.")
    elif account.standing is Standing.INVITED:
        sentence = say("{address} is invited already. Invite again on the page of this person.")
    elif account.standing is Standing.DEACTIVATED:
        sentence = say("{address} belongs to somebody who is deactivated. Reactivate that account instead.")
    raise Refused(say(sentence, address=account.email))
