"""The four tables: nothing unreachable, no dead end, no date into nothing, and a matrix a person has read."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.contracts.sources import calls, modules
from workflow.cases import events as case_events
from workflow.cases import jobs as case_jobs  # noqa: F401 - the table's effects live beside it
from workflow.cases.states import STAGE_OF_CASE, CaseState, CaseTrigger
from workflow.hits.states import HitState, HitTrigger
from workflow.kernel.access import OFFICE, everything
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import Refused
from workflow.kernel.lifecycle import Context, Lifecycle
from workflow.money.states import PayinState, PayinTrigger
from workflow.payouts.states import PayoutState, PayoutTrigger
from workflow.wiring import LIFECYCLES, LISTENERS

SNAPSHOT = Path(__file__).parents[1] / "snapshots" / "lifecycle_matrix.txt"
WORDS: dict[str, tuple[Any, Any]] = {
    "hit": (HitState, HitTrigger),
    "case": (CaseState, CaseTrigger),
    "payin": (PayinState, PayinTrigger),
    "payout": (PayoutState, PayoutTrigger),
}
#: Nobody may do anything more, ever.
FINAL = {
    "hit": set(),
    "case": {CaseState.REJECTED, CaseState.SETTLED, CaseState.CLOSED},
    "payin": {PayinState.REFUNDED, PayinState.LOST},
    "payout": {PayoutState.TAKEN_BACK},
}
ROLES = [role for role in Role if role is not Role.PUBLIC]

every = pytest.mark.parametrize("name", LIFECYCLES)


@every
def test_every_word_stands_in_the_table(name: str) -> None:
    table, (states, triggers) = LIFECYCLES[name], WORDS[name]
    assert set(table.states) == set(states)
    assert {row.trigger for row in table.transitions} == set(triggers)


@every
def test_every_state_can_be_reached(name: str) -> None:
    table = LIFECYCLES[name]
    reached, new = set(), {table.initial}
    while new:
        reached |= new
        new = {row.target for row in table.transitions if row.target and reached & set(row.sources)} - reached
    assert set(table.states) - reached == set()


@every
def test_only_ends_are_ends(name: str) -> None:
    table = LIFECYCLES[name]
    leaves = {
        source for row in table.transitions for source in row.sources if row.target not in (None, source)
    }
    assert set(table.states) - leaves == FINAL[name]
    for state in FINAL[name]:
        assert table.states[state].waits_for is None and not table.states[state].deadlines


@every
def test_whoever_is_waited_for_can_do_something(name: str) -> None:
    table = LIFECYCLES[name]
    for state, row in table.states.items():
        if row.waits_for is None or (name, state) == (
            "payin",
            PayinState.PENDING,
        ):  # the payer acts at the PSP
            continue
        able = {role for edge in table.transitions if state in edge.sources for role in edge.by}
        assert row.waits_for in able or Role.SYSTEM in able, (state, row.waits_for)


@every
def test_every_date_leads_somewhere(name: str) -> None:
    table = LIFECYCLES[name]
    for state, row in table.states.items():
        kinds = [deadline.kind for deadline in row.deadlines]
        assert len(kinds) == len(set(kinds)), f"{state} opens two dates of one kind"
        for deadline in row.deadlines:
            edge = table.find(state, deadline.trigger)
            assert edge is not None, (
                f"{state}: the date {deadline.kind} fires {deadline.trigger} into nothing"
            )
            assert Role.SYSTEM in edge.by, f"{state}: the ticker may not {deadline.trigger}"
            assert edge.target is not None or not edge.carries
            assert not edge.carries, f"{state}: a date brings no data for {deadline.trigger}"


@every
def test_every_step_and_state_has_its_words(name: str) -> None:
    table = LIFECYCLES[name]
    for row in table.transitions:
        assert row.label[:1].isupper() and len(row.label) >= 4, row.trigger
        assert row.by, f"nobody may {row.trigger}"
        for guard in row.guards:
            assert (guard.__doc__ or "").strip().endswith("."), guard
    for state in table.states.values():
        assert state.label[:1].isupper()
    if name == "case":
        assert set(STAGE_OF_CASE) == set(table.states)


@every
def test_whoever_may_take_a_step_has_a_reach_and_only_the_office_reaches_everything(name: str) -> None:
    table = LIFECYCLES[name]
    acting = {role for row in table.transitions for role in row.by}
    assert acting <= set(table.reach)
    assert {role for role, reach in table.reach.items() if reach is everything} == set(OFFICE)


def test_every_event_is_told_and_heard() -> None:
    kinds = {
        member for _, member in inspect.getmembers(case_events, inspect.isclass)
        if dataclasses.is_dataclass(member) and member.__module__ == case_events.__name__
    }  # fmt: skip
    assert set(LISTENERS) == kinds and all(LISTENERS.values())
    told = {
        name for module in modules() for call in calls(module.tree)
        for name in [getattr(call.func, "attr", getattr(call.func, "id", ""))] if name in {k.__name__ for k in kinds}
    }  # fmt: skip
    assert told == {kind.__name__ for kind in kinds}, "an event that nobody tells"


def test_what_the_table_does_not_name_is_refused() -> None:
    """Every state, trigger and role that the matrix leaves out, tried at the engine itself."""
    tried = 0
    for name, table in LIFECYCLES.items():
        for state in table.states:
            for trigger in WORDS[name][1]:
                row = table.find(state, trigger)
                for role in Role:
                    if row is not None and role in row.by:
                        continue
                    subject = SimpleNamespace(id=None, state=state, version=1)
                    context: Context[Any] = Context(None, subject, Actor(role, "x"), None)  # type: ignore[arg-type]
                    with pytest.raises(Refused):
                        table.fire(trigger, context)
                    assert subject.state is state
                    tried += 1
    assert tried > 1500


def test_the_matrix_is_the_one_that_was_reviewed() -> None:
    """Changed on purpose? ``UPDATE_SNAPSHOTS=1 pytest tests/contracts/test_lifecycles.py``, then read the diff."""
    drawn = "".join(f"{line}\n" for name, table in LIFECYCLES.items() for line in matrix(name, table))
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.write_text(drawn, encoding="utf-8")
    assert SNAPSHOT.read_text(encoding="utf-8") == drawn


def matrix(name: str, table: Lifecycle[Any]) -> Iterator[str]:
    """A line per state, trigger and role that may pull it; what is not here is refused."""
    yield f"# {name}: state, trigger, role, target, what is asked first"
    for state, row in table.states.items():
        dates = ", ".join(f"{deadline.kind}->{deadline.trigger}" for deadline in row.deadlines)
        yield f"{name}.{state}  waits for {row.waits_for or 'nobody'}{f'  dates: {dates}' if dates else ''}"
        for trigger in WORDS[name][1]:
            edge = table.find(state, trigger)
            if edge is None:
                continue
            asked = ", ".join(guard.__name__ for guard in edge.guards)
            brings = ", ".join(edge.carries)
            for role in ROLES:
                if role in edge.by:
                    tail = (f"  if {asked}" if asked else "") + (f"  with {brings}" if brings else "")
                    yield f"    {trigger:<18}{role:<14}-> {edge.target or '(stays)'}{tail}"
    yield ""
