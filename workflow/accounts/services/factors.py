"""The second factor: proposed, confirmed, checked, taken away. Wrong codes cost time, not the account."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workflow.accounts import one_time, queries
from workflow.accounts.mails import post_mail
from workflow.accounts.models import Account, DeskSession
from workflow.accounts.second_factor import RecoveryCode, SecondFactor
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.kernel.secrets import MasterKey, seal, unseal

#: Whoever sees other people's data needs one.
REQUIRED = frozenset({Role.OPERATOR, Role.LEGAL_PARTNER})
#: So many wrong codes cost nothing; from then on each doubles the time to wait.
FREE_FAILURES = 3
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
_PURPOSE = "second factor"


class Outcome(StrEnum):
    """What a code came to."""

    #: It was right and is used up.
    FITS = "fits"
    #: It was wrong, too old, or used before.
    WRONG = "wrong"
    #: Nothing was compared: too many wrong ones, wait first.
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Moments:
    """The two clocks a change is noted with."""

    now: datetime
    wall: datetime


def propose(session: Session, master: MasterKey, account_id: uuid.UUID, secret: str) -> None:
    """Keep a secret that the person's app is about to learn; an earlier proposal is forgotten."""
    row = session.get(SecondFactor, account_id, with_for_update=True)
    if row is None:
        row = SecondFactor(account_id=account_id)
        session.add(row)
    row.proposed = seal(master.derive(_PURPOSE), secret.encode(), account_id.bytes)
    session.flush()


def confirm(
    session: Session, master: MasterKey, account: Account, code: str, codes: list[str], at: Moments
) -> None:
    """The app showed a right code: from now on sign-in asks for it, and ``codes`` stand in for it once each.

    Raises :class:`Refused` for a wrong code; what was proposed stays and can be tried again.
    """
    row = session.get(SecondFactor, account.id, with_for_update=True)
    if row is None or row.proposed is None:
        raise NotFound(say("A second factor that waits to be confirmed"))
    secret = _open(master, account.id, row.proposed)
    step = one_time.fitting_step(secret, one_time.plain(code), at.wall, after=0)
    if step is None:
        raise Refused(say("This code does not fit. Is the time on your telephone right?"))
    replaced = row.secret is not None
    row.secret, row.proposed, row.enrolled_at = row.proposed, None, at.wall
    row.last_step, row.failures, row.wait_until = step, 0, None
    _keep_codes(session, master, account.id, codes, at.wall)
    label = say("Replaced the second factor") if replaced else say("Set up a second factor")
    _tell(session, account, "account:second_factor", account.actor, at, label)


def renew_codes(session: Session, master: MasterKey, account: Account, codes: list[str], at: Moments) -> None:
    """Ten new recovery codes; the old ones end."""
    if not queries.has_second_factor(session, account.id):
        raise Refused(say("Recovery codes belong to a second factor: set one up first."))
    _keep_codes(session, master, account.id, codes, at.wall)
    _tell(session, account, "account:recovery_codes", account.actor, at, say("Made new recovery codes"))


def check(session: Session, master: MasterKey, account_id: uuid.UUID, code: str, wall: datetime) -> Outcome:
    """Compare a code of the app, or use a recovery code up; the caller commits, right or wrong.

    After three wrong ones each attempt must wait, five seconds first and five minutes at most; a recovery
    code need not wait: nobody can guess 80 bits, and so no stranger shuts the owner out.
    """
    row = session.get(SecondFactor, account_id, with_for_update=True)
    if row is None or row.secret is None:
        return Outcome.WRONG
    if one_time.looks_like_recovery(code):
        fits = _use_recovery_code(session, master, account_id, code, wall)
    elif row.wait_until is not None and wall < row.wait_until:
        return Outcome.WAIT
    else:
        secret = _open(master, account_id, row.secret)
        step = one_time.fitting_step(secret, one_time.plain(code), wall, after=row.last_step)
        fits = step is not None
        row.last_step = step or row.last_step
    if fits:
        row.failures, row.wait_until = 0, None
        return Outcome.FITS
    row.failures += 1
    doubled = max(0, row.failures - FREE_FAILURES)
    if doubled:
        row.wait_until = wall + min(FIRST_WAIT * 2 ** min(doubled - 1, 10), LONGEST_WAIT)
    return Outcome.WRONG


def seconds_to_wait(session: Session, account_id: uuid.UUID, wall: datetime) -> int:
    """How long until a code of the app is compared again."""
    row = session.get(SecondFactor, account_id)
    pause = row.wait_until - wall if row and row.wait_until else timedelta(0)
    return max(0, int(pause.total_seconds()))


def remove(session: Session, account: Account, at: Moments) -> None:
    """The person does without; staff cannot. Raises :class:`Refused`."""
    if account.role in REQUIRED:
        raise Refused(
            say("Whoever works with other people's data needs a second factor; you can replace it.")
        )
    _forget(session, account.id)
    _tell(session, account, "account:no_second_factor", account.actor, at, say("Removed the second factor"))


def reset(session: Session, account: Account, actor: Actor, at: Moments) -> None:
    """Somebody else takes it away because telephone and codes are lost; every browser is signed out.

    The person is told by mail and sets up a new one with the next sign-in (staff must).
    """
    if actor.id == str(account.id):
        raise Refused(say("Somebody else has to reset your second factor; you can replace it in Settings."))
    _forget(session, account.id)
    session.execute(delete(DeskSession).where(DeskSession.account_id == account.id))
    _tell(session, account, "account:reset_second_factor", actor, at, say("Second factor was reset"))


def proposed_secret(session: Session, master: MasterKey, account_id: uuid.UUID) -> str | None:
    """The secret to show as a QR code, while it waits for its first code."""
    row = session.get(SecondFactor, account_id)
    return _open(master, account_id, row.proposed) if row and row.proposed else None


def active_secret(session: Session, master: MasterKey, account_id: uuid.UUID) -> tuple[str, int] | None:
    """The secret in use and its last used step: for the demo's ribbon and for tests, never for a page."""
    row = session.get(SecondFactor, account_id)
    return (_open(master, account_id, row.secret), row.last_step) if row and row.secret else None


def codes_left(session: Session, account_id: uuid.UUID) -> int:
    """How many recovery codes were not used yet."""
    unused = select(func.count()).select_from(RecoveryCode).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )  # fmt: skip
    return session.scalar(unused) or 0


def _use_recovery_code(
    session: Session, master: MasterKey, account_id: uuid.UUID, code: str, wall: datetime
) -> bool:
    found = session.scalars(
        select(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None),
            RecoveryCode.code_hash == _hash(master, account_id, code),
        )
        .with_for_update()
    ).first()  # fmt: skip
    if found is None:
        return False
    found.used_at = wall
    return True


def _keep_codes(
    session: Session, master: MasterKey, account_id: uuid.UUID, codes: list[str], wall: datetime
) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    session.add_all(
        RecoveryCode(account_id=account_id, code_hash=_hash(master, account_id, code), created_at=wall)
        for code in codes
    )
    session.flush()


def _forget(session: Session, account_id: uuid.UUID) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))


def _tell(session: Session, account: Account, action: str, actor: Actor, at: Moments, label: str) -> None:
    """One line in the chain, and a mail: whoever did not do this should hear of it."""
    audit.record(session, "account", account.id, action, actor, at.now, label=label)
    context = {"name": account.name, "what": label, "who": actor.name}
    key = f"mail:security:{account.id}:{action}:{at.wall.timestamp():.6f}"
    post_mail(session, account, "security_notice", context, at.wall, key=key)


def _hash(master: MasterKey, account_id: uuid.UUID, code: str) -> str:
    return master.peppered(f"{account_id}:{one_time.plain(code)}", "recovery codes")


def _open(master: MasterKey, account_id: uuid.UUID, sealed: bytes) -> str:
    return unseal(master.derive(_PURPOSE), sealed, account_id.bytes).decode()
