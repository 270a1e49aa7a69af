"""Reading cases; always from the actor: somebody else's case does not exist."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import selectinload

from workflow.cases.models import (
    Case,
    Evidence,
    Letter,
    LetterDocument,
    Message,
    Offer,
    Proof,
    Use,
)
from workflow.cases.states import STAGE_OF_CASE, CaseState, Channel, EvidenceKind, LetterState, Stage
from workflow.kernel.actors import Actor, Role
from workflow.kernel.audit import AuditEntry
from workflow.kernel.db import Session
from workflow.kernel.deadlines import LIVE, DeadlineRow
from workflow.kernel.documents import Document
from workflow.kernel.errors import NotFound
from workflow.kernel.ids import normalise_reference
from workflow.kernel.said import say

ROWS = 30
#: More than any honest case has; a page is a page.
SHOWN = 200
SEARCH_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for; empty fields ask for everything. ``before`` and ``after`` are keys of rows."""

    stage: Stage | None = None
    state: CaseState | None = None
    search: str = ""
    before: uuid.UUID | None = None
    after: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases, newest first, and the keys that lead to the pages around it."""

    cases: list[Case]
    newer: uuid.UUID | None
    older: uuid.UUID | None


def with_evidence(session: Session, case: Case) -> Case:
    """The case with the evidence of its uses at hand, in one statement for all of them."""
    wanted = select(Use).where(Use.case_id == case.id).options(selectinload(Use.evidence))
    session.scalars(wanted.execution_options(populate_existing=True)).all()
    return case


def case_for(session: Session, actor: Actor, case_id: uuid.UUID) -> Case:
    """The case, for its owner and for operators; :class:`NotFound` for everybody else."""
    case = session.scalars(select(Case).where(Case.id == case_id, *_visible(actor))).first()
    if case is None:
        raise NotFound(say("This case"))
    return case


def cases_of(session: Session, actor: Actor, wanted: Wanted) -> CasePage:
    """The cases that fit, newest first; no page is slower than another, however far it lies back."""
    fitting = [*_visible(actor), *_fitting(actor, wanted)]
    query = select(Case).where(*fitting).limit(ROWS + 1)
    if wanted.after is not None:
        query = query.where(Case.id > wanted.after).order_by(Case.id)
    elif wanted.before is not None:
        query = query.where(Case.id < wanted.before).order_by(Case.id.desc())
    else:
        query = query.order_by(Case.id.desc())
    rows = list(session.scalars(query))
    more = len(rows) > ROWS
    rows = rows[:ROWS]
    if wanted.after is not None:
        rows.reverse()
        newer, older = more, True
    else:
        newer, older = wanted.before is not None, more
    return CasePage(
        rows,
        newer=rows[0].id if rows and newer else None,
        older=rows[-1].id if rows and older else None,
    )


def counts_by_stage(session: Session, actor: Actor) -> dict[Stage, int]:
    """How many cases stand in each stage."""
    counts = dict.fromkeys(Stage, 0)
    rows = session.execute(select(Case.state, func.count()).where(*_visible(actor)).group_by(Case.state))
    for state, count in rows:
        counts[STAGE_OF_CASE[state]] += count
    return counts


def current_offer(session: Session, case_id: uuid.UUID) -> Offer | None:
    """What is asked now: the newest offer."""
    return current_offers(session, [case_id]).get(case_id)


def current_offers(session: Session, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Offer]:
    """What is asked in each of these cases, in one look."""
    rows = session.scalars(select(Offer).where(Offer.case_id.in_(case_ids)).order_by(Offer.number))
    return {offer.case_id: offer for offer in rows}


def offers_of(session: Session, case_id: uuid.UUID) -> list[Offer]:
    """Every offer of the case, newest first."""
    rows = select(Offer).where(Offer.case_id == case_id).order_by(Offer.number.desc()).limit(SHOWN)
    return list(session.scalars(rows))


def offer_at(session: Session, case_id: uuid.UUID, moment: datetime) -> Offer | None:
    """What was asked at that moment."""
    return session.scalars(
        select(Offer)
        .where(Offer.case_id == case_id, Offer.made_at <= moment)
        .order_by(Offer.number.desc())
        .limit(1)
    ).first()


def dates_of(session: Session, case_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[DeadlineRow]]:
    """The dates of these cases that still matter, next first."""
    found: dict[uuid.UUID, list[DeadlineRow]] = {case_id: [] for case_id in case_ids}
    rows = session.scalars(
        select(DeadlineRow)
        .where(
            DeadlineRow.subject_type == "case",
            DeadlineRow.subject_id.in_(found),
            DeadlineRow.state.in_(LIVE),
        )
        .order_by(DeadlineRow.due_at)
    )
    for row in rows:
        found[row.subject_id].append(row)
    return found


def asked_at(session: Session, cases: Iterable[Case]) -> dict[uuid.UUID, datetime]:
    """When the rights-holder was asked for what is missing, for the cases that wait for it."""
    waiting = [case.id for case in cases if case.state is CaseState.INFO_NEEDED]
    if not waiting:
        return {}
    rows = session.execute(
        select(AuditEntry.subject_id, func.max(AuditEntry.at))
        .where(
            AuditEntry.subject_type == "case",
            AuditEntry.subject_id.in_(waiting),
            AuditEntry.action == "case:ask_owner",
        )
        .group_by(AuditEntry.subject_id)
    )
    return {row.subject_id: row[1] for row in rows}


def asked_for(session: Session, case: Case) -> str:
    """What the rights-holder was asked for last, while that is open; else an empty text."""
    if case.state is not CaseState.INFO_NEEDED:
        return ""
    entry = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject_type == "case",
            AuditEntry.subject_id == case.id,
            AuditEntry.action == "case:ask_owner",
        )
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).first()
    return entry.note if entry else ""


def letters_of(session: Session, case_id: uuid.UUID) -> list[Letter]:
    """Every letter of the case, newest first, those that never left too."""
    return list(
        session.scalars(
            select(Letter)
            .where(Letter.case_id == case_id)
            .order_by(Letter.queued_at.desc(), Letter.id.desc())
            .limit(SHOWN)
        )
    )


def letters_by_state(
    session: Session,
    state: LetterState | None,
    before: uuid.UUID | None = None,
    channel: Channel | None = None,
) -> list[tuple[Letter, Case]]:
    """The newest letters of all cases, one more than a page; for operators."""
    query = select(Letter, Case).join(Case, Case.id == Letter.case_id)
    if state is not None:
        query = query.where(Letter.state == state)
    if channel is not None:
        query = query.where(Letter.channel == channel)
    if before is not None:
        query = query.where(Letter.id < before)
    rows = session.execute(query.order_by(Letter.id.desc()).limit(ROWS + 1))
    return [(letter, case) for letter, case in rows]


def letter_counts(session: Session) -> dict[LetterState, int]:
    """How many letters stand in each state."""
    counts = dict.fromkeys(LetterState, 0)
    for state, count in session.execute(select(Letter.state, func.count()).group_by(Letter.state)):
        counts[state] = count
    return counts


def messages_of(session: Session, case_id: uuid.UUID) -> list[Message]:
    """Everything that was written about the case outside of letters, newest first."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.case_id == case_id)
            .order_by(Message.at.desc(), Message.id.desc())
            .limit(SHOWN)
        )
    )


def enclosure_of(
    session: Session, case: Case, document_id: uuid.UUID
) -> tuple[Letter, LetterDocument, Document]:
    """A printed page of a letter of this case."""
    found = session.execute(
        select(Letter, LetterDocument, Document)
        .join(LetterDocument, LetterDocument.letter_id == Letter.id)
        .join(Document, Document.id == LetterDocument.document_id)
        .where(Letter.case_id == case.id, Document.id == document_id)
        .limit(1)
    ).first()
    if found is None:
        raise NotFound(say("This document"))
    return found[0], found[1], found[2]


def evidence_of(session: Session, case: Case, use_id: uuid.UUID, kind: EvidenceKind) -> Document:
    """One piece of evidence of one use in this case."""
    found = session.scalars(
        select(Document)
        .join(Evidence, Evidence.document_id == Document.id)
        .where(Evidence.case_id == case.id, Evidence.use_id == use_id, Evidence.kind == kind)
    ).first()
    if found is None:
        raise NotFound(say("This picture"))
    return found


def proof_of(session: Session, case: Case, proof_id: uuid.UUID) -> tuple[Proof, Document]:
    """A file the recipient showed in this case."""
    found = session.execute(
        select(Proof, Document)
        .join(Document, Document.id == Proof.document_id)
        .where(Proof.case_id == case.id, Proof.id == proof_id)
    ).first()
    if found is None:
        raise NotFound(say("This file"))
    return found[0], found[1]


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    if actor.role is Role.OPERATOR:
        return []
    if actor.role is Role.RIGHTS_HOLDER:
        return [Case.owner_id == uuid.UUID(actor.id)]
    raise NotFound(say("This case"))


def _fitting(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    fitting: list[ColumnElement[bool]] = []
    if wanted.stage is not None:
        states = [state for state, stage in STAGE_OF_CASE.items() if stage is wanted.stage]
        fitting.append(Case.state.in_(states))
    if wanted.state is not None:
        fitting.append(Case.state == wanted.state)
    reference = normalise_reference(wanted.search)
    if reference is not None:
        return [*fitting, Case.reference == reference]
    columns = [Case.host, Case.reference]
    if actor.role is Role.OPERATOR:
        columns += [Case.owner_name, Case.recipient_name]
    for word in wanted.search.lower()[:SEARCH_LENGTH].split():
        in_a_use = Case.uses.any(
            or_(
                func.lower(Use.work_title).contains(word, autoescape=True),
                func.lower(Use.page_url).contains(word, autoescape=True),
            )
        )
        told = (func.lower(column).contains(word, autoescape=True) for column in columns)
        fitting.append(or_(in_a_use, *told))
    return fitting
