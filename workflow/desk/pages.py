"""What every page of the desk may ask for: the bell, the first steps, what the instance still needs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import Flask, g

from workflow.accounts.bell import Bell, bell_of
from workflow.accounts.readiness import BLOCKS_WORDS, Blocks, Item, open_items
from workflow.cases.readiness import checklist
from workflow.desk.first_steps import FirstSteps, first_steps
from workflow.kernel.actors import Role
from workflow.web.current import actor, now, reading, signed_in, wall


def install(app: Flask) -> None:
    """Give the templates of the desk these names."""
    app.jinja_env.globals.update(
        the_bell=_bell, first_steps=_first_steps, set_up_items=_items, what_blocks=_what_blocks,
        blocks_words=BLOCKS_WORDS,
    )  # fmt: skip


def _bell() -> Bell | None:
    """The bell of whoever is signed in; asked once per page, by the frame."""
    person = signed_in()
    if person is None or person.actor.role not in (Role.RIGHTS_HOLDER, Role.OPERATOR, Role.LEGAL_PARTNER):
        return None
    with reading() as session:
        return bell_of(session, uuid.UUID(person.actor.id))


def _first_steps() -> FirstSteps | None:
    with reading() as session:
        return first_steps(session, actor())


def _items() -> Sequence[Item]:
    """The whole checklist; derived once per page."""
    if "set_up_items" not in g:
        with reading() as session:
            g.set_up_items = checklist(session, now(), wall())
    found: Sequence[Item] = g.set_up_items
    return found


def _what_blocks(*what: str) -> list[Item]:
    """The open items that keep these from happening, each once."""
    wanted = [Blocks(each) for each in what]
    return [item for item in _items() if any(item in open_items([item], each) for each in wanted)]
