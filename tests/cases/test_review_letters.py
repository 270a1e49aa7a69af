"""Letters when something breaks: never twice, never to the wrong moment, never after one that did not leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from tests.world import World
from workflow.cases.letters import why_not_send
from workflow.cases.models import Case, Letter, Message, Offer, Proof
from workflow.cases.post import sending as mailing
from workflow.cases.pricing import from_stored
from workflow.cases.services import ProofFile, move, note_recipient, receive_answer, set_price
from workflow.cases.services.offering import RecipientFacts
from workflow.cases.states import CaseState, CaseTrigger, ClosedReason, HoldKind, LetterKind, LetterState
from workflow.kernel import outbox
from workflow.kernel.actors import Actor, Role
from workflow.kernel.deadlines import DeadlineState, live
from workflow.kernel.mail import Mail, MailRefused
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.ticker import tick
from workflow.wiring import handlers
from workflow.worker import Worker


class Post:
    """A mail server that takes everything and remembers it."""

    def __init__(self, refuses: bool = False) -> None:
        self.taken: list[Mail] = []
        self.refuses = refuses

    def send(self, mail: Mail) -> None:
        if self.refuses and mail.attachments:
            raise MailRefused("No such mailbox.")
        self.taken.append(mail)

    @property
    def letters(self) -> list[Mail]:
        return [mail for mail in self.taken if mail.attachments]


def released(world: World) -> Any:
    """A case whose offer is decided and not yet printed."""
    made = world.submitted()
    with world.runtime.database.transaction() as session:
        facts = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        set_price(session, made.id, facts, world.operator, world.now)
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    return made


def worker_with(world: World, post: Post) -> Worker:
    return Worker(replace(world.runtime, mail=post), handlers(world.gateway))


def sending(world: World) -> OutboxMessage:
    with world.runtime.database.reading() as session:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "letter.send")).one()


def again_later(world: World) -> None:
    """As if the pause before the next try were over."""
    with world.runtime.database.transaction() as session:
        for row in session.scalars(select(OutboxMessage).where(OutboxMessage.state == OutboxState.PENDING)):
            row.next_at = outbox.EPOCH


def test_a_letter_that_left_unnoted_is_not_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail server took it, then the database was away for the moment in which that is written down."""
    released(world)
    post = Post()
    worker = worker_with(world, post)
    send, broken = post.send, []

    def send_and_lose_the_database(mail: Mail) -> None:
        send(mail)
        if mail.attachments and not broken:
            broken.append(mail)
            raise OperationalError("UPDATE letters", {}, Exception("database is locked"))

    monkeypatch.setattr(post, "send", send_and_lose_the_database)
    worker.drain()
    again_later(world)
    worker.drain()
    assert len(post.letters) == 1
    assert sending(world).state is OutboxState.UNKNOWN
    [letter] = world.all(Letter)
    assert letter.state is LetterState.SENDING


def test_a_mail_whose_end_cannot_be_noted_is_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.work()  # what was posted before
    post = Post()
    worker = worker_with(world, post)
    with world.runtime.database.transaction() as session:
        context = {
            "topic": "x",
            "name": "N",
            "email": "n@example.org",
            "message": "x",
            "received_on": "2024-03-01",
        }
        mail = {"to": "a@example.org", "template": "contact_request", "context": context}
        outbox.post(session, "mail", mail, key="mail:once", now=world.now)
    real, failures = outbox.finish, []

    def finish(*args: Any) -> None:
        if not failures:
            failures.append(args)
            raise OperationalError("UPDATE outbox", {}, Exception("database is locked"))
        real(*args)

    monkeypatch.setattr(outbox, "finish", finish)
    worker.drain()
    again_later(world)
    worker.drain()
    assert len(post.taken) == 1
    assert [row.state for row in world.all(OutboxMessage) if row.key == "mail:once"] == [OutboxState.UNKNOWN]


def test_pictures_are_decoded_outside_the_transaction_that_sends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(world)
    Worker(world.runtime, {k: v for k, v in handlers(world.gateway).items() if k != "letter.send"}).drain()
    open_now: list[str] = []
    seen: list[list[str]] = []
    event.listen(
        world.runtime.database.engine,
        "begin",
        lambda c: open_now.append(c.get_execution_options()["lichtbild_mode"]),
    )
    real = mailing.letters.printables

    def printables(*args: Any) -> Any:
        seen.append(open_now[-1:])
        return real(*args)

    monkeypatch.setattr(mailing.letters, "printables", printables)
    [letter] = world.all(Letter)
    mailing.send_letter(world.runtime, {"letter_id": str(letter.id), "outbox_key": "k"})
    assert seen == [["read"]]
    assert world.all(Letter)[0].state is LetterState.SENT


def test_nobody_is_reminded_of_an_offer_that_never_left(world: World) -> None:
    made = released(world)
    post = Post(refuses=True)
    worker = worker_with(world, post)
    worker.drain()
    assert world.letters(made)[0][3] == "failed"
    for _ in range(3):
        world.clock.advance(date(2024, 3, 18) - date(2024, 3, 1))
        tick(world.runtime.database, world.now)
        worker.drain()
    assert [kind for kind, *_ in world.letters(made)] == ["offer"]
    with world.runtime.database.reading() as session:
        [row] = live(session, "case", made.id)
    assert row.state is DeadlineState.BLOCKED and "has not left" in row.reasons[0]


@pytest.mark.parametrize(
    ("state", "kind", "left"),
    [
        (CaseState.REMINDED, LetterKind.REMINDER, True),
        (CaseState.AGREED, LetterKind.REMINDER, False),
        (CaseState.IN_INSTALMENTS, LetterKind.DUNNING, False),
        (CaseState.LEGAL_REVIEW, LetterKind.DUNNING, True),
        (CaseState.WITH_PARTNER, LetterKind.DUNNING, False),
        (CaseState.IN_COURT, LetterKind.DUNNING, False),
        (CaseState.PAID, LetterKind.OFFER, False),
        (CaseState.PAID, LetterKind.PAID, True),
    ],
)
def test_what_may_still_leave(state: CaseState, kind: LetterKind, left: bool) -> None:
    case = Case(state=state, holds=[])
    assert (why_not_send(case, Letter(kind=kind)) is None) is left


def test_no_licence_leaves_after_the_money_went_back() -> None:
    case = Case(state=CaseState.CLOSED, closed_reason=ClosedReason.WITHDRAWN, holds=[])
    assert why_not_send(case, Letter(kind=LetterKind.PAID))
    case.closed_reason = ClosedReason.PAID
    assert why_not_send(case, Letter(kind=LetterKind.PAID)) is None


def test_another_file_with_the_same_words_is_kept(world: World) -> None:
    made = world.offered()
    recipient = Actor(Role.INFRINGER, str(made.id), "Example Walks Ltd")

    def show(data: bytes) -> None:
        with world.runtime.database.transaction() as session:
            receive_answer(
                session, world.runtime.vault, made.id, HoldKind.LICENCE_SHOWN, "Licence from: an agency",
                [ProofFile("licence.pdf", "application/pdf", data)], recipient, world.now,
            )  # fmt: skip

    show(b"%PDF-1.7 page one")
    show(b"%PDF-1.7 page one")
    show(b"%PDF-1.7 page two")
    assert (world.count(Message), world.count(Proof)) == (2, 2)


def test_silence_abroad_becomes_damages_too(world: World) -> None:
    """Damages carry no VAT wherever the recipient lives; the table is that of the operator's country."""
    made = world.submitted()
    with world.runtime.database.transaction() as session:
        facts = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        abroad = RecipientFacts(
            "Beispiel GmbH", "office@example.org", "Weg 1\n1010 Wien", "AT", "", "imprint"
        )
        note_recipient(session, made.id, abroad, world.operator, world.now)
        set_price(session, made.id, facts, world.operator, world.now)
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    world.work()
    world.days_pass(75, looked_at=True)
    assert world.case(made).state is CaseState.IN_DUNNING
    assert world.all(Offer, Offer.number)[-1].vat.minor == 0
