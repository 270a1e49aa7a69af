"""What happens to paper outside the house: posted, kept back, arrived, returned, posted again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from workflow.cases.effects import place_of
from workflow.cases.letters import why_not_send
from workflow.cases.models import Case, Letter
from workflow.cases.post.batches import why_not_post
from workflow.cases.post.channels import post_rules
from workflow.cases.post.dating import count_from_posting, today_at
from workflow.cases.post.deliveries import begin_delivery, open_delivery, settle_letter
from workflow.cases.post.models import LetterDelivery, PostBatch
from workflow.cases.post.registered import registered_number
from workflow.cases.post.states import RETURN_WORDS, DeliveryState, ReturnReason, Way
from workflow.cases.services.answers import ProofFile
from workflow.cases.services.deciding import tell
from workflow.cases.services.moving import move
from workflow.cases.services.submitting import scope_of
from workflow.cases.states import CaseState, CaseTrigger, HoldKind
from workflow.cases.timeline import letter_title
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.documents import Vault
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import joined, say

OVER = (CaseState.CLOSED, CaseState.SETTLED, CaseState.REJECTED)


@dataclass(frozen=True, slots=True)
class Posted:
    """What went to the post, and what must be taken out of the pile, with its reference and the reason."""

    letters: int
    taken_out: tuple[tuple[str, str], ...]


def mark_posted(
    session: Session, batch_id: uuid.UUID, posted_on: date, numbers: Mapping[uuid.UUID, str],
    actor: Actor, now: datetime,
) -> Posted:  # fmt: skip
    """The batch was given to the post on that day. Every letter is asked once more whether it is right:
    one whose case was paid or answered meanwhile is not marked as posted, and the operator is told.
    """
    batch = _batch(session, batch_id)
    rows = _lying(session, batch_id)
    if not rows:
        raise Refused(say("Every letter of this batch is posted or was taken out already."))
    posted, taken_out = 0, []
    for delivery_id in rows:
        delivery, letter, case = _locked(session, delivery_id)
        if delivery.state is not DeliveryState.BATCHED:
            continue
        _check_day(case, batch, posted_on, now)
        delivery.registered_number = registered_number(numbers.get(delivery_id, ""))
        if reason := why_not_post(session, case, letter, now):
            delivery.state, delivery.note = DeliveryState.WITHHELD, reason
            settle_letter(session, letter)
            taken_out.append((case.reference, reason))
            continue
        _post(session, delivery, letter, case, posted_on, actor, now)
        posted += 1
    return Posted(posted, tuple(taken_out))


def posted_anyway(
    session: Session, delivery_id: uuid.UUID, posted_on: date, note: str, actor: Actor, now: datetime
) -> None:
    """A letter that was taken out of its batch lay in the letter box already: the truth is written down."""
    delivery, letter, case = _locked(session, delivery_id)
    batch = session.get(PostBatch, delivery.batch_id) if delivery.batch_id else None
    if batch is None or delivery.state is not DeliveryState.WITHHELD:
        raise Refused(say("This letter was not taken out of a batch."))
    if not note.strip():
        raise Refused(say("Please say why it left, in a sentence."))
    _check_day(case, batch, posted_on, now)
    _post(session, delivery, letter, case, posted_on, actor, now, note=note.strip()[:500])


def put_back(session: Session, batch_id: uuid.UUID, why: str, actor: Actor, now: datetime) -> int:
    """The batch was not posted: its letters wait for the next one, where they get new dates."""
    _batch(session, batch_id)
    if not why.strip():
        raise Refused(say("Please say why, in a sentence."))
    count = 0
    for delivery_id in _lying(session, batch_id):
        delivery, letter, case = _locked(session, delivery_id)
        if delivery.state is not DeliveryState.BATCHED:
            continue
        delivery.state, delivery.note = DeliveryState.WITHHELD, say("Put back: {why}", why=why.strip())[:500]
        session.flush()
        begin_delivery(session, letter, case, Way.POST, today_at(case, now), now)
        settle_letter(session, letter)
        tell(session, case, "case:letter_put_back", say("Printed letter put back"), why, actor, now)
        count += 1
    if not count:
        raise Refused(say("No letter of this batch waits to be posted."))
    return count


def note_receipt(session: Session, delivery_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Receipt is proven, such as by the slip of a registered letter."""
    delivery, _letter, case = _locked(session, delivery_id)
    if delivery.state is not DeliveryState.POSTED:
        raise Refused(say("Only a letter that was posted can have arrived."))
    delivery.state = DeliveryState.DELIVERED
    number = delivery.registered_number or say("without a number")
    tell(session, case, "case:letter_arrived", say("Receipt of a letter proven"), number, actor, now)


def record_return(
    session: Session, vault: Vault, delivery_id: uuid.UUID, reason: ReturnReason, returned_on: date,
    note: str, scan: ProofFile | None, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """The post brought it back: our clocks stop, and the case lies in front of a person."""
    delivery, _letter, case = _locked(session, delivery_id)
    if delivery.state not in (DeliveryState.POSTED, DeliveryState.DELIVERED):
        raise Refused(say("Only a letter that was posted can come back."))
    assert delivery.left_on is not None
    if not delivery.left_on <= returned_on <= today_at(case, now):
        raise Refused(
            say(
                "It was posted on {left_on}; it came back after that, today at the latest.",
                left_on=delivery.left_on,
            )
        )
    delivery.state, delivery.return_reason, delivery.returned_on = DeliveryState.RETURNED, reason, returned_on
    delivery.note = note.strip()[:500]
    if scan is not None:
        document = vault.put(
            session, scope_of(case.id), scan.data, media_type=scan.media_type, name=scan.name, now=now
        )
        delivery.scan_document_id = document.id
    words = say("Letter returned: {why}", why=RETURN_WORDS[reason])
    told = f"{words}. {note.strip()}"[:500]
    tell(session, case, "case:letter_returned", say("A letter came back"), told, actor, now)
    if case.state not in OVER:
        move(session, case.id, CaseTrigger.HOLD, actor, now, note=told, carries={"kind": HoldKind.BOUNCE})


def post_again(
    session: Session, delivery_id: uuid.UUID, address: str, why: str, actor: Actor, now: datetime
) -> LetterDelivery:
    """The same letter once more, to a corrected address if one is given; the return's hold is decided."""
    delivery, letter, case = _locked(session, delivery_id)
    if delivery.state is not DeliveryState.RETURNED:
        raise Refused(say("Only a letter that came back is posted again."))
    if open_delivery(session, letter.id, Way.POST) is not None:
        raise Refused(say("This letter waits for the post already."))
    if not why.strip():
        raise Refused(say("Please say where the address is known from, or why it is tried again."))
    if address.strip():
        case.recipient_address = address.strip()[:1000]
    if delivery.return_reason is ReturnReason.DECEASED and not address.strip():
        raise Refused(say("The recipient has died: without the address of the heirs nothing can be posted."))
    for hold in [each for each in case.holds if each.closed_at is None and each.kind is HoldKind.BOUNCE]:
        move(session, case.id, CaseTrigger.RESUME, actor, now,
             note=say("Posted again: {why}", why=why.strip())[:500],
             carries={"hold_id": hold.id})  # fmt: skip
    if reason := why_not_post(session, case, letter, now) or why_not_send(case, letter):
        raise Refused(say("It cannot be posted again: {reason}", reason=reason))
    again = begin_delivery(session, letter, case, Way.POST, today_at(case, now), now)
    tell(session, case, "case:letter_again", say("Letter posted again"), why, actor, now)
    return again


def _post(
    session: Session, delivery: LetterDelivery, letter: Letter, case: Case, posted_on: date, actor: Actor,
    now: datetime, *, note: str = "",
) -> None:  # fmt: skip
    delivery.state, delivery.note = DeliveryState.POSTED, note
    delivery.left_on, delivery.left_by = posted_on, actor.name
    letter.sent_at = letter.sent_at or now
    settle_letter(session, letter)
    count_from_posting(session, letter, case, posted_on, now)
    name = letter_title(letter)
    number = delivery.registered_number
    told = (
        say("{letter}, posted on {day}, registered {number}.", letter=name, day=posted_on, number=number)
        if number
        else say("{letter}, posted on {day}.", letter=name, day=posted_on)
    )
    tell(
        session,
        case,
        "case:letter_posted",
        say("Letter posted"),
        joined((told, note)) if note else told,
        actor,
        now,
    )


def _check_day(case: Case, batch: PostBatch, posted_on: date, now: datetime) -> None:
    """A letter is posted soon after its date: the date to answer by was reckoned from it."""
    if posted_on < batch.on:
        raise Refused(say("The letters are dated {on}; they cannot have been posted before.", on=batch.on))
    if posted_on > today_at(case, now):
        raise Refused(say("A day that has not come yet cannot be the day of posting."))
    last = place_of(case).add(batch.on, post_rules(batch.on).posting_days)
    if posted_on > last:
        raise Refused(
            say(
                "The letters are dated {on} and had to be posted by {last}. Put them back: the next "
                "batch prints them with new dates.",
                on=batch.on,
                last=last,
            )
        )


def _batch(session: Session, batch_id: uuid.UUID) -> PostBatch:
    batch = session.get(PostBatch, batch_id)
    if batch is None:
        raise NotFound(say("This batch"))
    return batch


def _lying(session: Session, batch_id: uuid.UUID) -> list[uuid.UUID]:
    """The deliveries of a batch that wait to be posted, cases in the one order of locks."""
    return list(
        session.scalars(
            select(LetterDelivery.id)
            .join(Letter, Letter.id == LetterDelivery.letter_id)
            .where(LetterDelivery.batch_id == batch_id, LetterDelivery.state == DeliveryState.BATCHED)
            .order_by(Letter.case_id)
        )
    )


def _locked(session: Session, delivery_id: uuid.UUID) -> tuple[LetterDelivery, Letter, Case]:
    delivery = session.get(LetterDelivery, delivery_id)
    if delivery is None or delivery.way is not Way.POST:
        raise NotFound(say("This letter"))
    letter = session.get_one(Letter, delivery.letter_id)
    case = session.get_one(Case, letter.case_id, with_for_update=True, populate_existing=True)
    letter = session.get_one(Letter, letter.id, with_for_update=True, populate_existing=True)
    return (
        session.get_one(LetterDelivery, delivery_id, with_for_update=True, populate_existing=True),
        letter,
        case,
    )
