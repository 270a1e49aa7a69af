"""The rows of a letter's journeys: begun, found, and what they say about the letter as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select

from workflow.cases.models import Case, Letter
from workflow.cases.post.channels import is_registered
from workflow.cases.post.models import LetterDelivery
from workflow.cases.post.states import LEFT_STATES, OPEN_STATES, DeliveryState, Way
from workflow.cases.states import LetterState
from workflow.kernel import outbox
from workflow.kernel.db import Session
from workflow.kernel.ids import new_id

#: On its way to the recipient or there, as far as anybody knows.
REACHED = {DeliveryState.POSTED, DeliveryState.SENT, DeliveryState.DELIVERED}


def begin_delivery(
    session: Session, letter: Letter, case: Case, way: Way, today: date, now: datetime
) -> LetterDelivery:
    """One more try by this way; a mail is asked of the worker at once, paper waits for a batch."""
    before = [row.attempt for row in deliveries_of(session, letter.id) if row.way is way]
    delivery = LetterDelivery(
        id=new_id(),
        letter_id=letter.id,
        way=way,
        attempt=max(before, default=0) + 1,
        state=DeliveryState.WAITING,
        address=case.recipient_email if way is Way.MAIL else "",
        edition=letter.edition,
        registered=way is Way.POST and is_registered(letter.step, today),
        made_at=now,
    )
    session.add(delivery)
    session.flush()
    if way is Way.MAIL:
        key = message_key("letter", letter.id, delivery.attempt)
        outbox.post(session, "letter", {"letter_id": str(letter.id)}, key=key, now=now)
    return delivery


def message_key(kind: str, letter_id: uuid.UUID, attempt: int) -> str:
    """The key of the message that prints (``letter``) or sends (``letter.send``) one try by mail."""
    return f"{kind}:{letter_id}" if attempt == 1 else f"{kind}:{letter_id}:{attempt}"


def deliveries_of(session: Session, letter_id: uuid.UUID) -> list[LetterDelivery]:
    """Every try of one letter, oldest first."""
    return list(
        session.scalars(
            select(LetterDelivery)
            .where(LetterDelivery.letter_id == letter_id)
            .order_by(LetterDelivery.made_at, LetterDelivery.way, LetterDelivery.attempt)
        )
    )


def deliveries_by_letter(
    session: Session, letter_ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, list[LetterDelivery]]:
    """The same for many letters, in one look."""
    found: dict[uuid.UUID, list[LetterDelivery]] = {letter_id: [] for letter_id in letter_ids}
    rows = session.scalars(
        select(LetterDelivery)
        .where(LetterDelivery.letter_id.in_(found))
        .order_by(LetterDelivery.made_at, LetterDelivery.way, LetterDelivery.attempt)
    )
    for row in rows:
        found[row.letter_id].append(row)
    return found


def open_delivery(
    session: Session, letter_id: uuid.UUID, way: Way, *, lock: bool = True
) -> LetterDelivery | None:
    """The try of this way that may still leave; the database keeps it single."""
    query = select(LetterDelivery).where(
        LetterDelivery.letter_id == letter_id,
        LetterDelivery.way == way,
        LetterDelivery.state.in_(OPEN_STATES),
    )
    return session.scalars(query.with_for_update() if lock else query).first()


def edition_left(session: Session, letter: Letter) -> bool:
    """Whether the present edition left the house, or may have: then its pages are never printed anew."""
    return any(
        row.edition == letter.edition and row.state in (*LEFT_STATES, DeliveryState.SENDING)
        for row in deliveries_of(session, letter.id)
    )


def settle_letter(session: Session, letter: Letter) -> None:
    """What the deliveries say about the letter: it has left once one of them has."""
    session.flush()
    rows = deliveries_of(session, letter.id)
    states = {row.state for row in rows}
    if states & REACHED:
        letter.state, letter.why_not = LetterState.SENT, ""
    elif DeliveryState.SENDING in states:
        letter.state = LetterState.SENDING
    elif states & set(OPEN_STATES):
        letter.state = LetterState.QUEUED
    elif DeliveryState.RETURNED in states:
        letter.state = LetterState.SENT
    else:
        failed = DeliveryState.FAILED in states
        letter.state = LetterState.FAILED if failed else LetterState.WITHHELD
    # what went wrong with one way is told even when the other one worked
    notes = [row.note for row in rows if row.state in (DeliveryState.FAILED, DeliveryState.WITHHELD)]
    if letter.state is not LetterState.SENT:
        letter.why_not = notes[-1] if notes else ""
