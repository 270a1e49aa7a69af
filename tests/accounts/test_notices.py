"""What people are told: the bell, the mails, the switches, the summary of the week; with dates and sums."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from sqlalchemy import select

from tests.world import Visitor, World, words
from workflow.accounts import notices
from workflow.accounts.bell import bell_of
from workflow.accounts.models import Account
from workflow.accounts.notice_tables import Notice, NoticeChannel, WeeklyDigest
from workflow.accounts.notices import NoticeKind, count_hits, notify, packed, unpacked
from workflow.cases.services import move
from workflow.cases.states import CaseTrigger
from workflow.demo import people
from workflow.desk.digest import week_of
from workflow.kernel.money import Money
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.kernel.said import say
from workflow.ticker import ask


@pytest.fixture(autouse=True)
def english(world: World) -> None:
    """Everybody reads English here, whatever the instance's first language."""
    with world.runtime.database.transaction() as session:
        for person in session.scalars(select(Account)):
            person.language = "en"


def lines(world: World, who: str) -> list[tuple[str, str, int]]:
    """Kind, text, how many; oldest first."""
    account = uuid.UUID((world.owner if who == "owner" else world.operator).id)
    return [
        (row.kind, str(notices.text_of(row)), row.count)
        for row in world.all(Notice, Notice.created_at, Notice.id)
        if row.account_id == account
    ]


def round_at(world: World, moment: datetime) -> None:
    """The ticker's round of notices at this moment, and what the worker makes of it."""
    world.clock.advance(moment - world.now)
    ask(world.runtime.database, "notices", moment)
    world.work()


def subjects(world: World, who: people.LogIn) -> list[str]:
    return [
        mail.subject
        for mail in world.mails(who.email)
        if not mail.subject.startswith(("Bitte bestätigen", "Please confirm", "Your account"))
    ]


def test_each_event_is_told_once_in_the_bell_and_by_mail(world: World) -> None:
    case = world.offered()
    assert lines(world, "operator") == [("new_case", f"New case {case.reference}: walks.example.org", 1)]
    assert lines(world, "owner") == [
        ("case_checked", f"The offer of case {case.reference} is on its way: walks.example.org", 1)
    ]
    assert subjects(world, people.OPERATOR) == [f"New case ({case.reference})"]
    assert subjects(world, people.OWNER) == [f"Offer sent ({case.reference})"]
    # the same event told again, as after a crash, changes nothing
    with world.runtime.database.transaction() as session:
        for message in session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "event")):
            message.state = OutboxState.PENDING
    world.work()
    assert len(lines(world, "operator")) == len(lines(world, "owner")) == 1
    assert len(subjects(world, people.OWNER)) == 1


def test_payment_answer_and_end_are_told_to_the_owner(world: World) -> None:
    paid, asked = world.offered(), world.offered()
    world.paid(paid)
    visitor = world.recipient(asked)
    assert visitor.press("/answer/ask", {"text": "Which agency was it?"}).status_code == 303
    world.work()
    told = [text for _kind, text, _count in lines(world, "owner")]
    assert f"Case {paid.reference} is paid: walks.example.org" in told
    assert f"The other side answered in case {asked.reference}: walks.example.org" in told
    assert f"Answer received ({asked.reference})" in subjects(world, people.OPERATOR)
    world.days_pass(15)  # the refund window ends
    told = [text for _kind, text, _count in lines(world, "owner")]
    assert f"Case {paid.reference} is closed: walks.example.org" in told
    # 288,00 € net, 55 %
    assert f"158,40\u00a0€ of case {paid.reference} are available to you." in [
        t.replace(" €", "\u00a0€") for t in told
    ]
    assert any(subject.startswith("158,40") for subject in subjects(world, people.OWNER))


def test_what_must_be_done_stands_in_the_bell_with_its_day_and_cannot_be_switched_off(world: World) -> None:
    owner = world.as_owner()
    assert owner.press("/settings/notices", {"on": []}).status_code == 303
    page = owner.page("/settings/notices")
    assert "always on" in page
    case = world.submitted()
    with world.runtime.database.transaction() as session:
        move(
            session, case.id, CaseTrigger.ASK_OWNER, world.operator, world.now, note="Send the original file."
        )
    world.work()
    [notice] = [row for row in world.all(Notice) if row.kind == "you_must_act"]
    assert notice.in_bell and notice.act_by == date(2024, 3, 15)
    assert subjects(world, people.OWNER) == []  # mail is off
    assert "You must act" in words(owner.page("/inbox"))
    assert "by 15 Mar 2024" in words(owner.page("/notices"))


def test_reading_one_and_all(world: World) -> None:
    case = world.offered()
    owner = world.as_owner()
    [notice] = [row for row in world.all(Notice) if str(row.account_id) == world.owner.id]
    to, fields = owner.form("/notices", {}, f"/notices/{notice.id}/open")
    answer = owner.send(to, fields)
    assert answer.status_code == 303 and answer.location.endswith(f"/cases/{case.id}")
    with world.runtime.database.reading() as session:
        assert bell_of(session, uuid.UUID(world.owner.id)).count == 0
    # somebody else's notice does not exist
    operator = world.as_operator()
    token = dict(operator.form("/notices", {}, "/read-all")[1])["csrf_token"]
    assert operator.send(f"/notices/{notice.id}/open", [("csrf_token", token)]).status_code == 404
    assert operator.press("/notices", action="/read-all").status_code == 303
    with world.runtime.database.reading() as session:
        assert bell_of(session, uuid.UUID(world.operator.id)).count == 0
    assert owner.send(f"/notices/{uuid.uuid4()}/open", fields).status_code == 404


def test_hits_of_one_day_are_one_line_and_one_mail(world: World) -> None:
    owner = uuid.UUID(world.owner.id)
    for found, after in ((3, 0), (4, 10), (1, 5)):
        world.clock.advance(timedelta(minutes=after))
        with world.runtime.database.transaction() as session:
            count_hits(session, owner, found, world.now.date(), world.now)
    assert lines(world, "owner") == [("new_hits", "New hits in your inbox: 8.", 8)]
    round_at(world, world.now + timedelta(minutes=29))
    assert subjects(world, people.OWNER) == []  # the crawl may still be finding
    round_at(world, world.now + timedelta(minutes=1))
    assert subjects(world, people.OWNER) == ["8 new hits in your inbox"]
    with world.runtime.database.transaction() as session:
        count_hits(session, owner, 5, world.now.date(), world.now)
    round_at(world, world.now + timedelta(hours=2))
    assert lines(world, "owner") == [("new_hits", "New hits in your inbox: 13.", 13)]
    assert len(subjects(world, people.OWNER)) == 1  # one mail a day
    with world.runtime.database.transaction() as session:
        count_hits(session, owner, 1, world.now.date() + timedelta(days=1), world.now)
    round_at(world, world.now + timedelta(hours=1))
    assert subjects(world, people.OWNER)[-1] == "1 new hit in your inbox"


def test_the_week_is_told_on_monday_at_eight_and_never_twice(world: World) -> None:
    world.offered()
    world.paid(world.offered())
    friday = world.now
    assert friday == datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
    round_at(world, datetime(2024, 3, 4, 6, 59, tzinfo=UTC))  # 7:59 in Berlin
    assert world.count(WeeklyDigest) == 0
    round_at(world, datetime(2024, 3, 4, 7, 0, tzinfo=UTC))
    [digest] = [mail for mail in world.mails(people.OWNER.email) if mail.subject.startswith("Your week")]
    assert digest.subject == "Your week: nothing to decide"
    assert "Monday, 4\u00a0Mar\u00a02024" in digest.text
    assert "Held:      158,40\u00a0€" in digest.text
    assert "walks.example.org" in digest.text and "Answer by" in digest.text
    for later in (5, 60, 60 * 24 * 3):
        round_at(world, world.now + timedelta(minutes=later))
    assert [row.week for row in world.all(WeeklyDigest)] == ["2024-W10"]
    assert len([s for s in subjects(world, people.OWNER) if s.startswith("Your week")]) == 1
    # nothing ran on the next Monday: on Wednesday it is made up
    round_at(world, datetime(2024, 3, 13, 12, 0, tzinfo=UTC))
    assert len([s for s in subjects(world, people.OWNER) if s.startswith("Your week")]) == 2


def test_an_empty_week_and_a_switched_off_one_are_not_sent_and_not_decided_again(world: World) -> None:
    round_at(world, datetime(2024, 3, 4, 8, 0, tzinfo=UTC))
    [row] = world.all(WeeklyDigest)
    assert (row.week, row.sent) == ("2024-W10", False)
    world.offered()
    round_at(world, datetime(2024, 3, 5, 8, 0, tzinfo=UTC))
    assert not [s for s in subjects(world, people.OWNER) if s.startswith("Your week")]
    with world.runtime.database.transaction() as session:
        notices.switch(session, uuid.UUID(world.owner.id), NoticeKind.DIGEST, NoticeChannel.MAIL, on=False)
    round_at(world, datetime(2024, 3, 11, 8, 0, tzinfo=UTC))
    assert [(row.week, row.sent) for row in world.all(WeeklyDigest, WeeklyDigest.week)] == [
        ("2024-W10", False), ("2024-W11", False),
    ]  # fmt: skip


def test_one_click_in_the_mail_program_ends_the_digest(world: World) -> None:
    world.offered()
    round_at(world, datetime(2024, 3, 4, 8, 0, tzinfo=UTC))
    files = [
        message_from_bytes(file.read_bytes(), policy=SMTP)
        for file in world.runtime.config.mailbox_dir.glob("*.eml")
    ]
    [digest] = [mail for mail in files if mail["List-Unsubscribe"]]
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = digest["List-Unsubscribe"].strip("<> ").removeprefix(world.runtime.config.desk_url)
    program = Visitor(world.desk)
    assert "Stop these mails" in program.page(path)  # looking switches nothing off
    with world.runtime.database.reading() as session:
        assert notices.wants(session, uuid.UUID(world.owner.id), NoticeKind.DIGEST, NoticeChannel.MAIL)
    assert program.send(path, [("List-Unsubscribe", "One-Click")]).status_code == 200
    with world.runtime.database.reading() as session:
        assert not notices.wants(session, uuid.UUID(world.owner.id), NoticeKind.DIGEST, NoticeChannel.MAIL)
    assert program.get(path[:-3] + "xyz").status_code == 404


@pytest.mark.parametrize(
    ("moment", "zone", "week", "due"),
    [
        ("2024-12-30T07:00:00+00:00", "Europe/Berlin", "2025-W01", "2024-12-30T07:00:00+00:00"),
        ("2025-01-05T22:59:00+00:00", "Europe/Berlin", "2025-W01", "2024-12-30T07:00:00+00:00"),
        ("2024-03-31T10:00:00+00:00", "Europe/Berlin", "2024-W13", "2024-03-25T07:00:00+00:00"),
        (
            "2024-04-01T06:00:00+00:00",
            "Europe/Berlin",
            "2024-W14",
            "2024-04-01T06:00:00+00:00",
        ),  # summer time
        ("2024-03-04T03:00:00+00:00", "America/New_York", "2024-W09", "2024-02-26T13:00:00+00:00"),
        ("2024-03-03T20:00:00+00:00", "Pacific/Auckland", "2024-W10", "2024-03-03T19:00:00+00:00"),
    ],
)
def test_the_week_of_a_zone(moment: str, zone: str, week: str, due: str) -> None:
    found = week_of(datetime.fromisoformat(moment), zone)
    assert (found.name, found.due.astimezone(UTC).isoformat()) == (week, due)


def test_what_was_said_survives_the_database() -> None:
    said = say("{amount} on {day}: {what}", amount=Money(12345), day=date(2024, 3, 4), what=say("Paid"))
    again = unpacked(packed(said))
    assert str(again) == str(said) and again.msgid == said.msgid
    assert again.values["amount"] == Money(12345) and again.values["what"].msgid == "Paid"


def test_a_blocked_date_and_a_stuck_letter_reach_every_operator_once(world: World) -> None:
    made = world.offered()
    with world.runtime.database.transaction() as session:
        letter = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "letter.send")).one()
        letter.state, letter.last_error = OutboxState.FAILED, "550 no such mailbox"
    for _ in range(3):
        world.clock.advance(timedelta(minutes=5))
        with world.runtime.database.transaction() as session:
            from workflow.desk.rounds import go_round

            go_round(session, world.runtime, {})
    told = [row for row in lines(world, "operator") if row[0] == "letter_failed"]
    assert told == [("letter_failed", f"A letter of case {made.reference} did not leave.", 1)]
    with world.runtime.database.transaction() as session:
        session.scalars(
            select(OutboxMessage).where(OutboxMessage.key == letter.key)
        ).one().state = OutboxState.DONE
    world.work()
    [mail] = [mail for mail in world.mails(people.OPERATOR.email) if "did not leave" in mail.subject]
    assert "550 no such mailbox" in mail.text


def test_the_same_thing_is_told_to_one_person_once(world: World) -> None:
    owner = uuid.UUID(world.owner.id)
    with world.runtime.database.transaction() as session:
        first = notify(session, owner, NoticeKind.PAYMENT, say("Paid"), world.now, key="x")
        again = notify(session, owner, NoticeKind.PAYMENT, say("Paid"), world.now, key="x")
        assert session.get_one(Account, owner).email == people.OWNER.email
    assert (first, again) == (True, False)
