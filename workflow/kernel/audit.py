"""What happened, told once: append-only, hash-chained per subject, heads sealed into one global chain.

UPDATE and DELETE are refused by triggers (migration 0002); the chain shows what a superuser changed.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id
from workflow.kernel.said import say

#: What the first entry of a chain points to.
GENESIS = "0" * 64
#: How far a commit may lag behind the making of its key.
LOOK_BACK_MS = 10 * 60 * 1000
#: Rows a check reads at once.
CHECK_BATCH = 500


class AuditEntry(Base):
    """One thing that happened to one subject."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("subject_type", "subject_id", "sequence"),
        Index("ix_audit_entries_at", "at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID]
    sequence: Mapped[int]
    at: Mapped[datetime]
    actor_role: Mapped[Role] = enum_column(Role, "actor_role")
    actor_id: Mapped[str] = mapped_column(String(80))
    actor_name: Mapped[str] = mapped_column(String(200))
    #: Typed tag such as ``case:offer``: subject, then trigger.
    action: Mapped[str] = mapped_column(String(80))
    before: Mapped[str] = mapped_column(String(40), default="")
    after: Mapped[str] = mapped_column(String(40), default="")
    #: The sentence from the table, for people.
    label: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def computed_hash(self) -> str:
        """SHA-256 over every field and the hash before."""
        told = [
            str(self.id), self.subject_type, str(self.subject_id), self.sequence, self.at.isoformat(),
            self.actor_role.value, self.actor_id, self.actor_name, self.action, self.before, self.after,
            self.label, self.note, self.previous_hash,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


class AuditSeal(Base):
    """A link of the global chain: the heads of all subjects that changed since the link before."""

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    entries: Mapped[int]
    last_entry_id: Mapped[uuid.UUID]
    heads: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def computed_hash(self) -> str:
        told = [
            self.number, self.at.isoformat(), self.entries, str(self.last_entry_id),
            sorted(self.heads.items()), self.previous_hash,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def record(
    session: Session,
    subject_type: str,
    subject_id: uuid.UUID,
    action: str,
    actor: Actor,
    now: datetime,
    *,
    before: str = "",
    after: str = "",
    label: str = "",
    note: str = "",
) -> AuditEntry:
    """Append one entry to the subject's chain. The caller has locked the subject's row.

    It is written with the next flush, at the latest before the next query of this session.
    """
    if any(isinstance(waiting, AuditEntry) for waiting in session.new):
        session.flush()  # the chain goes on from there
    with session.no_autoflush:
        head = session.execute(
            select(AuditEntry.sequence, AuditEntry.hash)
            .where(AuditEntry.subject_type == subject_type, AuditEntry.subject_id == subject_id)
            .order_by(AuditEntry.sequence.desc())
            .limit(1)
        ).first()
    entry = AuditEntry(
        id=new_id(),
        subject_type=subject_type,
        subject_id=subject_id,
        sequence=head.sequence + 1 if head else 1,
        at=now,
        actor_role=actor.role,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        before=before,
        after=after,
        label=label,
        note=note,
        previous_hash=head.hash if head else GENESIS,
    )
    entry.hash = entry.computed_hash()
    session.add(entry)
    return entry


def history(session: Session, subject_type: str, subject_id: uuid.UUID) -> list[AuditEntry]:
    """The subject's life, oldest first."""
    return list(
        session.scalars(
            select(AuditEntry)
            .where(AuditEntry.subject_type == subject_type, AuditEntry.subject_id == subject_id)
            .order_by(AuditEntry.sequence)
        )
    )


def newest(session: Session, subject_type: str, subject_id: uuid.UUID, action: str) -> AuditEntry | None:
    """The last time this was done to the subject."""
    return session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject_type == subject_type, AuditEntry.subject_id == subject_id,
            AuditEntry.action == action,
        )
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).first()  # fmt: skip


def seal(session: Session, now: datetime) -> AuditSeal | None:
    """Link the heads changed since the last seal into the global chain; ``None`` when nothing happened."""
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).first()
    recent = select(AuditEntry).order_by(AuditEntry.id)
    sealed: set[str] = set()
    if last:
        # Keys are ordered by time, commits need not be: look back a little and leave out what is sealed.
        margin = uuid.UUID(int=max(0, last.last_entry_id.int - (LOOK_BACK_MS << 80)))
        recent = recent.where(AuditEntry.id > margin)
        for link in session.scalars(select(AuditSeal).where(AuditSeal.last_entry_id > margin)):
            sealed.update(link.heads.values())
    entries = session.scalars(recent).all()
    heads: dict[str, AuditEntry] = {}
    for entry in sorted(entries, key=lambda entry: entry.sequence):
        heads[f"{entry.subject_type}:{entry.subject_id}"] = entry
    fresh = {subject: entry.hash for subject, entry in heads.items() if entry.hash not in sealed}
    if not fresh:
        return None
    link = AuditSeal(
        number=last.number + 1 if last else 1,
        at=now,
        entries=len(fresh),
        last_entry_id=entries[-1].id,
        heads=fresh,
        previous_hash=last.hash if last else GENESIS,
    )
    link.hash = link.computed_hash()
    session.add(link)
    session.flush()
    return link


def check(session: Session) -> list[str]:
    """Every break in a chain as a sentence; an empty list when all is well. Rows are streamed."""
    return [*_broken_chains(session), *_broken_seals(session)]


def _broken_chains(session: Session) -> Iterator[str]:
    entries = session.scalars(
        select(AuditEntry)
        .order_by(AuditEntry.subject_type, AuditEntry.subject_id, AuditEntry.sequence)
        .execution_options(yield_per=CHECK_BATCH)
    )
    subject, sequence, previous = None, 0, GENESIS
    for entry in entries:
        if (entry.subject_type, entry.subject_id) != subject:
            subject, sequence, previous = (entry.subject_type, entry.subject_id), 0, GENESIS
        intact = entry.sequence == sequence + 1 and entry.previous_hash == previous
        if not intact or entry.hash != entry.computed_hash():
            yield say(
                "Audit chain of {subject_type} {subject_id} breaks at {sequence}.",
                subject_type=entry.subject_type,
                subject_id=entry.subject_id,
                sequence=entry.sequence,
            )
        sequence, previous = entry.sequence, entry.hash
        session.expunge(entry)


def _broken_seals(session: Session) -> Iterator[str]:
    previous = GENESIS
    links = select(AuditSeal).order_by(AuditSeal.number).execution_options(yield_per=CHECK_BATCH)
    for link in session.scalars(links):
        if link.previous_hash != previous or link.hash != link.computed_hash():
            yield say("Audit seal {link_number} does not fit the one before.", link_number=link.number)
        previous = link.hash
        heads = list(link.heads.items())
        for at in range(0, len(heads), CHECK_BATCH):
            yield from _missing_heads(session, link.number, dict(heads[at : at + CHECK_BATCH]))
        session.expunge(link)


def _missing_heads(session: Session, number: int, heads: dict[str, str]) -> Iterator[str]:
    """Heads that a seal names and no entry has any more; found by their subject, which has an index."""
    subjects = [uuid.UUID(name.split(":", 1)[1]) for name in heads]
    there = set(
        session.execute(
            select(AuditEntry.subject_type, AuditEntry.subject_id, AuditEntry.hash).where(
                AuditEntry.subject_type.in_({name.split(":", 1)[0] for name in heads}),
                AuditEntry.subject_id.in_(subjects),
                AuditEntry.hash.in_(list(heads.values())),
            )
        ).all()
    )
    found = {(f"{kind}:{key}", head) for kind, key, head in there}
    for subject, head in heads.items():
        if (subject, head) not in found:
            yield say(
                "Audit seal {number} names an entry of {subject} that is gone.",
                number=number,
                subject=subject,
            )
