"""A second person agrees to exactly these facts: requests and decisions as rows, rules as data.

A step that needs it calls :func:`require`. Nothing agreed: :class:`ApprovalNeeded` carries the request that
pressing the step makes. What was agreed is a hash of frozen facts (sum, account, recipient): when one of
them changes, the old agreement no longer fits. Whoever asked never decides; where nobody else can, and that
was declared, the same person may, after a day.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.db import Base, enum_column
from workflow.kernel.errors import NotAllowed, NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.said import say

#: What replaces the second person where there is only one.
ALONE = timedelta(hours=24)
SHOWN = 100


class Decision(StrEnum):
    """What became of a request."""

    #: A second person agreed.
    AGREED = "agreed"
    #: A second person said no, and why.
    REFUSED = "refused"
    #: The facts changed, or it was taken back, before anybody decided.
    VOID = "void"


class Approval(Base):
    """One request for a second person, and the decision. Business time."""

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_at_iff_decided"),
        CheckConstraint("expires_at > requested_at", name="expires_after_it_was_asked"),
        CheckConstraint("decision <> 'agreed' OR alone OR decided_by <> requested_by", name="two_people"),
        Index(
            "ix_approvals_one_open", "action", "subject_id", unique=True,
            sqlite_where=text("decision IS NULL"), postgresql_where=text("decision IS NULL"),
        ),
        Index("ix_approvals_subject", "action", "subject_id", "requested_at"),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    #: The word of the permission it guards, such as ``payouts.send``.
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID]
    #: What exactly: words for people, frozen.
    facts: Mapped[dict[str, Any]]
    facts_hash: Mapped[str] = mapped_column(String(64))
    requested_by: Mapped[str] = mapped_column(String(80))
    requested_name: Mapped[str] = mapped_column(String(200))
    requested_at: Mapped[datetime]
    #: Agreed or not, nothing happens before this moment.
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime]
    decision: Mapped[Decision | None] = enum_column(Decision, "decision", nullable=True)
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_name: Mapped[str] = mapped_column(String(200), default="")
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")
    #: Decided by the one who asked, in a one-person instance, after the delay.
    alone: Mapped[bool] = mapped_column(default=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table of rules: for which sums somebody else must agree, and how long that counts."""

    action: str
    #: What is asked of the second person, as a sentence.
    label: str
    #: The word of the permission the second person must hold.
    decided_by: str
    #: Applies to sums above this, in cents; ``None`` = always.
    above_minor: int | None = None
    cooling_hours: int = 0
    expires_days: int = 14
    #: How many others must agree; 0 = time alone decides, and others may only refuse.
    persons: int = 1

    def applies(self, amount_minor: int | None) -> bool:
        """Whether a step about this sum needs it."""
        return self.above_minor is None or amount_minor is None or amount_minor > self.above_minor


@dataclass(frozen=True, slots=True)
class Wish:
    """A step that wants a second person: which, on what, with which facts (words for people)."""

    rule: Rule
    subject_type: str
    subject_id: uuid.UUID
    facts: Mapping[str, str]

    @property
    def facts_hash(self) -> str:
        """SHA-256 over the facts; one changed letter is another wish."""
        return hashlib.sha256(json.dumps(sorted(self.facts.items())).encode()).hexdigest()


class ApprovalNeeded(Refused):
    """Nothing was done: a second person has to agree first; the request can be made from ``wish``."""

    def __init__(self, wish: Wish, *reasons: str) -> None:
        self.wish = wish
        super().__init__(*reasons)


def require(session: Session, wish: Wish, now: datetime) -> None:
    """Let the step pass if exactly this was agreed to; else raise with what is missing, as a sentence.

    :class:`ApprovalNeeded` when it must be asked for (again), :class:`Refused` when it waits or was refused.
    """
    row = newest(session, wish.rule.action, wish.subject_id)
    if row is None or row.facts_hash != wish.facts_hash or row.decision is Decision.VOID:
        raise ApprovalNeeded(wish, say("A second person must agree to this first."))
    if row.decision is None:
        raise Refused(
            say("This waits for a second person to agree; {name} asked on {day}.",
                name=row.requested_name, day=row.requested_at.date())
        )  # fmt: skip
    if row.decision is Decision.REFUSED:
        if row.expires_at <= now:
            raise ApprovalNeeded(wish, say("A second person must agree to this first."))
        raise Refused(say("{name} did not agree: {note}", name=row.decided_name, note=row.note))
    if row.expires_at <= now:
        raise ApprovalNeeded(wish, say("The agreement is too old; a second person must agree again."))
    if row.not_before > now:
        raise Refused(say("Agreed, but not before {day}.", day=row.not_before.date()))


def request(session: Session, wish: Wish, actor: Actor, now: datetime) -> Approval:
    """Ask for a second person; an open request about other facts ends, the same one is kept."""
    open_row = session.scalars(
        select(Approval)
        .where(
            Approval.action == wish.rule.action, Approval.subject_id == wish.subject_id,
            Approval.decision.is_(None),
        )
        .with_for_update()
    ).first()  # fmt: skip
    if open_row is not None and open_row.facts_hash == wish.facts_hash and open_row.expires_at > now:
        return open_row
    if open_row is not None:
        _void(open_row, actor, now)
        session.flush()
    row = Approval(
        action=wish.rule.action, subject_type=wish.subject_type, subject_id=wish.subject_id,
        facts=dict(wish.facts), facts_hash=wish.facts_hash, requested_by=actor.id,
        requested_name=actor.name or actor.id, requested_at=now,
        not_before=now + timedelta(hours=wish.rule.cooling_hours),
        expires_at=now + timedelta(days=wish.rule.expires_days),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _tell(session, row, "asked", actor, now, say("Asked for a second person: {label}", label=wish.rule.label))
    return row


def decide(
    session: Session,
    approval_id: uuid.UUID,
    *,
    agree: bool,
    actor: Actor,
    now: datetime,
    note: str,
    alone: datetime | None,
) -> Approval:
    """Agree or refuse, once. ``alone``: since when, as declared, nobody else here could agree.

    Raises :class:`NotAllowed` for whoever asked (alone: until a day has passed), :class:`Refused` without a
    reason for a no, or when it was decided or ended meanwhile.
    """
    row = session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(say("This request"))
    if row.decision is not None:
        raise Refused(say("This was decided already."))
    if row.expires_at <= now:
        raise Refused(say("This request is too old. Ask again."))
    if not agree and not note.strip():
        raise Refused(say("Please say why, in a sentence."))
    same = row.requested_by == actor.id
    if agree and same:
        if alone is None:
            raise NotAllowed(say("You asked for this yourself; somebody else has to agree."))
        if now < ripe(row, alone):
            raise NotAllowed(say("Alone, you may agree to your own request a day after you made it."))
    row.decision = Decision.AGREED if agree else Decision.REFUSED
    row.decided_by, row.decided_name, row.decided_at = actor.id, actor.name or actor.id, now
    row.note, row.alone = note, agree and same
    session.flush()
    label = say("Agreed as the second person") if agree else say("Did not agree as the second person")
    if row.alone:
        label = say("Agreed alone, a day later (one-person instance)")
    _tell(session, row, row.decision.value, actor, now, label)
    return row


def ripe(row: Approval, alone: datetime) -> datetime:
    """From when the one who asked may agree, alone since ``alone``.

    The day is never shorter than the time alone: whoever sends the others away waits as well.
    """
    return max(row.requested_at, alone) + ALONE


def take_back(session: Session, approval: Approval, actor: Actor, now: datetime) -> None:
    """End a request that nobody decided, or an agreement that has not come to anything."""
    _void(approval, actor, now)
    session.flush()
    _tell(session, approval, "void", actor, now, say("Took the request back"))


def newest(session: Session, action: str, subject_id: uuid.UUID) -> Approval | None:
    """The last request about this step on this subject, decided or not."""
    return session.scalars(
        select(Approval)
        .where(Approval.action == action, Approval.subject_id == subject_id)
        .order_by(Approval.requested_at.desc(), Approval.id.desc())
        .limit(1)
    ).first()


def waiting(session: Session, now: datetime) -> list[Approval]:
    """Every request that waits for a decision, oldest first."""
    return list(
        session.scalars(
            select(Approval)
            .where(Approval.decision.is_(None), Approval.expires_at > now)
            .order_by(Approval.requested_at)
            .limit(SHOWN)
        )
    )


def decided(session: Session, count: int = 20) -> list[Approval]:
    """The last decisions, newest first."""
    rows = select(Approval).where(Approval.decision.is_not(None)).order_by(Approval.decided_at.desc())
    return list(session.scalars(rows.limit(count)))


def _void(row: Approval, actor: Actor, now: datetime) -> None:
    row.decision = Decision.VOID
    row.decided_by, row.decided_name, row.decided_at = actor.id, actor.name or actor.id, now


def _tell(session: Session, row: Approval, word: str, actor: Actor, now: datetime, label: str) -> None:
    """One line in the request's own chain: the subject's tells its states, and its row is not locked."""
    told = ", ".join(f"{name}: {value}" for name, value in row.facts.items())
    note = f"{told}. {row.note}".strip() if row.note else told
    audit.record(
        session, "approval", row.id, f"approval:{row.action}:{word}"[:80], actor, now,
        label=label[:200], note=note,
    )  # fmt: skip
