"""The operator's queue: everything that waits for a person, in the order it should be done."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import cache, reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select

from workflow.cases import to_do
from workflow.cases.arrivals.models import Arrival
from workflow.cases.arrivals.queries import messages, unanswered, unmatched
from workflow.cases.arrivals.states import KIND_WORDS
from workflow.cases.models import Case, Hold, Letter, Message
from workflow.cases.post.waiting import paper_to_do, pile
from workflow.cases.states import HOLD_WORDS as WORDS
from workflow.cases.states import CaseState, HoldKind
from workflow.cases.timeline import ANSWER_WORDS, letter_title
from workflow.cases.turns import DATE_WORDS
from workflow.kernel import findings
from workflow.kernel.db import Session
from workflow.kernel.deadlines import DeadlineRow
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.kernel.said import Typed, joined, say, stored

#: Rows of a section that a page shows; the count tells how many there are.
SHOWN = 50
#: Signs of what somebody wrote that a line of the queue shows.
TOLD = 140
NOON = time(12, tzinfo=UTC)
FATES = {OutboxState.FAILED: say("failed"), OutboxState.UNKNOWN: say("nobody knows whether it happened")}
#: Which answer is read first.
HOLD_ORDER = (
    HoldKind.QUESTION, HoldKind.DATA_PROTECTION, HoldKind.LICENCE_SHOWN, HoldKind.OBJECTION,
    HoldKind.BOUNCE, HoldKind.INSOLVENCY,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """Where something is done: the page and what its link says."""

    endpoint: str
    args: Mapping[str, uuid.UUID]
    word: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do. Without a case it is about the instance itself."""

    since: datetime
    what: str
    case: Case | None = None
    #: What is wrong, for things that failed.
    why: str = ""
    letter_id: uuid.UUID | None = None
    arrival_id: uuid.UUID | None = None
    delivery_id: uuid.UUID | None = None
    contact_id: uuid.UUID | None = None
    way: Way | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of work: how much of it there is, and the oldest of it."""

    key: str
    title: str
    #: After so many days it is late.
    days: int
    count: int
    items: tuple[Item, ...]
    #: What more there is to say about it.
    lead: str = ""


def queue(session: Session, now: datetime, kinds: tuple[Kind, ...] | None = None) -> list[Section]:
    """Every section that holds something, in the order of ``kinds`` (ours), each with its oldest first."""
    kinds = KINDS if kinds is None else kinds
    found = []
    for kind, count in zip(kinds, _counts(session, kinds), strict=True):
        items, lead = kind.items(session, now)
        if items:
            found.append(Section(kind.key, kind.title, kind.days, count, tuple(items[:SHOWN]), lead))
    return found


def waiting(session: Session, kinds: tuple[Kind, ...] | None = None) -> int:
    """How many things wait for a person: every page of an operator tells it, so it is one statement."""
    return sum(_counts(session, KINDS if kinds is None else kinds))


def _counts(session: Session, kinds: tuple[Kind, ...]) -> list[int]:
    return list(session.execute(_counting(kinds)).one())


@cache
def _counting(kinds: tuple[Kind, ...]) -> Select[*tuple[Any, ...]]:
    one: ColumnElement[int] = literal_column("1")
    wanted = [
        [each.order_by(None).with_only_columns(one, maintain_column_froms=True) for each in kind.counted()]
        for kind in kinds
    ]
    counted = [
        [select(func.count()).select_from(each.subquery()).scalar_subquery() for each in parts]
        for parts in wanted
    ]
    return select(*(reduce(add, parts) for parts in counted))


#: The oldest of them, and a sentence about them or nothing.
Asked = tuple[list[Item], str]
Wanted = Select[*tuple[Any, ...]]


def _unmatched(session: Session, _now: datetime) -> Asked:
    """What came in by hand and has no case yet."""
    rows = session.scalars(unmatched().order_by(Arrival.recorded_at).limit(SHOWN))
    return [
        Item(
            row.recorded_at, say("{kind} from {sender}", kind=KIND_WORDS[row.kind], sender=row.sender),
            why=row.summary, arrival_id=row.id,
        )
        for row in rows
    ], ""  # fmt: skip


def _contact(session: Session, _now: datetime) -> Asked:
    """What people wrote on the contact page."""
    return [
        Item(
            row.created_at,
            say("Message from {sender}", sender=row.name),
            why=Typed(row.text[:TOLD]),
            contact_id=row.id,
        )
        for row in messages(session)[:SHOWN]
    ], ""


def _post(session: Session, now: datetime) -> Asked:
    """Paper that waits for a batch, or lies printed and was not posted; what is held counts nothing."""
    found = pile(session, now)
    words = (
        (found.ready, say("waits for a batch")),
        (found.printed, say("to be posted")),
        (found.left_out, say("left out of the next batch")),
    )
    items = [
        Item(
            each.delivery.made_at,
            say("{letter}: {fate}", letter=letter_title(each.letter), fate=fate),
            each.case, stored(each.reason or each.delivery.note), delivery_id=each.delivery.id,
        )
        for letters, fate in words
        for each in sorted(letters, key=lambda one: one.delivery.made_at)
    ]  # fmt: skip
    return items, found.sentence


def _answers(session: Session, _now: datetime) -> Asked:
    """Open holds that a person decides, and answers to what is over already."""
    order = case({kind: at for at, kind in enumerate(HOLD_ORDER)}, value=Hold.kind)
    rows = session.execute(to_do.holds().order_by(order, Hold.opened_at).limit(SHOWN))
    items = [Item(hold.opened_at, WORDS[hold.kind], held) for hold, held in rows]
    messages = session.execute(to_do.unread().order_by(Message.at).limit(SHOWN))
    items += [
        Item(message.at, say("{answer_word}, after the end", answer_word=ANSWER_WORDS[message.about]), told)
        for message, told in messages
    ]
    return items, ""


def _blocked_dates(session: Session, _now: datetime) -> Asked:
    rows = session.execute(to_do.blocked().order_by(DeadlineRow.due_at).limit(SHOWN))
    return [
        Item(
            row.due_at,
            DATE_WORDS.get(row.kind, say("{about}: {kind}", about=row.subject_type, kind=row.kind)),
            about,
            joined(map(stored, row.reasons)),
        )
        for row, about in rows
    ], ""


def _looks(session: Session, _now: datetime) -> Asked:
    """Silent ones before they become formal, and those that wait for others too long."""
    items = _cases(
        session,
        to_do.to_look_at().order_by(Case.last_letter_on),
        say("Nothing happened so far; ask after it"),
    )
    silent = say("Silent so far; formal reminders come next")
    return [
        replace(item, what=silent) if item.case and item.case.state is CaseState.REMINDED else item
        for item in items
    ], ""


def _legal(session: Session, _now: datetime) -> Asked:
    wanted = to_do.in_state(CaseState.LEGAL_REVIEW).order_by(Case.last_letter_on)
    return _cases(session, wanted, say("Hand over, agree or close")), ""


def _new(session: Session, _now: datetime) -> Asked:
    wanted = to_do.in_state(CaseState.SUBMITTED).order_by(Case.submitted_at)
    return _cases(session, wanted, say("Check, price, send the offer")), ""


def _cases(session: Session, wanted: Select[Case], what: str) -> list[Item]:
    return [Item(_since(found), what, found) for found in session.scalars(wanted.limit(SHOWN))]


def _since(found: Case) -> datetime:
    """Since when it waits: the last letter, or the day it came in."""
    if found.last_letter_on is not None:
        return datetime.combine(found.last_letter_on, NOON)
    assert found.submitted_at is not None, "drafts are not in the queue"
    return found.submitted_at


def _letters(session: Session, _now: datetime) -> Asked:
    """Letters that could not be printed or sent, or of which nobody knows whether they left."""
    messages = session.scalars(
        to_do.stuck(letters=True).order_by(OutboxMessage.created_at).limit(SHOWN)
    ).all()
    ids = [uuid.UUID(message.payload["letter_id"]) for message in messages]
    rows = session.execute(
        select(Letter, Case).join(Case, Case.id == Letter.case_id).where(Letter.id.in_(ids))
    )
    letters = {letter.id: (letter, about) for letter, about in rows}
    items = []
    for letter_id, message in zip(ids, messages, strict=True):
        letter, about = letters[letter_id]
        fate = (
            say("nobody knows whether it left")
            if message.state is OutboxState.UNKNOWN
            else say("could not be sent")
        )
        what = say("{letter}: {fate}", letter=letter_title(letter), fate=fate)
        items.append(Item(letter.queued_at, what, about, stored(message.last_error), letter_id))
    return items, ""


def _messages(session: Session, _now: datetime) -> Asked:
    rows = session.scalars(to_do.stuck(letters=False).order_by(OutboxMessage.created_at).limit(SHOWN))
    return [
        Item(
            row.created_at,
            say("{letter}: {fate}", letter=row.kind, fate=FATES[row.state]),
            why=stored(row.last_error),
        )
        for row in rows
    ], ""


def _truths(session: Session, _now: datetime) -> Asked:
    """What self-check found and what still stands."""
    return [
        Item(
            row.since,
            say("Self-check") if row.grave else say("Self-check, a notice"),
            None,
            stored(row.sentence),
        )
        for row in findings.standing(session, SHOWN)
    ], ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work."""

    key: str
    title: str
    #: After so many days it is late.
    days: int
    #: What is counted; statements without a moment in them, so that they are put together once.
    counted: Callable[[], tuple[Wanted, ...]]
    items: Callable[[Session, datetime], Asked]


#: The order of the work.
KINDS: tuple[Kind, ...] = (
    Kind("unmatched", say("Mail without a case"), 1, lambda: (unmatched(),), _unmatched),
    Kind("contact", say("Messages from the contact page"), 2, lambda: (unanswered(),), _contact),
    Kind("answers", say("Answers to decide"), 5, lambda: (to_do.holds(), to_do.unread()), _answers),
    Kind("dates", say("Dates that could not be kept"), 1, lambda: (to_do.blocked(),), _blocked_dates),
    Kind("looks", say("Cases to look at again"), 7, lambda: (to_do.to_look_at(),), _looks),
    Kind(
        "legal", say("Before a lawyer gets it"), 7, lambda: (to_do.in_state(CaseState.LEGAL_REVIEW),), _legal
    ),
    Kind("new", say("New cases"), 3, lambda: (to_do.in_state(CaseState.SUBMITTED),), _new),
    Kind("letters", say("Letters that did not leave"), 1, lambda: (to_do.stuck(letters=True),), _letters),
    Kind("post", say("Letters for the post"), 2, lambda: (paper_to_do(),), _post),
    Kind(
        "messages",
        say("Work that failed behind the pages"),
        1,
        lambda: (to_do.stuck(letters=False),),
        _messages,
    ),
    Kind("truths", say("What self-check found"), 1, lambda: (select(findings.Finding),), _truths),
)
