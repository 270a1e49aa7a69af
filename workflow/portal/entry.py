"""Coming in with reference and code, and going out; guessing is slow and learns nothing.

Unknown references, wrong codes and cases that are not out yet take one and the same way through this
module: the same queries, the same hashing, the same answer.
"""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update

from workflow.accounts.tokens import new_token, token_hash
from workflow.cases.models import Case
from workflow.cases.services.submitting import CODE_PURPOSE
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.ids import normalise_code, normalise_reference
from workflow.kernel.said import say
from workflow.kernel.secrets import MasterKey
from workflow.portal.models import EntryAttempt, PortalSession

#: After this long without a click the browser is signed out; long enough to write an objection.
IDLE = timedelta(hours=1)
#: After this long it is signed out however busy the person is.
ABSOLUTE = timedelta(hours=12)

#: So many failures from one address, and it waits.
SOURCE_FAILURES, SOURCE_WINDOW = 10, timedelta(minutes=15)
#: So many failures on one reference from anywhere, and every address has only a few tries at it.
#: Never a lock of the reference itself: a stranger must not be able to keep the recipient out.
REFERENCE_FAILURES, REFERENCE_WINDOW = 30, timedelta(hours=1)
TRIES_UNDER_ATTACK = 3
KEPT = timedelta(days=1)

#: What stands in for a code when there is no case: compared like a real one, equal to none.
_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class Entered:
    """The token for the browser alone, and the case it opens."""

    token: str
    case_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed, and from where; ``source`` is a word for the address."""

    reference: str
    code: str
    source: str


class MustWait(Exception):
    """Too many attempts from this address; whether this one was right is not said."""


def infringer(case: Case) -> Actor:
    """The recipient of the case as the one who acts."""
    return Actor(Role.INFRINGER, str(case.id), case.recipient_name)


def enter(
    session: Session, secrets: MasterKey, attempt: Attempt, now: datetime, wall: datetime
) -> Entered | None:
    """A session for whoever knows reference and code, else ``None``; every failure is counted.

    Raises :class:`MustWait` beyond the limits. The entry stands in the case's history: it is evidence
    that the letter was read, so it comes from a person's POST only.
    """
    reference = normalise_reference(attempt.reference)
    source_hash = secrets.peppered(attempt.source, "portal-source")
    reference_hash = secrets.peppered(reference or attempt.reference.strip().upper()[:40], "portal-reference")
    _throttle(session, source_hash, reference_hash, wall)
    typed = secrets.peppered(normalise_code(attempt.code), CODE_PURPOSE)
    # only these columns: loading a whole case would take longer than finding none
    row = session.execute(
        select(Case.id, Case.code_lookup, Case.offered_on).where(Case.reference == (reference or ""))
    ).first()
    fits = hmac.compare_digest(typed, row.code_lookup if row else _NOBODY)
    if row is None or not fits or row.offered_on is None:
        session.add(EntryAttempt(source_hash=source_hash, reference_hash=reference_hash, at=wall))
        forget_old(session, wall)
        return None
    case = session.get_one(Case, row.id, with_for_update=True)  # its history gets a line
    token = new_token()
    session.add(
        PortalSession(
            case_id=case.id, token_hash=token_hash(token), created_at=wall, expires_at=wall + ABSOLUTE,
            seen_at=wall, code_lookup=case.code_lookup,
        )
    )  # fmt: skip
    audit.record(
        session, "case", case.id, "case:portal:enter", infringer(case), now,
        before=case.state.value, after=case.state.value, label=say("Recipient opened the case in the portal"),
    )  # fmt: skip
    session.flush()
    return Entered(token, case.id)


def touch(session: Session, token: str, wall: datetime) -> None:
    """Note the click; a session that was ended meanwhile stays ended."""
    session.execute(
        update(PortalSession).where(PortalSession.token_hash == token_hash(token)).values(seen_at=wall)
    )


def leave(session: Session, token: str) -> None:
    """End this browser's session; an unknown token is no error."""
    session.execute(delete(PortalSession).where(PortalSession.token_hash == token_hash(token)))


def leave_everywhere(session: Session, case_id: uuid.UUID) -> None:
    """End the session of every browser that entered the case."""
    session.execute(delete(PortalSession).where(PortalSession.case_id == case_id))


def forget_old(session: Session, wall: datetime) -> None:
    """Remove ended sessions and attempts nobody needs any more."""
    over = or_(PortalSession.expires_at <= wall, PortalSession.seen_at < wall - IDLE)
    session.execute(delete(PortalSession).where(over))
    session.execute(delete(EntryAttempt).where(EntryAttempt.at <= wall - KEPT))


def _throttle(session: Session, source_hash: str, reference_hash: str, wall: datetime) -> None:
    by_source = EntryAttempt.source_hash == source_hash
    on_reference = EntryAttempt.reference_hash == reference_hash
    asked = select(func.count()).select_from(EntryAttempt)
    lately = session.scalar(asked.where(by_source, EntryAttempt.at > wall - SOURCE_WINDOW)) or 0
    since = EntryAttempt.at > wall - REFERENCE_WINDOW
    attacked = session.scalar(asked.where(on_reference, since)) or 0
    own = session.scalar(asked.where(by_source, on_reference, since)) or 0
    if lately >= SOURCE_FAILURES or (attacked >= REFERENCE_FAILURES and own >= TRIES_UNDER_ATTACK):
        raise MustWait
