"""Truths of the kernel, derived again from the rows: database, life cycles, dates, messages, documents.

Each function reads and returns sentences; an empty list is well. What is large is streamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import String, cast, func, select, text, type_coerce

from workflow.kernel.audit import AuditEntry
from workflow.kernel.db import Session
from workflow.kernel.deadlines import LIVE, DeadlineRow, DeadlineState
from workflow.kernel.inbox import InboxMessage, InboxState
from workflow.kernel.lifecycle import Lifecycle
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say

#: Rows read at once.
BATCH = 500
#: How many sentences one truth may say; the rest is only counted.
MOST = 50
#: A worker that held a message until this long ago is not coming back, and nobody took it over.
LEASE_LONG_OVER = timedelta(hours=1)
#: A person should have looked by then.
LOOKED_AT_BY = timedelta(days=1)
#: Nothing waits so long while a worker runs.
WAITS_AT_MOST = timedelta(hours=1)
SQLITE_FULL = 2
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
UNSAFE = {"fsync": ("off",), "full_page_writes": ("off",), "synchronous_commit": ("off",)}

T = TypeVar("T")


def batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """The rows in lists of at most ``size``."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def database_is_whole(session: Session, *, fast: bool) -> list[str]:
    """What the database says about itself: pages, references, how durable a commit is."""
    if session.get_bind().dialect.name != "sqlite":
        return []
    look = "quick_check" if fast else "integrity_check"
    problems: list[str] = [
        say("The database file is damaged: {said}", said=said)
        for (said,) in session.execute(text(f"PRAGMA {look}(10)"))
        if said != "ok"
    ]  # fmt: skip
    if not fast:
        dangling = session.execute(text("PRAGMA foreign_key_check")).fetchmany(MOST)
        problems += [
            say("A row of {table} points to a row of {other} that is gone.", table=row[0], other=row[2])
            for row in dangling
        ]
    if session.execute(text("PRAGMA synchronous")).scalar() != SQLITE_FULL:
        problems.append(
            say("SQLite does not run with synchronous=FULL: a commit could be lost at power loss.")
        )
    return problems


def commits_are_durable(session: Session) -> list[str]:
    """PostgreSQL must keep what it acknowledged; an instance with real money does not start otherwise."""
    if session.get_bind().dialect.name != "postgresql":
        return []
    told = {name: str(session.execute(text(f"SHOW {name}")).scalar()) for name in DURABLE}
    return [
        say("PostgreSQL runs with {name}={value}: a commit could be lost at power loss. Set "
"{name}=on.", name=name, value=value)
        for name, value in told.items() if value in UNSAFE[name]
    ]  # fmt: skip


def states_are_as_told(session: Session, lifecycle: Lifecycle[Any]) -> list[str]:
    """The last audit entry that moved a subject says the state its row is in."""
    model = lifecycle.model
    told = (
        select(AuditEntry.after)
        .where(
            AuditEntry.subject_type == lifecycle.name,
            AuditEntry.subject_id == model.id,
            AuditEntry.after != "",  # the others tell of something beside its state, such as an approval
        )
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
        .correlate(model)
        .scalar_subquery()
    )
    state = type_coerce(cast(model.state, String), String)
    wrong = select(model.id, state, told).where(func.coalesce(told, "") != state).limit(MOST + 1)
    return _told(
        say(
            "The {lifecycle_name} {key} is “{stands}”, but its history ends with “{what}”.",
            lifecycle_name=lifecycle.name,
            key=key,
            stands=stands,
            what=said or "nothing",
        )
        for key, stands, said in session.execute(wrong)
    )


def one_live_date_per_kind(session: Session) -> list[str]:
    """No subject has two live dates of one kind, whatever the unique index says."""
    twice = (
        select(DeadlineRow.subject_type, DeadlineRow.subject_id, DeadlineRow.kind, func.count())
        .where(DeadlineRow.state.in_(LIVE))
        .group_by(DeadlineRow.subject_type, DeadlineRow.subject_id, DeadlineRow.kind)
        .having(func.count() > 1)
        .limit(MOST + 1)
    )
    return _told(
        say(
            "The {subject} {key} has {count} live dates of the kind “{kind}”.",
            subject=subject,
            key=key,
            count=count,
            kind=kind,
        )
        for subject, key, kind, count in session.execute(twice)
    )


def taken_dates_are_at_work(session: Session) -> list[str]:
    """A date that a tick took has a message that will fire it."""
    taken = select(DeadlineRow.id, DeadlineRow.claims).where(DeadlineRow.state == DeadlineState.CLAIMED)
    problems = []
    for batch in batches(session.execute(taken.execution_options(yield_per=BATCH))):
        keys = {f"deadline:{key}:{claims}": key for key, claims in batch}
        alive = _at_work(session, keys)
        problems += [
            say("The date {keys} was taken, but no message fires it.", keys=keys[key])
            for key in keys
            if key not in alive
        ]
    return _told(problems)


def received_messages_are_at_work(session: Session) -> list[str]:
    """What came in and has no effect yet has a message that will read it."""
    waiting = select(InboxMessage.source, InboxMessage.foreign_id).where(
        InboxMessage.state == InboxState.RECEIVED
    )
    problems = []
    for batch in batches(session.execute(waiting.execution_options(yield_per=BATCH))):
        keys = {f"inbox:{source}:{name}": f"{name} of {source}" for source, name in batch}
        alive = _at_work(session, keys)
        problems += [
            say("The message {keys} came in, but nothing reads it.", keys=keys[key])
            for key in keys
            if key not in alive
        ]
    return _told(problems)


def no_message_is_abandoned(session: Session, runtime: Runtime) -> list[str]:
    """No message stays with a worker that fell silent."""
    wall = runtime.clock.wall()
    silent = select(OutboxMessage.key).where(
        OutboxMessage.state == OutboxState.CLAIMED, OutboxMessage.lease_until < wall - LEASE_LONG_OVER
    )
    return _told(
        say("The message {key} was taken by a worker that fell silent, and no worker took it over.", key=key)
        for key in session.scalars(silent.limit(MOST + 1))
    )


def messages_that_want_a_look(session: Session, runtime: Runtime) -> list[str]:
    """Failed, unknown and long waiting messages: no truth is broken, but a person should look."""
    # rows carry wall or business time, whichever their writer had
    now = min(runtime.clock.wall(), runtime.clock.business())
    stuck = select(OutboxMessage.state, func.count()).where(
        OutboxMessage.state.in_((OutboxState.FAILED, OutboxState.UNKNOWN)),
        OutboxMessage.created_at < now - LOOKED_AT_BY,
    )
    notices: list[str] = [
        say(
            "{count} messages have been “{state}” for more than a day: see the queue.",
            count=count,
            state=state.value,
        )
        for state, count in session.execute(stuck.group_by(OutboxMessage.state))
    ]
    waiting = session.scalar(
        select(func.count()).select_from(OutboxMessage).where(
            OutboxMessage.state == OutboxState.PENDING, OutboxMessage.created_at < now - WAITS_AT_MOST
        )
    )  # fmt: skip
    if waiting:
        notices.append(
            say("{waiting} messages have waited for more than an hour: does a worker run?", waiting=waiting)
        )
    return notices


def still_at_work(session: Session, keys: Iterable[str]) -> set[str]:
    """Which of these messages are not done yet (waiting, taken, failed or unknown)."""
    found: set[str] = set()
    for batch in batches(keys):
        found |= _at_work(session, batch)
    return found


def _at_work(session: Session, keys: Iterable[str]) -> set[str]:
    return set(
        session.scalars(
            select(OutboxMessage.key).where(
                OutboxMessage.key.in_(tuple(keys)), OutboxMessage.state != OutboxState.DONE
            )
        )
    )


def _told(sentences: Iterable[str]) -> list[str]:
    """At most :data:`MOST` sentences, and one that says that there are more."""
    told = list(islice(sentences, MOST + 1))
    return (
        told if len(told) <= MOST else [*told[:MOST], say("… and more than {most} of this kind.", most=MOST)]
    )


def shortened(sentences: Sequence[str]) -> list[str]:
    """The same for whoever has them all already."""
    return _told(sentences)
