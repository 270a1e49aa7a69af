"""Buttons from a table and what pressing them does, on a life cycle of its own."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from workflow.kernel import audit
from workflow.kernel.access import Doors
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import enum_column
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import Context, Lifecycle, State, Transition, begin
from workflow.web import current
from workflow.web.blueprints import role_blueprint
from workflow.web.transitions import action_buttons, fire_from_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.web.conftest import MakeSite
    from workflow.kernel.runtime import Runtime


class LampState(StrEnum):
    """Where a lamp stands."""

    OFF = "off"
    ON = "on"


class LampTrigger(StrEnum):
    """What can be done with it."""

    LIGHT = "light"
    DIM = "dim"


class LampBase(DeclarativeBase):
    """A base of its own: the tables of the project stay what the migrations know."""


class Lamp(LampBase):
    """A lamp with a life cycle; exists in these tests only."""

    __tablename__ = "test_lamps"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    state: Mapped[LampState] = enum_column(LampState, "state")
    version: Mapped[int] = mapped_column(default=1)
    oil: Mapped[int] = mapped_column(default=0)


def has_oil(context: Context[Lamp]) -> str | None:
    return None if context.subject.oil else "There is no oil in it."


LAMPS: Lifecycle[Lamp] = Lifecycle(
    "lamp",
    Lamp,
    LampState.OFF,
    (State(LampState.OFF, "Off", Role.OPERATOR), State(LampState.ON, "On", None)),
    (
        Transition(
            LampTrigger.LIGHT, (LampState.OFF,), LampState.ON, frozenset({Role.OPERATOR}),
            "Light it", guards=(has_oil,), warning="It will burn.",
        ),
        Transition(
            LampTrigger.DIM, (LampState.OFF,), None, frozenset({Role.OPERATOR}), "Dim it",
            carries=("percent",),
        ),
    ),
)  # fmt: skip

STAFF = Actor(Role.OPERATOR, "somebody", "Somebody")


@pytest.fixture
def lamp(runtime: Runtime) -> Lamp:
    LampBase.metadata.create_all(runtime.database.engine)
    with runtime.database.transaction() as session:
        return begin(session, LAMPS, Lamp(), STAFF, runtime.clock.business())


@pytest.fixture
def visitor(make_site: MakeSite, lamp: Lamp) -> Iterator[FlaskClient]:
    pages = role_blueprint("pages", __name__, role=Role.OPERATOR)

    @pages.post("/lamp/<uuid:lamp_id>/<trigger>", action=Doors.OPEN)
    def press(lamp_id: uuid.UUID, trigger: str) -> str:
        with current.writing() as session:
            return fire_from_form(session, LAMPS, lamp_id, trigger).state.value

    client = make_site(pages, csrf_exempt=frozenset({"pages.press"})).test_client()
    client.get("/become/operator")
    yield client
    assert lamp.id


def fill(runtime: Runtime, lamp: Lamp) -> None:
    with runtime.database.transaction() as session:
        session.get_one(Lamp, lamp.id).oil = 1


def test_buttons_come_with_reasons_version_and_warning(runtime: Runtime, lamp: Lamp) -> None:
    with runtime.database.reading() as session:
        seen = session.get_one(Lamp, lamp.id)
        light, dim = action_buttons(session, LAMPS, seen, STAFF, runtime.clock.business())
        nobody = Actor(Role.RIGHTS_HOLDER, "x")
        assert action_buttons(session, LAMPS, seen, nobody, runtime.clock.business()) == []
    assert (light.trigger, light.label, light.version) == ("light", "Light it", 1)
    assert not light.enabled
    assert light.reasons == ("There is no oil in it.",)
    assert light.warning == "It will burn."
    assert dim.enabled
    assert dim.carries == ("percent",)


def test_pressing_moves_once_and_says_who(visitor: FlaskClient, runtime: Runtime, lamp: Lamp) -> None:
    fill(runtime, lamp)
    path = f"/lamp/{lamp.id}/light"
    assert visitor.post(path, data={"version": "1", "note": " for\r\nyou "}).text == "on"
    again = visitor.post(path, data={"version": "1"})
    assert again.status_code == 409
    assert "changed while you were looking" in again.text
    with runtime.database.reading() as session:
        last = audit.history(session, "lamp", lamp.id)[-1]
        assert (last.action, last.note, last.actor_name) == ("lamp:light", "for\nyou", "Somebody")


@pytest.mark.parametrize(
    ("path", "data", "code", "words"),
    [
        ("light", {"version": "1"}, 422, "There is no oil in it."),
        ("light", {}, 409, "Please look again"),
        ("light", {"version": "-1"}, 409, "Please look again"),
        ("light", {"version": "9" * 40}, 409, "Please look again"),
        ("light", {"version": "²"}, 409, "Please look again"),
        ("light", {"version": "1", "note": "a\x00"}, 422, "cannot be stored"),
        ("light", {"version": "1", "note": "a" * 2_001}, 422, "at most 2,000 fit"),
        ("dim", {"version": "1"}, 404, "This step does not exist."),
        ("explode", {"version": "1"}, 404, "This step does not exist."),
    ],
)
def test_what_cannot_be_pressed_changes_nothing(
    visitor: FlaskClient, runtime: Runtime, lamp: Lamp, path: str, data: dict[str, str], code: int,
    words: str,
) -> None:  # fmt: skip
    answer = visitor.post(f"/lamp/{lamp.id}/{path}", data=data)
    assert answer.status_code == code
    assert words in answer.text
    with runtime.database.reading() as session:
        assert session.get_one(Lamp, lamp.id).state is LampState.OFF


def test_an_unknown_subject_is_404(visitor: FlaskClient) -> None:
    answer = visitor.post(f"/lamp/{new_id()}/light", data={"version": "1"})
    assert answer.status_code == 404
