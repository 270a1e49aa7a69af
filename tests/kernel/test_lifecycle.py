"""The engine: one writer of states, every reason at once, one audit line, the right dates."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from tests.world import World
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case
from workflow.cases.services import move
from workflow.cases.states import CaseState, CaseTrigger
from workflow.kernel.actors import SYSTEM, Actor, Role
from workflow.kernel.audit import AuditEntry
from workflow.kernel.deadlines import LIVE, DeadlineRow
from workflow.kernel.errors import NotFound, Refused, Stale
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import Context, Lifecycle, State, Transition


def test_every_reason_is_told_at_once_and_nothing_is_written(world: World) -> None:
    made = world.submitted()
    with world.runtime.database.transaction() as session:
        case = session.get_one(Case, made.id)
        case.recipient_email = case.recipient_address = ""
    before = world.count(AuditEntry)
    with pytest.raises(Refused) as refusal, world.runtime.database.transaction() as session:
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    assert refusal.value.reasons[:2] == (
        "Set the price first.",
        "The recipient's e-mail or postal address is missing.",
    )
    assert world.case(made).state is CaseState.SUBMITTED and world.count(AuditEntry) == before


def test_a_step_is_told_once_with_who_and_why(world: World) -> None:
    made = world.submitted()
    version = world.case(made).version
    with world.runtime.database.transaction() as session:
        move(
            session,
            made.id,
            CaseTrigger.ASK_OWNER,
            world.operator,
            world.now,
            note="Which year?",
            seen_version=version,
        )
    with world.runtime.database.reading() as session:
        last = session.scalars(
            select(AuditEntry).where(AuditEntry.subject_id == made.id).order_by(AuditEntry.sequence.desc())
        ).first()
    assert last is not None
    assert (last.action, last.before, last.after, last.note, last.actor_role, last.at) == (
        "case:ask_owner", "submitted", "info_needed", "Which year?", Role.OPERATOR, world.now,
    )  # fmt: skip
    assert world.case(made).version == version + 1
    with pytest.raises(Stale), world.runtime.database.transaction() as session:
        move(
            session, made.id, CaseTrigger.COMPLETE, world.owner, world.now, note="2022", seen_version=version
        )


def test_others_may_not(world: World) -> None:
    made = world.offered()
    for actor in (world.owner, SYSTEM):
        with pytest.raises(Refused, match="not yours"), world.runtime.database.transaction() as session:
            move(session, made.id, CaseTrigger.CLOSE, actor, world.now, carries={"reason": "error"})
    for actor in (Actor(Role.RIGHTS_HOLDER, "x"), Actor(Role.LEGAL_PARTNER, "x"), Actor(Role.PUBLIC, "x")):
        with pytest.raises(NotFound), world.runtime.database.transaction() as session:
            move(session, made.id, CaseTrigger.CLOSE, actor, world.now, carries={"reason": "error"})
    with pytest.raises(NotFound), world.runtime.database.transaction() as session:
        move(session, new_id(), CaseTrigger.CLOSE, world.operator, world.now)
    with pytest.raises(AssertionError, match="without"), world.runtime.database.transaction() as session:
        move(session, made.id, CaseTrigger.CLOSE, world.operator, world.now)


def test_dates_follow_the_state(world: World) -> None:
    made = world.offered()

    def live() -> list[str]:
        with world.runtime.database.reading() as session:
            rows = session.scalars(select(DeadlineRow).where(DeadlineRow.state.in_(LIVE)))
            return [f"{row.trigger} {row.due_at:%Y-%m-%d %H:%M}" for row in rows]

    assert live() == ["remind 2024-03-18 07:00"]  # eight in Berlin's winter
    with world.runtime.database.transaction() as session:
        move(session, made.id, CaseTrigger.AGREE, world.operator, world.now)
    assert live() == ["follow_up 2024-03-15 07:00"]  # a person looks whether the agreed sum came


def test_two_at_once_are_one_step(world: World) -> None:
    made = world.submitted()
    version = world.case(made).version
    outcomes: list[str] = []

    def press() -> None:
        try:
            with world.runtime.database.transaction() as session:
                move(
                    session,
                    made.id,
                    CaseTrigger.ASK_OWNER,
                    world.operator,
                    world.now,
                    note="?",
                    seen_version=version,
                )
            outcomes.append("done")
        except Stale:
            outcomes.append("stale")

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["done", "stale", "stale", "stale"]
    assert world.history(made).count("case:ask_owner") == 1


def test_a_button_says_why_it_is_off(world: World) -> None:
    made = world.submitted()
    with world.runtime.database.reading() as session:
        case = session.get_one(Case, made.id)
        context: Context[Case] = Context(session, case, world.operator, world.now)
        actions = {action.trigger: action for action in CASE_LIFECYCLE.actions(context)}
    assert set(actions) == {CaseTrigger.ASK_OWNER, CaseTrigger.REJECT, CaseTrigger.PRICE, CaseTrigger.OFFER}
    assert not actions[CaseTrigger.OFFER].enabled
    assert actions[CaseTrigger.OFFER].refusals == ("Set the price first.",)
    assert actions[CaseTrigger.REJECT].enabled and actions[CaseTrigger.REJECT].warning


def test_a_table_that_contradicts_itself_does_not_start() -> None:
    def twice(target: CaseState) -> Transition[Any]:
        return Transition(
            CaseTrigger.SUBMIT, (CaseState.DRAFT,), target, frozenset({Role.OPERATOR}), "Submit"
        )

    states = tuple(State(state, state.value, None) for state in CaseState)
    with pytest.raises(AssertionError, match="share"):
        Lifecycle(
            "case", Case, CaseState.DRAFT, states, (twice(CaseState.SUBMITTED), twice(CaseState.CLOSED))
        )
    drawn = CASE_LIFECYCLE.mermaid()
    assert drawn.startswith("stateDiagram-v2") and "submitted --> offered: offer (operator)" in drawn
