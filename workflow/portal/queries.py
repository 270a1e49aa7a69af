"""What the recipient may read; always from the one case of the session. Nothing else exists here."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import selectinload

from workflow.accounts.tokens import token_hash
from workflow.cases.models import Case, Evidence, Letter, LetterDocument, Message, Offer, Proof, Use
from workflow.cases.queries import with_evidence
from workflow.cases.states import Direction, EvidenceKind, LetterState
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.documents import Document
from workflow.kernel.errors import NotFound
from workflow.kernel.ids import normalise_reference
from workflow.kernel.said import say
from workflow.money.models import Payin
from workflow.money.states import LIVE
from workflow.portal.models import PortalSession

Owned = TypeVar("Owned", Use, Evidence, Message, Proof, Payin)

#: More than any honest case has; a page is a page.
SHOWN = 200


def is_out(case: Case) -> bool:
    """Whether somebody was written to about it: before that the case does not exist for the portal."""
    return case.offered_on is not None


def live_session(session: Session, token: str, wall: datetime) -> tuple[PortalSession, Case] | None:
    """This browser's session and the case it entered, while the session lasts and the code is still right."""
    row = session.execute(
        select(PortalSession, Case)
        .join(Case, Case.id == PortalSession.case_id)
        .where(PortalSession.token_hash == token_hash(token), *_lasting(wall))
    ).first()
    return (row[0], row[1]) if row is not None and is_out(row[1]) else None


def count_browsers(session: Session, case_id: uuid.UUID, wall: datetime, since: datetime) -> int:
    """In how many browsers the case is open: entered, and seen since then."""
    entered = (
        select(func.count())
        .select_from(PortalSession)
        .join(Case, Case.id == PortalSession.case_id)
        .where(PortalSession.case_id == case_id, PortalSession.seen_at >= since, *_lasting(wall))
    )
    return session.scalar(entered) or 0


def _lasting(wall: datetime) -> tuple[ColumnElement[bool], ...]:
    return PortalSession.expires_at > wall, PortalSession.code_lookup == Case.code_lookup


def case_by_reference(session: Session, text: str) -> Case | None:
    """The case for the verify page, if there is one and somebody was written to."""
    reference = normalise_reference(text)
    if reference is None:
        return None
    case = session.scalars(select(Case).where(Case.reference == reference)).first()
    return with_evidence(session, case) if case is not None and is_out(case) else None


def use_of(session: Session, case_id: uuid.UUID, use_id: uuid.UUID) -> Use:
    """One use of the case, with its evidence."""
    found = session.get(Use, use_id, options=[selectinload(Use.evidence)], populate_existing=True)
    return _own(found, case_id, say("This use"))


def evidence_of(session: Session, case_id: uuid.UUID, use_id: uuid.UUID, kind: EvidenceKind) -> Evidence:
    """One piece of evidence of one use of the case."""
    found = session.scalars(
        select(Evidence).where(Evidence.case_id == case_id, Evidence.use_id == use_id, Evidence.kind == kind)
    ).first()
    return _own(found, case_id, say("This picture"))


def current_offer(session: Session, case_id: uuid.UUID) -> Offer | None:
    """What is asked now: the newest offer."""
    return session.scalars(
        select(Offer).where(Offer.case_id == case_id).order_by(Offer.number.desc()).limit(1)
    ).first()


def letters_of(session: Session, case_id: uuid.UUID) -> list[Letter]:
    """Every letter that was printed, newest first; what was withheld was never said."""
    rows = session.scalars(
        select(Letter)
        .where(Letter.case_id == case_id, Letter.state != LetterState.WITHHELD)
        .order_by(Letter.queued_at.desc(), Letter.id.desc())
        .limit(SHOWN)
    )
    return [letter for letter in rows if letter.enclosures]


def messages_of(session: Session, case_id: uuid.UUID) -> list[Message]:
    """Everything that was written here, newest first; not what staff noted about letters and calls."""
    written_here = or_(Message.direction == Direction.OUTGOING, Message.author_role == Role.INFRINGER)
    return list(
        session.scalars(
            select(Message)
            .where(Message.case_id == case_id, written_here)
            .order_by(Message.at.desc(), Message.id.desc())
            .limit(SHOWN)
        )
    )


def answer_of(session: Session, case_id: uuid.UUID, message_id: uuid.UUID) -> Message:
    """One answer the recipient gave here; what staff wrote down about letters and calls is none."""
    found = _own(session.get(Message, message_id), case_id, say("This message"))
    if found.author_role is not Role.INFRINGER:
        raise NotFound(say("This message"))
    return found


def enclosure_of(session: Session, case_id: uuid.UUID, document_id: uuid.UUID) -> Document:
    """A PDF of a letter of the case."""
    found = session.scalars(
        select(Document)
        .join(LetterDocument, LetterDocument.document_id == Document.id)
        .join(Letter, Letter.id == LetterDocument.letter_id)
        .where(Document.id == document_id, Letter.case_id == case_id, Letter.state != LetterState.WITHHELD)
    ).first()
    if found is None:
        raise NotFound(say("This document"))
    return found


def proof_of(session: Session, case_id: uuid.UUID, proof_id: uuid.UUID) -> Proof:
    """A file the recipient sent."""
    return _own(session.get(Proof, proof_id), case_id, say("This file"))


def _own(row: Owned | None, case_id: uuid.UUID, what: str) -> Owned:
    if row is None or row.case_id != case_id:
        raise NotFound(what)
    return row


def payin_of(session: Session, case_id: uuid.UUID, payin_id: uuid.UUID) -> Payin:
    """One payment of the case."""
    return _own(session.get(Payin, payin_id), case_id, say("This payment"))


def live_payin(session: Session, case_id: uuid.UUID) -> Payin | None:
    """The payment that was begun and may still be finished."""
    return session.scalars(select(Payin).where(Payin.case_id == case_id, Payin.state.in_(LIVE))).first()
