"""Reading what came in by hand; for operators."""

from __future__ import annotations

import re
import uuid

from sqlalchemy import Select, select

from workflow.accounts.models import ContactRequest
from workflow.cases.arrivals.models import Arrival, ArrivalScan
from workflow.cases.models import Case
from workflow.kernel.db import Session
from workflow.kernel.documents import Document
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import normalise_reference
from workflow.kernel.said import say

SHOWN = 100
#: What could be a reference, with its dash or without.
_REFERENCE = re.compile(r"\b[A-Za-z0-9]{6}-?[A-Za-z0-9]\b")


def unmatched() -> Select[Arrival]:
    """What no case has been found for."""
    return select(Arrival).where(Arrival.case_id.is_(None), Arrival.withdrawn_at.is_(None))


def unanswered() -> Select[ContactRequest]:
    """Messages of the contact page of which nobody has said what became of them."""
    return select(ContactRequest).where(ContactRequest.done_at.is_(None))


def messages(session: Session) -> list[ContactRequest]:
    """The same, oldest first."""
    return list(session.scalars(unanswered().order_by(ContactRequest.created_at).limit(SHOWN)))


def message_of(session: Session, contact_id: uuid.UUID) -> ContactRequest:
    """One message of the contact page."""
    found = session.get(ContactRequest, contact_id)
    if found is None:
        raise NotFound(say("This message"))
    return found


def case_in(session: Session, text: str) -> Case | None:
    """The case whose reference stands somewhere in a text; ``None`` when none or several are named."""
    signs = {reference for word in _REFERENCE.findall(text) if (reference := normalise_reference(word))}
    found = session.scalars(select(Case).where(Case.reference.in_(signs)).limit(2)).all()
    return found[0] if len(found) == 1 else None


def waiting(session: Session) -> list[Arrival]:
    """The same, oldest first."""
    return list(session.scalars(unmatched().order_by(Arrival.recorded_at).limit(SHOWN)))


def recent(session: Session) -> list[tuple[Arrival, Case]]:
    """What was assigned last."""
    rows = session.execute(
        select(Arrival, Case)
        .join(Case, Case.id == Arrival.case_id)
        .order_by(Arrival.assigned_at.desc())
        .limit(SHOWN)
    )
    return [(arrival, case) for arrival, case in rows]


def arrival_of(session: Session, arrival_id: uuid.UUID) -> Arrival:
    """One record."""
    arrival = session.get(Arrival, arrival_id)
    if arrival is None:
        raise NotFound(say("This record"))
    return arrival


def arrivals_of(session: Session, case_id: uuid.UUID) -> list[Arrival]:
    """What came in for one case, newest first, withdrawn ones too."""
    rows = (
        select(Arrival)
        .where(Arrival.case_id == case_id)
        .order_by(Arrival.received_on.desc(), Arrival.id.desc())
    )
    return list(session.scalars(rows.limit(SHOWN)))


def scan_of(session: Session, scan_id: uuid.UUID) -> tuple[ArrivalScan, Document]:
    """One scanned file."""
    found = session.execute(
        select(ArrivalScan, Document)
        .join(Document, Document.id == ArrivalScan.document_id)
        .where(ArrivalScan.id == scan_id)
    ).first()
    if found is None:
        raise NotFound(say("This scan"))
    return found[0], found[1]


def case_named(session: Session, text: str) -> Case:
    """The case with this reference, as it is written on a letter; :class:`Refused` when there is none."""
    reference = normalise_reference(text)
    found = None
    if reference is not None:
        found = session.scalars(select(Case).where(Case.reference == reference)).first()
    if found is None:
        raise Refused(say("No case has the reference “{given}”.", given=text.strip()[:20]))
    return found
