"""Fourteen days more with one click, once: dates counted on a paper calendar of Berlin.

Offered on Friday, 1 March 2024, to answer by Monday, 18 March; Friday, 8 March (Women's Day), 29 March and 1 April
are holidays.
"""

from __future__ import annotations

from datetime import date

import pytest

from tests.journeys.test_silence import decide, next_date
from tests.world import World, words
from workflow.cases.services import move
from workflow.cases.states import CaseTrigger
from workflow.checks import problems
from workflow.kernel.deadlines import DeadlineState
from workflow.kernel.errors import Refused


def test_one_click_gives_fourteen_days_and_no_letter_before_them(world: World) -> None:
    case = world.offered()
    before, _ = next_date(world, case)
    assert world.case(case).answer_by == date(2024, 3, 18) and before <= date(2024, 3, 19)
    visitor = world.recipient(case)
    assert visitor.get("/more-time").status_code == 405, "a mail scanner that follows links asks for nothing"
    answer = visitor.press("/case", action="/more-time")
    assert (answer.status_code, answer.location) == (303, "/case")
    page = words(visitor.page("/case"))
    assert "You have time until 2 Apr 2024" in page and "answer by 2 Apr 2024" in page
    assert "Give me 14 days more" not in page and "Ask for more time" in page
    # the 1st of April is Easter Monday: the last day is the 2nd, the next letter leaves on the 3rd at the earliest
    assert world.case(case).answer_by == date(2024, 4, 2)
    assert next_date(world, case) == (date(2024, 4, 3), DeadlineState.OPEN)
    world.until(date(2024, 4, 2))
    assert [kind for kind, *_ in world.letters(case)] == ["offer"]
    world.until(date(2024, 4, 3))
    assert [kind for kind, *_ in world.letters(case)] == ["offer", "friendly_reminder"]
    assert "case:extend" in world.history(case) and problems(world.runtime) == []


def test_it_is_given_once(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    form = visitor.form("/case", {}, "/more-time")
    assert visitor.send(*form).status_code == 303
    until = world.case(case).answer_by
    again = visitor.send(*form)
    assert again.status_code == 422 and "You had more time already" in words(again.text)
    assert world.case(case).answer_by == until


def test_whoever_answered_has_time_anyway(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    form = visitor.form("/case", {}, "/more-time")
    assert visitor.press("/answer/ask", {"text": "Who are you?"}).status_code == 303
    world.work()
    assert "Give me 14 days more" not in words(visitor.page("/case"))
    assert visitor.send(*form).status_code == 422
    decide(world, case)
    assert "Give me 14 days more" in words(visitor.page("/case")), "it was not used up"


def test_nobody_else_takes_it_and_nothing_comes_earlier(world: World) -> None:
    case = world.offered()
    with pytest.raises(Refused), world.runtime.database.transaction() as session:
        move(session, case.id, CaseTrigger.EXTEND, world.operator, world.now)
    world.days_pass(62, looked_at=True)  # in dunning
    due, _ = next_date(world, case)
    until = world.case(case).answer_by
    visitor = world.recipient(case)
    assert visitor.press("/case", action="/more-time").status_code == 303
    later, _ = next_date(world, case)
    assert later > due and until is not None
    assert (world.case(case).answer_by or until) > until
