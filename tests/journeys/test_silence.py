"""Nobody answers: exactly these letters on exactly these days; and none to somebody who did answer.

Berlin, offered on Friday, 1 March 2024. Holidays on the way: Fri 8 Mar (Women's Day), Fri 29 Mar (Good
Friday), Mon 1 Apr (Easter), Wed 1 May, Thu 9 May (Ascension), Mon 20 May (Whit Monday). Each letter waits
ten working days after the one before; every date below was counted on a paper calendar.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.journeys.test_payment import text_of
from tests.world import RECIPIENT, Made, World, words
from workflow import checks
from workflow.cases.models import Hold, Message
from workflow.cases.services import move
from workflow.cases.states import CaseState, CaseTrigger
from workflow.kernel.deadlines import DeadlineRow, DeadlineState, live
from workflow.ticker import tick
from workflow.wiring import handlers
from workflow.worker import Worker

#: day decided, day to answer by
LETTERS = [
    ("offer", "2024-03-01", "2024-03-18", "sent"),
    ("friendly_reminder", "2024-03-18", "2024-04-02", "sent"),
    ("second_reminder", "2024-04-03", "2024-04-16", "sent"),
    ("last_offer", "2024-04-17", "2024-04-30", "sent"),
    ("formal_reminder", "2024-05-02", "2024-05-16", "sent"),
    ("second_dunning", "2024-05-17", "2024-05-31", "sent"),
    ("last_before_court", "2024-06-03", "2024-06-17", "sent"),
]
LOOK_AGAIN = date(2024, 4, 18)
#: The working day after the last letter's date to answer by.
LEGAL_REVIEW = date(2024, 6, 18)


def ask(world: World, case: Made, text: str = "We think our designer has a licence.") -> None:
    """The recipient asks in the portal; from here our clocks stand still."""
    answer = world.recipient(case).press("/answer/ask", {"text": text})
    assert answer.status_code == 303
    world.work()


def next_date(world: World, case: Made) -> tuple[date, DeadlineState]:
    with world.runtime.database.reading() as session:
        [row] = live(session, "case", case.id)
        return row.due_at.date(), row.state


def look(world: World, case: Made) -> None:
    """A person looks at the silent case before it becomes formal."""
    page = f"/operator/cases/{case.id}"
    answer = world.as_operator().press(page, {"note": "The picture is still there."}, action="/looked")
    assert answer.status_code == 303, answer.text


def decide(world: World, case: Made) -> None:
    """The operator closes every open hold on the page of the case."""
    for hold in [hold for hold in world.all(Hold) if hold.closed_at is None and hold.case_id == case.id]:
        answer = world.as_operator().press(
            f"/operator/cases/{case.id}",
            {"trigger": "resume", "hold_id": str(hold.id), "note": "No licence was found."},
            action="/act",
        )
        assert answer.status_code == 303, answer.text
    world.work()


@pytest.mark.slow
def test_silence_brings_these_letters_on_these_days(world: World) -> None:
    case = world.offered()
    seen: list[tuple[date, int]] = []
    while world.now.date() < date(2024, 7, 31):
        world.days_pass(1)
        seen.append((world.now.date(), len(world.letters(case))))
        if world.now.date() == LOOK_AGAIN:
            assert world.case(case).needs_a_look
            look(world, case)
        if world.now.date() == LOOK_AGAIN - timedelta(days=1):
            assert not world.case(case).needs_a_look
        if world.now.date() == LEGAL_REVIEW - timedelta(days=1):
            assert world.case(case).state is CaseState.IN_DUNNING
    assert world.letters(case) == LETTERS
    # no letter is decided on a day other than its own
    for day, count in seen:
        assert count == sum(date.fromisoformat(letter[1]) <= day for letter in LETTERS), day
    assert world.case(case).state is CaseState.LEGAL_REVIEW
    with world.runtime.database.reading() as session:
        rows = session.scalars(
            select(DeadlineRow).where(DeadlineRow.subject_id == case.id).order_by(DeadlineRow.due_at)
        ).all()
        fired = [(row.trigger, row.due_at.date()) for row in rows if row.state is DeadlineState.FIRED]
        assert [row for row in rows if row.state in (DeadlineState.OPEN, DeadlineState.BLOCKED)] == []
    assert fired == [
        ("remind", date(2024, 3, 18)), ("remind", date(2024, 4, 3)), ("remind", date(2024, 4, 17)),
        ("look_again", LOOK_AGAIN), ("dun", date(2024, 5, 2)), ("dun", date(2024, 5, 17)),
        ("dun", date(2024, 6, 3)), ("review_legally", LEGAL_REVIEW), ("follow_up", date(2024, 6, 28)),
    ]  # fmt: skip
    assert world.case(case).needs_a_look, "ten days later nobody had checked it"
    assert not any(each.grave for each in checks.look(world.runtime)), "it waits for a person, not for a date"
    assert case.reference in words(world.as_operator().page("/operator/queue"))
    look(world, case)
    assert next_date(world, case) == (date(2024, 8, 12), DeadlineState.OPEN), "ten days on, a Saturday"
    mails = world.mails(RECIPIENT)
    assert [mail.written_at.date().isoformat() for mail in mails] == [letter[1] for letter in LETTERS]
    dunning = [text_of(mail.attachments[0]) for mail in mails[4:]]
    for text, letter in zip(dunning, LETTERS[4:], strict=True):
        assert f"{date.fromisoformat(letter[2]):%-d %b %Y}" in text
    # never a higher price: licence 288.00 + 7 % VAT, as damages the same net sum without VAT
    assert "308.16" in text_of(mails[0].attachments[0]).replace(",", ".")
    assert all(
        "288.00" in text.replace(",", ".") and "308.16" not in text.replace(",", ".") for text in dunning
    )


@pytest.mark.slow
def test_no_letter_leaves_after_a_reply_until_somebody_decides(world: World) -> None:
    case = world.offered()
    world.until(date(2024, 3, 18))
    assert [letter[0] for letter in world.letters(case)] == ["offer", "friendly_reminder"]
    world.until(date(2024, 3, 20))
    ask(world, case)
    assert next_date(world, case) == (date(2024, 4, 3), DeadlineState.PAUSED)
    world.until(date(2024, 7, 1))
    assert [letter[0] for letter in world.letters(case)] == ["offer", "friendly_reminder"]
    assert world.case(case).state is CaseState.REMINDED
    # decided on Monday, 1 July: at least ten working days, so Monday, 15 July
    decide(world, case)
    assert next_date(world, case) == (date(2024, 7, 15), DeadlineState.OPEN)
    assert world.case(case).answer_by == date(2024, 7, 12)
    world.until(date(2024, 7, 14))
    assert len(world.letters(case)) == 2
    world.until(date(2024, 7, 15))
    assert world.letters(case)[2][:2] == ("second_reminder", "2024-07-15")


def test_two_holds_need_two_decisions(world: World) -> None:
    case = world.offered()
    world.until(date(2024, 3, 5))
    ask(world, case)
    objected = world.recipient(case).press("/answer/object", {"text": "We paid the photographer in cash."})
    assert objected.status_code == 303
    world.work()
    first, second = sorted(world.all(Hold), key=lambda hold: hold.opened_at)
    operator = world.as_operator()
    page = f"/operator/cases/{case.id}"
    for hold in (first, second):
        assert next_date(world, case)[1] is DeadlineState.PAUSED
        answer = operator.press(
            page, {"trigger": "resume", "hold_id": str(hold.id), "note": "Answered."}, action="/act"
        )
        assert answer.status_code == 303
    # ten working days after Tuesday, 5 March, without Friday 8 March: Wednesday, 20 March
    assert next_date(world, case) == (date(2024, 3, 20), DeadlineState.OPEN)


def test_an_objection_between_decision_and_sending_withholds_the_letter(world: World) -> None:
    case = world.offered()
    world.until(date(2024, 3, 17))
    world.clock.advance(timedelta(days=1))
    assert tick(world.runtime.database, world.now) == 1
    # the worker decides and prints the reminder, then is interrupted before it sends it
    worker = Worker(world.runtime, {k: v for k, v in handlers(world.gateway).items() if k != "letter.send"})
    assert worker.run_once() and worker.run_once()  # the date, the printing
    assert world.letters(case)[1] == ("friendly_reminder", "2024-03-18", "2024-04-02", "queued")
    objected = world.recipient(case).press("/answer/object", {"text": "This is our own photograph."})
    assert objected.status_code == 303
    world.work()
    assert world.letters(case)[1] == ("friendly_reminder", "2024-03-18", "2024-04-02", "withheld")
    to_them = [mail for mail in world.mails() if mail.attachments]
    assert len(to_them) == 1, "only the offer was ever sent with a letter"
    assert "withheld" in world.as_operator().page(f"/operator/cases/{case.id}").lower()


def test_a_payment_between_decision_and_sending_withholds_the_letter(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    world.pay(visitor)
    world.until(date(2024, 3, 17))
    world.clock.advance(timedelta(days=1))
    tick(world.runtime.database, world.now)
    worker = Worker(world.runtime, handlers(world.gateway))
    assert worker.run_once() and worker.run_once()
    for body in world.reports():
        assert world.webhook(body).status_code == 200
    world.work()
    assert dict((kind, state) for kind, _, _, state in world.letters(case)) == {
        "offer": "sent", "friendly_reminder": "withheld", "paid": "sent",
    }  # fmt: skip


def test_the_same_words_twice_are_one_message(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    for _ in range(2):
        assert visitor.press("/answer/ask", {"text": "Who are you?"}).status_code == 303
    world.work()
    assert world.count(Message) == 1 and world.count(Hold) == 1


def test_a_refused_date_stays_in_front_of_a_person(world: World) -> None:
    """A hold that opens without pausing (a bug, a restored backup) must not lose the date."""
    case = world.offered()
    with world.runtime.database.transaction() as session:
        move(
            session, case.id, CaseTrigger.HOLD, world.operator, world.now, note="Returned as undeliverable",
            carries={"kind": "bounce"},
        )  # fmt: skip
        [row] = live(session, "case", case.id)
        row.state = DeadlineState.OPEN
    world.until(date(2024, 3, 18))
    day, state = next_date(world, case)
    assert (day, state) == (date(2024, 3, 18), DeadlineState.BLOCKED)
    assert "delivered" in world.as_operator().page("/operator/queue").lower()
    decide(world, case)
    with world.runtime.database.reading() as session:
        [row] = live(session, "case", case.id)
        deadline: uuid.UUID = row.id
    again = world.as_operator().press(
        f"/operator/cases/{case.id}", action=f"/operator/dates/{deadline}/again"
    )
    assert again.status_code == 303
    world.tick()
    assert world.letters(case)[1][0] == "friendly_reminder"
