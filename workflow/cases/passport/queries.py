"""Reading the licence passport."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from workflow.cases.models import Case
from workflow.cases.passport.models import PassportEntry
from workflow.cases.passport.states import Scope
from workflow.kernel.db import Session
from workflow.kernel.hosts import host_of, registrable
from workflow.kernel.said import say
from workflow.works.models import Work

SHOWN = 100
LICENSED = say(
    "{domain} has shown a licence for this photograph (case {case}, {day}); nobody is written to again."
)
CLOSED = say("A case about this page was closed (case {case}, {day}); no second claim is made for it.")


def covering(session: Session, work_id: uuid.UUID, domain: str, page_url: str) -> PassportEntry | None:
    """The entry that settles a use of this photograph on this page; a licence before a closed page."""
    entries = session.scalars(
        select(PassportEntry)
        .where(
            PassportEntry.work_id == work_id, PassportEntry.domain == domain, PassportEntry.ended_at.is_(None)
        )
        .order_by(PassportEntry.scope.desc(), PassportEntry.made_at)
    )
    return next((entry for entry in entries if entry.covers(domain, page_url)), None)


def why_covered(session: Session, entry: PassportEntry) -> str:
    """The same as a sentence for the rights-holder and the operator."""
    case = session.get_one(Case, entry.case_id)
    if entry.scope is Scope.SITE:
        return say(LICENSED, domain=entry.domain, case=case.reference, day=entry.made_at.date())
    return say(CLOSED, case=case.reference, day=entry.made_at.date())


def reasons_against(session: Session, case: Case) -> list[str]:
    """Which uses of a case are settled already, each as a sentence."""
    found = (
        covering(session, use.work_id, registrable(host_of(use.page_url)), use.page_url) for use in case.uses
    )
    return list(dict.fromkeys(why_covered(session, entry) for entry in found if entry is not None))


def entries(session: Session, words: str) -> list[tuple[PassportEntry, Case, Work]]:
    """The newest entries, or those of a domain or photograph that holds these words."""
    wanted = (
        select(PassportEntry, Case, Work)
        .join(Case, Case.id == PassportEntry.case_id)
        .join(Work, Work.id == PassportEntry.work_id)
        .order_by(PassportEntry.made_at.desc(), PassportEntry.id.desc())
        .limit(SHOWN)
    )
    if words:
        wanted = wanted.where(
            PassportEntry.domain.icontains(words, autoescape=True)
            | Work.title.icontains(words, autoescape=True)
        )
    return [(entry, case, work) for entry, case, work in session.execute(wanted)]
