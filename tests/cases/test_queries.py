"""Reading cases without pages: paging by key, whose turn it is, the queue's order, the timeline's privacy."""

from __future__ import annotations

from datetime import date

import pytest

from workflow.cases import queries, turns, worklist
from workflow.cases.queries import Wanted
from workflow.cases.services import move, receive_answer
from workflow.cases.states import CaseTrigger, HoldKind, Stage
from workflow.cases.timeline import timeline
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import NotFound

from .conftest import House


def test_pages_by_key_lead_through_every_case_once_and_back(house: House, monkeypatch) -> None:
    monkeypatch.setattr(queries, "ROWS", 2)
    made = [house.submitted(host=f"site{number}.example.org") for number in range(5)]
    newest_first = list(reversed(made))
    with house.runtime.database.reading() as session:
        seen, before, pages = [], None, []
        while True:
            page = queries.cases_of(session, house.owner(), Wanted(before=before))
            seen += [case.id for case in page.cases]
            pages.append(page)
            if page.older is None:
                break
            before = page.older
        assert seen == newest_first and [len(page.cases) for page in pages] == [2, 2, 1]
        assert pages[0].newer is None
        back = queries.cases_of(session, house.owner(), Wanted(after=pages[2].newer))
        assert [case.id for case in back.cases] == newest_first[2:4] and back.newer and back.older
        first = queries.cases_of(session, house.owner(), Wanted(after=back.newer))
        assert [case.id for case in first.cases] == newest_first[:2] and first.newer is None


def test_only_owner_and_operator_see_a_case(house: House) -> None:
    case_id = house.submitted()
    with house.runtime.database.reading() as session:
        assert queries.case_for(session, house.owner(), case_id).id == case_id
        assert queries.case_for(session, house.staff, case_id).id == case_id
        for other in (
            house.owner("bo@example.org"),
            Actor(Role.INFRINGER, str(case_id)),
            Actor(Role.LEGAL_PARTNER, str(case_id)),
        ):
            with pytest.raises(NotFound):
                queries.case_for(session, other, case_id)
        assert queries.counts_by_stage(session, house.owner("bo@example.org"))[Stage.SUBMITTED] == 0
        assert queries.counts_by_stage(session, house.staff)[Stage.SUBMITTED] == 1


def test_the_engine_moves_nothing_that_is_out_of_reach(house: House) -> None:
    """Whoever forgets to look whose case it is changes nothing all the same."""
    submitted, offered = house.submitted(), house.offered(host="out.example.org")
    now = house.clock.business()
    strangers = (
        (submitted, CaseTrigger.WITHDRAW, house.owner("bo@example.org")),
        (offered, CaseTrigger.HOLD, Actor(Role.INFRINGER, str(submitted))),
        (offered, CaseTrigger.GO_TO_COURT, Actor(Role.LEGAL_PARTNER, str(offered))),
        (offered, CaseTrigger.AGREE, Actor(Role.PUBLIC, "public")),
    )
    for case_id, trigger, actor in strangers:
        with pytest.raises(NotFound), house.runtime.database.transaction() as session:
            move(session, case_id, trigger, actor, now, carries={"kind": HoldKind.QUESTION})
    with pytest.raises(NotFound), house.runtime.database.transaction() as session:
        stranger = Actor(Role.INFRINGER, str(submitted))
        receive_answer(session, house.runtime.vault, offered, HoldKind.QUESTION, "Whose?", (), stranger, now)


def test_whose_turn_and_when_through_a_case(house: House) -> None:
    def turn(actor: Actor) -> turns.Turn:
        with house.runtime.database.reading() as session:
            return turns.turn_of(session, queries.case_for(session, actor, case_id), actor)

    case_id = house.submitted()
    assert (turn(house.owner()).who, turn(house.staff).who) == ("Our turn", "Your turn")
    with house.runtime.database.transaction() as session:
        move(session, case_id, "ask_owner", house.staff, house.clock.business(), note="What?")
    assert turn(house.owner()).yours and turn(house.owner()).on == date(2024, 3, 15)
    assert turn(house.staff).who == "The rights-holder’s turn"

    case_id = house.offered(host="out.example.org")
    waiting = turn(house.owner())
    # day 14 is a Friday, but ten working days after 1 March end on the 18th: the 8th is a holiday in Berlin
    assert (waiting.who, waiting.on) == ("The other side’s turn", date(2024, 3, 18))
    house.answers(case_id, HoldKind.OBJECTION, "Not our site.")
    held = turn(house.staff)
    assert held.yours and held.on is None and held.held == ("An objection was made",)
    assert turn(house.owner()).who == "Our turn"


def test_the_queue_keeps_its_order(house: House) -> None:
    new = house.submitted(host="new.example.org")
    silent = house.offered(host="silent.example.org")
    house.days_pass(48)
    licence = house.offered(host="licence.example.org")
    house.answers(licence, HoldKind.LICENCE_SHOWN, "Here.")
    question = house.offered(host="question.example.org")
    house.answers(question, HoldKind.QUESTION, "Who are you?")
    with house.runtime.database.reading() as session:
        sections = worklist.queue(session, house.clock.business())
        assert [section.key for section in sections] == ["answers", "looks", "new", "post"]
        answers, looks, fresh, paper = (
            [item.case.id for item in section.items if item.case] for section in sections
        )
        assert answers == [question, licence] and looks == [silent] and fresh == [new] and paper == [silent]
        assert worklist.waiting(session) == 5


def test_what_comes_after_the_end_is_still_read(house: House) -> None:
    case_id = house.offered()
    with house.runtime.database.transaction() as session:
        move(
            session, case_id, "close", house.staff, house.clock.business(), carries={"reason": "error"},
        )  # fmt: skip
    house.days_pass(1)
    house.answers(case_id, HoldKind.QUESTION, "Is it really over?")
    with house.runtime.database.reading() as session:
        (section,) = worklist.queue(session, house.clock.business())
        assert section.count == 1 and "after the end" in section.items[0].what


def test_the_timeline_tells_each_side_its_part(house: House) -> None:
    case_id = house.offered()
    house.answers(case_id, HoldKind.LICENCE_SHOWN, "From an agency.")
    with house.runtime.database.reading() as session:
        case = queries.case_for(session, house.staff, case_id)
        full = timeline(session, case, house.staff, str)
        told = timeline(session, case, house.owner(), str)
    assert "Price set" in [entry.title for entry in full]
    assert "Price set" not in [entry.title for entry in told]
    assert any("From an agency." in entry.text for entry in full)
    assert not any("From an agency." in entry.text or "@" in entry.by for entry in told)
    # an answer that opened a hold is one entry, not two
    assert sum("licence" in entry.title for entry in full) == 1
    assert [entry.at for entry in full] == sorted((entry.at for entry in full), reverse=True)
