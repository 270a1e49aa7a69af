"""A line of the table, and the stage on which it is pressed."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from tests.contracts.test_routes import addresses
from tests.world import Form, Made, Visitor, World
from workflow.cases.bargaining.models import CounterOffer
from workflow.cases.models import Case
from workflow.cases.pricing import from_stored
from workflow.cases.services import move, set_price
from workflow.cases.states import CaseTrigger
from workflow.kernel.db import Session

#: Made with the page so that pressing twice is once; they name nothing that is there.
FRESH_KEYS = {"key", "batch"}
NOTHING = uuid.UUID(int=7)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class File:
    """A file in a form, as often as it is sent."""

    data: bytes
    name: str


@dataclass(frozen=True)
class Line:
    """One POST route."""

    #: Who presses it rightfully: a name of the crowd, or one the body brings along.
    by: str
    body: Callable[[Stage], Form]
    #: How the rightful person is answered. Anything but 200 and 303 needs its reason.
    answer: int = 303
    why: str = ""
    #: How somebody is answered who holds the right, but not for this thing.
    other: int = 404
    why_other: str = ""
    #: Whether the database keeps something of it.
    writes: bool = True


def on(by: str, page: str, values: dict[str, Any] | None = None, action: str = "", **more: Any) -> Line:
    """A line whose body is the form on one page, filled in so."""
    return Line(by, lambda stage: stage.form(by, page, values, action), **more)


def bare(by: str, to: str, *fields: tuple[str, str], **more: Any) -> Line:
    """A line whose body is a button, or so little that it needs no page."""
    return Line(by, lambda _: (to, list(fields)), **more)


@dataclass
class Stage:
    """The world with its people and four cases: the recipient's own, the other recipient's, one more, and one
    that nobody answered yet."""

    world: World
    crowd: dict[str, Visitor]
    case: Made
    other_case: Made
    third_case: Made
    unanswered_case: Made
    extra: dict[str, Visitor] = field(default_factory=dict)
    #: See ``tests.contracts.things``.
    things: dict[str, str] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def visitor(self, who: str) -> Visitor:
        return self.crowd.get(who) or self.extra[who]

    def form(self, who: str, page: str, values: dict[str, Any] | None = None, action: str = "") -> Form:
        """The form on ``page`` as ``who`` sees and fills it in; ``File`` values take the place of its own."""
        files = {name: value for name, value in (values or {}).items() if isinstance(value, File)}
        typed = {name: value for name, value in (values or {}).items() if name not in files}
        to, fields = self.visitor(who).form(page, typed, action)
        return to, [(name, value) for name, value in fields if name not in files] + list(files.items())

    def first(self, model: Any, *where: Any) -> Any:
        """The first row that fits; there must be one."""
        with self.world.runtime.database.reading() as session:
            found = session.scalars(select(model).where(*where).order_by(model.id)).first()
            assert found is not None, f"no {model.__name__} on this stage"
            session.expunge_all()
            return found

    def here(self) -> Case:
        """The recipient's case as it stands."""
        return self.world.case(self.case)

    def change(self, work: Callable[[Session], Any]) -> Any:
        """Do ``work`` in a transaction: what has to be so before the press."""
        with self.world.runtime.database.transaction() as session:
            return work(session)

    def send(self, who: str, to: str, fields: list[tuple[str, Any]]) -> int:
        """Send the body with a token of one's own; returns the code of the answer."""
        visitor = self.visitor(who)
        visitor._from = {**visitor._from, "REMOTE_ADDR": next(addresses)}
        sent: list[tuple[str, Any]] = [("csrf_token", self._token(who, visitor))]
        for name, value in fields:
            if name != "csrf_token":
                sent.append(
                    (name, (io.BytesIO(value.data), value.name) if isinstance(value, File) else value)
                )
        answer = visitor.send(to, sent)
        if answer.status_code < 400:
            self._tokens.pop(who, None)  # a fresh session has a fresh token
        return answer.status_code

    def _token(self, who: str, visitor: Visitor) -> str:
        if who not in self._tokens:
            page = "/contact" if visitor.client.application.name == "desk" else "/verify"
            found = TOKEN.search(visitor.page(page))
            assert found, f"{page} has no form"
            self._tokens[who] = found[1]
        return self._tokens[who]


def just_offered(stage: Stage) -> Made:
    """A case of its own whose offer was decided; nothing is printed, and the worker has nothing to do."""
    world = stage.world
    made = world.submitted()

    def offer(session: Session) -> None:
        facts = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        set_price(session, made.id, facts, world.operator, world.now)
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)

    stage.change(offer)
    return made


def doubted(stage: Stage) -> Made:
    """A case of its own whose recipient doubts an input of the sum."""
    made = just_offered(stage)
    visitor = stage.world.recipient(made)
    to, fields = visitor.form("/price/credited?value=yes", {"text": "It stands in our imprint."})
    assert visitor.send(to, [pair for pair in fields if pair[0] != "files"]).status_code == 303
    return made


def countered(stage: Stage) -> tuple[Made, str]:
    """A case of its own whose recipient named a sum, and the key of that sum."""
    made = just_offered(stage)
    answer = stage.world.recipient(made).press("/counter-offer", {"total": "100.00"}, action="/counter-offer")
    assert answer.status_code == 303
    return made, str(stage.first(CounterOffer, CounterOffer.case_id == made.id).id)


def ids_in(to: str, fields: list[tuple[str, Any]]) -> bool:
    """Whether the address or a field names a row by its id."""
    named = [str(value) for name, value in fields if name not in FRESH_KEYS and isinstance(value, str)]
    return any(UUID.search(text) for text in [to, *named])
