"""An office of one person: declared, read wherever it matters, resting where somebody else may agree."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.accounts.test_people import KIM, PEOPLE, actions, colleague, press, who
from tests.accounts.test_settings_and_set_up import set_up_answers
from tests.world import World, words
from workflow.accounts import approving, directory
from workflow.accounts.approving import OPERATOR_SUBJECT
from workflow.accounts.directory import Person
from workflow.accounts.readiness import Blocks, open_items
from workflow.accounts.states import Rank
from workflow.cases.readiness import checklist
from workflow.cli.doctor import Line, Verdict, _people
from workflow.demo import people as demo
from workflow.kernel import approvals, audit
from workflow.kernel.errors import NotAllowed

if TYPE_CHECKING:
    from tests.accounts.conftest import Browser, House

ASKED = "/operator/approvals"
ACTION = "setup.bank_details"
OTHER = {"iban": "DE02 1203 0000 0000 2020 51"}


@pytest.fixture
def head(house: House, staff: str) -> Browser:
    """The only person of an instance that is set up."""
    browser = house.browser()
    browser.log_in(staff)
    assert browser.send("/operator/set-up", set_up_answers()).status_code == 303
    return browser


def declare(browser: Browser, alone: str = "yes") -> int:
    return browser.send(ASKED, {"alone": alone}, to=f"{ASKED}/one-person").status_code


def told(house: House) -> list[str]:
    with house.reading() as session:
        return [entry.action for entry in audit.history(session, "operator", OPERATOR_SUBJECT)]


def ask(house: House, browser: Browser) -> tuple[uuid.UUID, str]:
    """Ask for another bank account; which request that made, and what was said."""
    page = browser.send("/operator/set-up", set_up_answers(**OTHER))
    assert page.status_code == 303
    with house.reading() as session:
        row = approvals.newest(session, ACTION, OPERATOR_SUBJECT)
    assert row is not None
    return row.id, browser.get(ASKED).get_data(as_text=True)


def agree(browser: Browser, request: uuid.UUID) -> int:
    return browser.send(ASKED, {"note": ""}, to=f"{ASKED}/{request}/agree").status_code


def a_day_later(house: House, browser: Browser, hours: int = 24) -> None:
    """Dates move on; the browser stays signed in."""
    house.clock.advance(timedelta(hours=hours))
    browser.log_in(house.STAFF)


def test_without_the_declaration_nobody_agrees_alone(house: House, head: Browser) -> None:
    request, page = ask(house, head)
    assert "Only one person works here." in page and f'href="{PEOPLE}/invite"' in page
    assert "somebody else has to agree" in page
    a_day_later(house, head)
    assert agree(head, request) == 403


def test_declared_a_day_stands_in_for_the_second_person(house: House, head: Browser) -> None:
    assert declare(head) == 303
    request, page = ask(house, head)
    assert "agree to it yourself from 3 Mar 2026 on" in page.replace("\xa0", " ")
    for where in (ASKED, PEOPLE):
        shown = words(head.get(where).text).replace("\xa0", " ")
        assert "Declared: this office has one person. By Staff, 2 Mar 2026" in shown, where
        assert "24 hours later" in shown
    a_day_later(house, head, 23)
    assert agree(head, request) == 403
    a_day_later(house, head, 1)
    assert agree(head, request) == 303
    with house.reading() as session:
        row = session.get_one(approvals.Approval, request)
        assert row.alone and audit.history(session, "approval", request)[-1].label.endswith("instance)")


def test_declaring_and_ending_are_told_and_never_done_twice(house: House, head: Browser) -> None:
    assert declare(head, "perhaps") == 422
    assert declare(head, "no") == 409, "nothing was declared"
    assert [declare(head), declare(head), declare(head, "no")] == [303, 409, 303]
    assert told(house) == ["operator:set_up", "operator:one_person", "operator:one_person"]
    with house.reading() as session:
        entries = audit.history(session, "operator", OPERATOR_SUBJECT)
        labels = [(entry.label, entry.actor_name) for entry in entries[1:]]
        assert approving.four_eyes(session).declared is None
    assert labels == [("Declared: this office has one person", "Staff"),
                      ("Declared: this office has several people", "Staff")]  # fmt: skip
    colleague(house, rank=Rank.ADMINISTRATOR)
    assert declare(head) == 422, "a second one can agree to everything"


def test_only_an_administrator_declares(house: House, head: Browser) -> None:
    kim = colleague(house, rank=Rank.CASHIER)
    assert declare(kim) == 403 and told(house) == ["operator:set_up"]


def test_an_office_of_two_of_whom_one_may_agree_can_declare(house: House, head: Browser) -> None:
    """Else an administrator and a reviewer could never pay anything out."""
    colleague(house, rank=Rank.REVIEWER)
    assert "Declare one person" in head.get(ASKED).text
    assert declare(head) == 303
    with house.reading() as session:
        eyes = approving.four_eyes(session)
    assert eyes.alone_since("payouts.send") == house.NOON and eyes.alone_since("offers.release") is None


def test_it_rests_for_what_a_second_person_may_agree_to(house: House, head: Browser) -> None:
    declare(head)
    colleague(house, rank=Rank.REVIEWER)
    with house.reading() as session:
        eyes = approving.four_eyes(session)
    assert eyes.in_force and eyes.has_second("offers.release") and not eyes.has_second("payouts.send")
    assert eyes.alone_since("offers.release") is None and eyes.alone_since("payouts.send") == house.NOON
    page = words(head.get(PEOPLE).text)
    assert "at every other step it rests" in page and "Transfer a payout" in page
    assert "Send an offer above the sum" not in page
    request, page = ask(house, head)
    assert "Alone, you may agree" in page, "a reviewer may not agree to another bank account"
    assert press(house, head, KIM, "rank", rank="administrator") == 303
    assert "somebody else has to agree" in head.get(ASKED).text
    a_day_later(house, head, 48)
    assert agree(head, request) == 403
    assert "It rests" in head.get(PEOPLE).text
    assert declare(head, "no") == 303, "it can be ended while it rests"


def test_whoever_sends_the_others_away_waits_a_day_as_well(house: House, head: Browser) -> None:
    declare(head)
    colleague(house, rank=Rank.ADMINISTRATOR)
    request, _ = ask(house, head)
    a_day_later(house, head, 48)
    assert press(house, head, KIM, "deactivate") == 303
    assert told(house)[-1] == "operator:one_person_anew"
    assert "The 24 hours count from" in head.get(ASKED).text
    assert agree(head, request) == 403
    a_day_later(house, head)
    assert agree(head, request) == 303


def test_nobody_becomes_the_second_person_of_a_request_that_was_there_before(
    house: House, head: Browser
) -> None:
    """Otherwise whoever asked could invite a second mailbox of their own and agree within minutes."""
    request, _ = ask(house, head)
    house.clock.advance(timedelta(hours=1))
    head.log_in(house.STAFF)
    kim = colleague(house, rank=Rank.ADMINISTRATOR)
    assert agree(kim, request) == 422
    a_day_later(house, head)
    kim.log_in(KIM)
    assert agree(kim, request) == 303


def test_who_left_is_nobodys_second_person(house: House, head: Browser) -> None:
    kim = colleague(house, rank=Rank.ADMINISTRATOR)
    request, _ = ask(house, head)
    press(house, head, KIM, "deactivate")
    assert kim.get(ASKED).location.startswith("/log-in")
    person = who(house, KIM)
    with (
        pytest.raises(NotAllowed, match="does not work here"),
        house.runtime.database.transaction() as session,
    ):
        approving.decide(
            session, request, agree=True, actor=person.actor, now=house.clock.business(), note=""
        )
    assert actions(house, person.id)[-1] == "account:deactivate"


# --- where it is read ---------------------------------------------------------------------------------------


def stopped(world: World) -> list[str]:
    with world.runtime.database.reading() as session:
        items = checklist(session, world.now, world.clock.wall())
    return [item.key for item in open_items(items, Blocks.PAYOUTS)]


def office(world: World) -> Sequence[Person]:
    with world.runtime.database.reading() as session:
        return directory.office(session, 1, world.clock.wall()).rows


def doctor_says(world: World) -> Line:
    return _people(world.runtime)


def test_set_up_payouts_and_doctor_say_how_many_eyes_there_are(world: World) -> None:
    operator, page = world.as_operator(), "/operator/people"
    assert (doctor_says(world).verdict, doctor_says(world).said) == (Verdict.OK, "2 people work here")
    other = next(p.account for p in office(world) if p.account.email == demo.COLLEAGUE.email)
    assert operator.press(f"{page}/{other.id}", action="/deactivate").status_code == 303
    assert stopped(world) == ["second_person"]
    assert "Only one person works here" in words(operator.page("/operator/payouts/"))
    line = doctor_says(world)
    assert line.verdict is Verdict.ATTENTION and "nobody else may agree to payouts" in line.said
    assert operator.press(ASKED, action="/one-person").status_code == 303
    assert stopped(world) == []
    shown = words(operator.page("/operator/set-up")).replace("\xa0", " ")
    assert "Declared by Demo Operator on 1 Mar 2024: one person works here." in shown
    assert "Only one person works here" not in words(operator.page("/operator/payouts/"))
    line = doctor_says(world)
    assert "Demo Operator declared one person on 1 Mar 2024" in line.said.replace("\xa0", " ")
    assert operator.press(f"{page}/{other.id}", action="/reactivate").status_code == 303
    assert doctor_says(world).verdict is Verdict.OK and "it rests" in doctor_says(world).said
    assert "2 people work here." in words(operator.page("/operator/set-up"))


def test_two_people_of_whom_one_may_agree_stop_payouts(world: World) -> None:
    operator = world.as_operator()
    other = next(p.account for p in office(world) if p.account.email == demo.COLLEAGUE.email)
    page = f"/operator/people/{other.id}"
    assert operator.press(page, {"rank": "reviewer"}, action="/rank").status_code == 303
    assert stopped(world) == ["second_person"]
    assert "Only one of the 2 people here may agree to payouts" in words(operator.page("/operator/set-up"))
    assert "Transfer a payout" in words(operator.page("/operator/people"))
    assert operator.press(page, {"rank": "cashier"}, action="/rank").status_code == 303
    assert stopped(world) == []
