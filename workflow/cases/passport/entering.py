"""Making entries when a case ends, and ending one by hand."""

from __future__ import annotations

import uuid
from datetime import datetime

from workflow.cases.models import Case
from workflow.cases.passport.models import PassportEntry
from workflow.cases.passport.states import Scope
from workflow.cases.states import ClosedReason
from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.hosts import host_of, registrable
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import Context
from workflow.kernel.said import say


def enter(context: Context[Case]) -> None:
    """What the closing letter promises: one entry for every use. A licence covers the whole site."""
    case = context.subject
    reason = case.closed_reason
    assert reason is not None, "the case is over"
    scope = Scope.SITE if reason is ClosedReason.LICENSED else Scope.PAGE
    seen = set()
    for use in case.uses:
        if (use.work_id, use.page_url) in seen:
            continue
        seen.add((use.work_id, use.page_url))
        context.session.add(
            PassportEntry(
                id=new_id(), case_id=case.id, work_id=use.work_id, page_url=use.page_url,
                domain=registrable(host_of(use.page_url))[:255], scope=scope, reason=reason,
                made_at=context.now,
            )
        )  # fmt: skip


def end_entry(session: Session, entry_id: uuid.UUID, why: str, actor: Actor, now: datetime) -> PassportEntry:
    """A licence ran out, or was a mistake: from now on new hits are shown again."""
    entry = session.get(PassportEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise NotFound(say("This entry"))
    if entry.ended_at is not None:
        raise Refused(say("This entry has ended already."))
    if entry.scope is Scope.PAGE:
        raise Refused(say("The closing letter promised that no second claim is made for this page."))
    if not why.strip():
        raise Refused(say("Please say why it ends, in a sentence."))
    entry.ended_at, entry.ended_by, entry.ended_why = now, actor.name, why.strip()[:500]
    session.flush()
    label = say("Entry of the licence passport ended")
    note = f"{entry.domain}: {entry.ended_why}"
    audit.record(session, "passport", entry.id, "passport:end", actor, now, label=label, note=note)
    return entry
