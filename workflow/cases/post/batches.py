"""Batches: all letters that wait for the post as one PDF with a list, made once and never changed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from workflow.accounts.contract import sender_of
from workflow.accounts.queries import operator_profile
from workflow.cases import letters
from workflow.cases.letters import Printable, printables, why_not_send, window_lines
from workflow.cases.models import Case, Hold, Letter
from workflow.cases.post.channels import address_problem, post_rules
from workflow.cases.post.dating import is_newest, newest_of, today_at
from workflow.cases.post.deliveries import settle_letter
from workflow.cases.post.models import LetterDelivery, PostBatch
from workflow.cases.post.printing import bring_up_to_date, renew
from workflow.cases.post.states import DeliveryState, Way
from workflow.cases.states import ASKING
from workflow.cases.timeline import letter_title
from workflow.kernel import outbox
from workflow.kernel.actors import Actor
from workflow.kernel.binding import bind, page_count
from workflow.kernel.db import Session
from workflow.kernel.errors import DomainError, Refused, Unavailable
from workflow.kernel.failpoints import failpoint
from workflow.kernel.ids import new_id
from workflow.kernel.outbox import OutboxMessage
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say

TRIES = 3
#: Letters of a preview: a page must not be busy for minutes.
PREVIEWED = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A letter that waits for the post, and why it is left out of the next batch, if it is."""

    delivery: LetterDelivery
    letter: Letter
    case: Case
    reason: str | None


def candidates(session: Session, now: datetime) -> list[Candidate]:
    """What waits, in the order it is printed: by country, town and reference.

    As many as fit into a batch. Letters that are held stand behind all others in that choice, however long
    they wait: else the oldest of them would keep back what is ready.
    """
    rows = session.execute(
        select(LetterDelivery, Letter, Case)
        .join(Letter, Letter.id == LetterDelivery.letter_id)
        .join(Case, Case.id == Letter.case_id)
        .where(LetterDelivery.way == Way.POST, LetterDelivery.state == DeliveryState.WAITING)
        .order_by(is_held(), LetterDelivery.made_at)
        .limit(post_rules(now.date()).batch_letters)
    ).all()
    newest = newest_of(session, (case.id for _delivery, _letter, case in rows))
    found = [
        Candidate(delivery, letter, case, _why_not(case, letter, now, newest=letter.id in newest))
        for delivery, letter, case in rows
    ]
    return sorted(found, key=lambda each: _order(each.case))


def is_held() -> ColumnElement[bool]:
    """What :func:`why_not_send` will refuse, as a condition: an open answer, or a case that asks no more."""
    answer = select(Hold.id).where(Hold.case_id == Case.id, Hold.closed_at.is_(None)).exists()
    over = Case.state.in_((*letters.OVER, *letters.AGREED, *letters.HANDED_OVER))
    return and_(Letter.kind.in_(ASKING), or_(answer, over))


def why_not_post(session: Session, case: Case, letter: Letter, now: datetime) -> str | None:
    """Asked when the batch is made and again when it goes to the post: is it still right?"""
    return _why_not(case, letter, now, newest=is_newest(session, letter))


def _why_not(case: Case, letter: Letter, now: datetime, *, newest: bool) -> str | None:
    if reason := why_not_send(case, letter):
        return reason
    if letter.kind in ASKING and not newest:
        return say("A later letter was decided before this one was posted.")
    return address_problem(case, now.date())


def ask_for_batch(session: Session, key: str, actor: Actor, now: datetime) -> None:
    """Let the worker make a batch; the same press is one batch. :class:`Refused` when nothing is ready."""
    if session.scalars(select(OutboxMessage.id).where(OutboxMessage.key == f"post.batch:{key}")).first():
        return
    if all(each.reason for each in candidates(session, now)):
        raise Refused(say("No letter is ready for the post."))
    payload = {"batch_key": key, "made_by": actor.name or actor.role.value}
    outbox.post(session, "post.batch", payload, key=f"post.batch:{key}", now=now)


def make_batch(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Print what is ready and bind it; rows and PDF come to be together or not at all. Safe to repeat.

    A case that moves while its letter is being bound makes the batch anew, without that letter.
    """
    now = runtime.clock.business()
    for _ in range(TRIES):
        with runtime.database.reading() as session:
            if session.scalars(select(PostBatch.id).where(PostBatch.key == payload["batch_key"])).first():
                return
            ready = [each.letter.id for each in candidates(session, now) if each.reason is None]
        _take_out_for_good(runtime, now)
        printed = [letter_id for letter_id in ready if _printed(runtime, letter_id)]
        if not printed:
            return
        if _bind_and_store(runtime, printed, payload, now):
            return
    raise Unavailable(say("The letters of the batch kept changing while they were printed."))


def preview(runtime: Runtime) -> bytes:
    """The PDF the next batch would begin with, made in memory; nothing is kept and nothing is dated."""
    now = runtime.clock.business()
    with runtime.database.reading() as session:
        ready = [each for each in candidates(session, now) if each.reason is None][:PREVIEWED]
        items: list[list[Printable]] = []
        for each in ready:
            renew(session, runtime, each.letter, each.case, by_post=True, only_look=True)
            items.append(printables(session, runtime, each.letter, each.case))
    parts = [item.pdf(runtime.press) for letter in items for item in letter]
    return bind(parts)[0]


def _take_out_for_good(runtime: Runtime, now: datetime) -> None:
    """What can never go any more does not wait for ever: the case is over, or a later letter was decided.

    A letter that is only held stays where it is, until somebody decided.
    """
    with runtime.database.reading() as session:
        ended = [
            (each.delivery.id, each.letter.id, each.case.id)
            for each in candidates(session, now)
            if each.reason is not None and _is_final(session, each)
        ]
    if not ended:
        return
    with runtime.database.transaction() as session:
        for delivery_id, letter_id, case_id in sorted(ended, key=lambda row: row[2]):
            case = session.get_one(Case, case_id, with_for_update=True)
            letter = session.get_one(Letter, letter_id, with_for_update=True)
            delivery = session.get_one(LetterDelivery, delivery_id, with_for_update=True)
            reason = why_not_post(session, case, letter, now)
            if reason is not None and delivery.state is DeliveryState.WAITING:
                delivery.state, delivery.note = DeliveryState.WITHHELD, reason
                settle_letter(session, letter)


def _is_final(session: Session, each: Candidate) -> bool:
    over = each.case.state in (*letters.OVER, *letters.AGREED, *letters.HANDED_OVER)
    return over or (each.letter.kind in ASKING and not is_newest(session, each.letter))


def _printed(runtime: Runtime, letter_id: uuid.UUID) -> bool:
    """Whether its pages are there; what cannot be printed waits and keeps back nothing else."""
    try:
        bring_up_to_date(runtime, letter_id, by_post=True)
    except DomainError as refusal:
        with runtime.database.transaction() as session:
            rows = select(LetterDelivery).where(
                LetterDelivery.letter_id == letter_id, LetterDelivery.state == DeliveryState.WAITING
            )
            for row in session.scalars(rows.where(LetterDelivery.way == Way.POST)):
                row.note = say("It could not be printed: {refusal}", refusal=refusal)[:500]
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Part:
    letter_id: uuid.UUID
    documents: tuple[uuid.UUID, ...]
    pages: int


def _bind_and_store(
    runtime: Runtime, letter_ids: list[uuid.UUID], payload: dict[str, Any], now: datetime
) -> bool:
    parts: list[_Part] = []
    sheets: list[bytes] = []
    with runtime.database.reading() as session:
        for letter_id in letter_ids:
            letter = session.get_one(Letter, letter_id)
            documents = tuple(page.document_id for page in letter.enclosures)
            data = [runtime.vault.get(session, document_id) for document_id in documents]
            sheets += data
            parts.append(_Part(letter_id, documents, sum(page_count(each) for each in data)))
        number = (session.scalar(select(func.max(PostBatch.number))) or 0) + 1
        listed = _list(session, runtime, parts, number, payload["made_by"], now)
    pdf, _counts = bind(sheets)
    failpoint("post.after_bind")
    with runtime.database.transaction() as session:
        rows = _still_ready(session, parts, now)
        if rows is None or number != (session.scalar(select(func.max(PostBatch.number))) or 0) + 1:
            return False
        _store(session, runtime, rows, parts, pdf, listed, number, payload, now)
        failpoint("post.after_store")
    return True


def _still_ready(session: Session, parts: list[_Part], now: datetime) -> list[Candidate] | None:
    """Everything in the batch locked and asked again; ``None`` when one of them changed meanwhile."""
    found: dict[uuid.UUID, Candidate] = {}
    owners = {
        part.letter_id: session.scalars(select(Letter.case_id).where(Letter.id == part.letter_id)).one()
        for part in parts
    }
    for part in sorted(parts, key=lambda each: owners[each.letter_id]):  # one order of locks for all
        case = session.get_one(Case, owners[part.letter_id], with_for_update=True, populate_existing=True)
        letter = session.get_one(Letter, part.letter_id, with_for_update=True, populate_existing=True)
        delivery = session.scalars(
            select(LetterDelivery)
            .where(
                LetterDelivery.letter_id == letter.id,
                LetterDelivery.way == Way.POST,
                LetterDelivery.state == DeliveryState.WAITING,
            )
            .with_for_update()
        ).first()
        same = tuple(page.document_id for page in letter.enclosures) == part.documents
        if delivery is None or not same or why_not_post(session, case, letter, now):
            return None
        found[letter.id] = Candidate(delivery, letter, case, None)
    return [found[part.letter_id] for part in parts]


def _store(
    session: Session, runtime: Runtime, rows: list[Candidate], parts: list[_Part], pdf: bytes, listed: bytes,
    number: int, payload: dict[str, Any], now: datetime,
) -> None:  # fmt: skip
    batch_id = new_id()
    profile = operator_profile(session)
    assert profile is not None, "letters were printed"
    document, cover = (
        runtime.vault.put(
            session, f"post_batch:{batch_id}", data,
            media_type="application/pdf", name=f"post batch {number}{what}.pdf", now=now,
        )
        for data, what in ((pdf, ""), (listed, ", list"))
    )  # fmt: skip
    session.add(
        PostBatch(
            id=batch_id, number=number, key=payload["batch_key"], on=today_at(rows[0].case, now),
            made_at=now, made_by=payload["made_by"], letters=len(rows), pages=page_count(pdf),
            document_id=document.id, list_document_id=cover.id,
        )
    )  # fmt: skip
    session.flush()
    for position, (row, part) in enumerate(zip(rows, parts, strict=True), start=1):
        delivery = row.delivery
        delivery.state, delivery.note = DeliveryState.BATCHED, ""
        delivery.batch_id, delivery.position, delivery.pages = batch_id, position, part.pages
        delivery.edition = row.letter.edition
        delivery.address = "\n".join(window_lines(row.case, profile.country))
        settle_letter(session, row.letter)


def _list(
    session: Session, runtime: Runtime, parts: list[_Part], number: int, made_by: str, now: datetime
) -> bytes:
    """The cover list: number, reference, recipient, pages, registered or not."""
    rows = []
    for position, part in enumerate(parts, start=1):
        letter = session.get_one(Letter, part.letter_id)
        case = session.get_one(Case, letter.case_id)
        delivery = session.scalars(
            select(LetterDelivery).where(
                LetterDelivery.letter_id == letter.id, LetterDelivery.state == DeliveryState.WAITING,
                LetterDelivery.way == Way.POST,
            )
        ).first()  # fmt: skip
        rows.append(
            {
                "number": position, "reference": case.reference, "letter": letter_title(letter),
                "recipient": case.recipient_name, "place": _order(case)[1], "pages": part.pages,
                "registered": bool(delivery and delivery.registered),
            }
        )  # fmt: skip
        on = today_at(case, now)
    sender = sender_of(operator_profile(session))
    context = {
        "today": on, "reference": f"Batch {number}", "sender": sender, "rows": rows, "made_by": made_by,
        "sheets": sum(-(-part.pages // 2) for part in parts),
    }  # fmt: skip
    return runtime.press.render("post_list", context, {})


def _order(case: Case) -> tuple[str, str, str]:
    lines = [line.strip() for line in case.recipient_address.splitlines() if line.strip()]
    return case.recipient_country, lines[-1] if lines else "", case.reference
