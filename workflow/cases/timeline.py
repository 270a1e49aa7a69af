"""What happened in a case, told once: steps, letters, messages and holds in one list, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from workflow.cases import queries
from workflow.cases.arrivals.queries import arrivals_of
from workflow.cases.models import Case, Hold, Letter, Message
from workflow.cases.states import (
    CLOSED_WORDS,
    HOLD_WORDS,
    REJECT_WORDS,
    Direction,
    HoldKind,
    LetterKind,
    LetterState,
)
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.audit import AuditEntry
from workflow.kernel.db import Session
from workflow.kernel.said import Noted, Typed, inside, joined, say, say_many, stored

#: A page is a page; the newest entries stay.
SHOWN = 300
#: Where the page of a printed document is.
DocumentLink = Callable[[uuid.UUID], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline, as ``components/case.html`` draws it."""

    at: datetime
    title: str
    text: str = ""
    by: str = ""
    icon: str = "dot"
    kind: str = "neutral"
    href: str = ""
    href_label: str = ""


#: Steps that letters, holds or later steps tell better.
TOLD_OTHERWISE = {"case:begin", "case:remind", "case:dun", "case:hold", "case:resume"}
#: Steps that are our own work and say nothing to the rights-holder.
INTERNAL = {"case:price", "case:note_recipient", "case:letter_again", "case:date_again", "case:looked",
            "case:letter_released", "case:letter_posted", "case:letter_put_back", "case:letter_arrived",
            "case:letter_returned", "case:channel", "case:arrival_withdrawn"}  # fmt: skip
#: Notes that were written for the rights-holder, or by them.
OPEN_NOTES = {"case:ask_owner", "case:complete", "case:withdraw"}
#: Action → words for the rights-holder; all others keep the label of the table.
OWNER_WORDS = {
    "case:submit": say("You submitted the case"),
    "case:ask_owner": say("We need something from you"),
    "case:complete": say("You sent what was missing"),
    "case:reject": say("We did not take the case on"),
    "case:offer": say("The case was checked and the offer released"),
    "case:look_again": say("A person looks again before it becomes formal"),
    "case:review_legally": say("We check whether a legal partner should take over"),
    "case:withdraw": say("You withdrew the case"),
    "case:portal:enter": say("The other side opened the case"),
    "case:receive_payment": say("Paid in full"),
    "case:take_back_payment": say("The payment was returned"),
}
#: Action → what was done, for operators; the table's labels say what can be done.
FULL_WORDS = {
    "case:submit": say("Case submitted"),
    "case:ask_owner": say("Rights-holder asked"),
    "case:complete": say("Rights-holder answered"),
    "case:reject": say("Not accepted"),
    "case:price": say("Price set"),
    "case:offer": say("Offer released"),
    "case:look_again": say("A person should look again"),
    "case:review_legally": say("Check for hand-over began"),
    "case:hand_over": say("Handed over to a legal partner"),
    "case:agree": say("Sum agreed"),
    "case:agree_instalments": say("Instalments agreed"),
    "case:settle": say("Settled"),
    "case:withdraw": say("Withdrawn by the rights-holder"),
    "case:take_back_payment": say("Payment returned"),
}
SIGNS: dict[str, tuple[str, str]] = {
    "case:submit": ("send", "neutral"),
    "case:note_recipient": ("person-vcard", "neutral"),
    "case:price": ("calculator", "neutral"),
    "case:offer": ("send-check", "done"),
    "case:ask_owner": ("question-circle", "waiting"),
    "case:complete": ("reply", "neutral"),
    "case:reject": ("x-circle", "danger"),
    "case:look_again": ("eye", "waiting"),
    "case:review_legally": ("briefcase", "waiting"),
    "case:hand_over": ("briefcase", "neutral"),
    "case:portal:enter": ("door-closed", "neutral"),
    "case:receive_payment": ("check-lg", "done"),
    "case:take_back_payment": ("arrow-counterclockwise", "danger"),
    "case:close": ("archive", "neutral"),
    "case:close_paid": ("archive", "done"),
    "case:withdraw": ("archive", "neutral"),
    "case:settle": ("hand-thumbs-up", "done"),
}
ANSWER_WORDS = {
    HoldKind.LICENCE_SHOWN: say("The other side shows a licence"),
    HoldKind.OBJECTION: say("The other side objects"),
    HoldKind.QUESTION: say("The other side asks a question"),
    HoldKind.DATA_PROTECTION: say("The other side makes a data-protection request"),
}
#: Who did it, as the rights-holder reads it.
BY_WORDS = {Role.RIGHTS_HOLDER: say("You"), Role.OPERATOR: say("We"), Role.SYSTEM: say("By itself")}
LETTER_WORDS = {
    LetterKind.OFFER: say("Offer"),
    LetterKind.PAID: say("Licence certificate and receipt"),
    LetterKind.CLOSING: say("Closing letter"),
    LetterKind.RECEIPT_OF_ANSWER: say("Receipt of the answer"),
}
LETTER_STATES: dict[LetterState, tuple[str, str, str]] = {
    LetterState.QUEUED: (say("is being printed"), "hourglass", "waiting"),
    LetterState.SENDING: (say("is on its way"), "envelope", "waiting"),
    LetterState.SENT: (say("sent"), "envelope", "neutral"),
    LetterState.WITHHELD: (say("not sent"), "envelope-exclamation", "neutral"),
    LetterState.FAILED: (say("could not be sent"), "envelope-exclamation", "danger"),
}


def timeline(session: Session, case: Case, actor: Actor, link: DocumentLink) -> list[Entry]:
    """Everything for operators; for the rights-holder without our notes and without private answers."""
    full = actor.role is Role.OPERATOR
    messages = queries.messages_of(session, case.id)
    withdrawn = {
        row.message_id: row.withdrawn_why for row in arrivals_of(session, case.id) if row.withdrawn_at
    }
    entries = [
        *_steps(case, audit.history(session, "case", case.id), full=full),
        *(_letter(letter, link, full=full) for letter in queries.letters_of(session, case.id)),
        *(
            _message(message, withdrawn.get(message.id, ""), full=full)
            for message in messages
            if full or message.id not in withdrawn
        ),
        *_holds(case.holds, messages, full=full),
    ]
    entries.sort(key=lambda entry: entry.at)  # stable: within one moment, in the order it was told
    entries.reverse()
    return entries[:SHOWN]


def letter_title(letter: Letter) -> str:
    """What this letter is called on pages."""
    return LETTER_WORDS.get(letter.kind) or stored(letter.step.replace("_", " ").capitalize())


def _steps(case: Case, history: Iterable[AuditEntry], *, full: bool) -> Iterable[Entry]:
    for step in history:
        if step.action in TOLD_OTHERWISE or (step.action in INTERNAL and not full):
            continue
        icon, kind = SIGNS.get(step.action, ("dot", "neutral"))
        title = (FULL_WORDS if full else OWNER_WORDS).get(step.action, stored(step.label))
        text = Noted(step.note) if full or step.action in OPEN_NOTES else ""
        if step.action == "case:reject" and case.rejected_reason is not None:
            told = (REJECT_WORDS[case.rejected_reason], step.note if full else "")
            text = joined(part for part in told if part)
        if step.action in ("case:close", "case:close_paid") and case.closed_reason is not None:
            title = say("Closed: {closed_word}", closed_word=CLOSED_WORDS[case.closed_reason])
        yield Entry(step.at, title, text, _by(step.actor_role, step.actor_name, full=full), icon, kind)


def _letter(letter: Letter, link: DocumentLink, *, full: bool) -> Entry:
    word, icon, kind = LETTER_STATES[letter.state]
    parts = [say("Answer by {answer_by}.", answer_by=letter.answer_by) if letter.answer_by else ""]
    if letter.why_not and (full or letter.state is LetterState.WITHHELD):
        parts.append(stored(letter.why_not))
    elif letter.state is LetterState.FAILED:
        parts.append(say("We look at it."))
    first = letter.enclosures[0] if letter.enclosures else None
    return Entry(
        at=letter.sent_at or letter.queued_at,
        title=say("{letter} {became}", letter=letter_title(letter), became=word),
        text=joined(part for part in parts if part),
        by=say("to {email}", email=letter.email) if full and letter.email else "",
        icon=icon,
        kind=kind,
        href=link(first.document_id) if first else "",
        href_label=say("{title}, PDF", title=stored(first.title)) if first else "",
    )


def _message(message: Message, withdrawn: str, *, full: bool) -> Entry:
    incoming = message.direction is Direction.INCOMING
    if withdrawn:
        text: str = Typed(f"{withdrawn}\n{message.text}")
        return Entry(message.at, say("Record withdrawn"), text, message.author, "x-circle", "neutral")
    title = ANSWER_WORDS.get(message.about, say("The other side wrote")) if incoming else say("We answered")
    count = len(message.proofs)
    files = say_many("{count} file sent along.", "{count} files sent along.", count) if count else ""
    if full:
        text = say("{written}\n{files}", written=message.shown, files=files) if files else message.shown
    else:
        text = joined(part for part in (files, say("We read it and decide.") if incoming else "") if part)
    by = _by(message.author_role, message.author, full=full)
    if incoming and message.author_role is Role.OPERATOR and not full:
        by = say("The other side")
    icon = "chat-left-text" if incoming else "reply"
    return Entry(message.at, title, text, by, icon, "waiting" if incoming else "neutral")


def _holds(holds: Iterable[Hold], messages: Iterable[Message], *, full: bool) -> Iterable[Entry]:
    told = {(message.at, message.about) for message in messages}
    for hold in holds:
        what = HOLD_WORDS[hold.kind]
        if (hold.opened_at, hold.kind) not in told:
            yield Entry(
                hold.opened_at, say("Our clocks stand still: {what}", what=inside(what)),
                Noted(hold.reason) if full else "", hold.opened_by if full else "",
                "pause-circle", "waiting",
            )  # fmt: skip
        if hold.closed_at is not None:
            yield Entry(
                hold.closed_at, say("Decided: {what}", what=inside(what)),
                Noted(hold.decision) if full else "", hold.closed_by if full else "",
                "play-circle", "neutral",
            )  # fmt: skip


def _by(role: Role, name: str, *, full: bool) -> str:
    if full:
        return name or stored(role.value.replace("_", " "))
    return BY_WORDS.get(role, say("The other side"))
