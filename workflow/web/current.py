"""What a route may ask about the request it answers: the runtime, who asks, what time it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, cast
from uuid import UUID

from flask import current_app, g, request

from workflow.kernel.actors import Actor, Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workflow.kernel.runtime import Runtime

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

PUBLIC = Actor(Role.PUBLIC, "public")


class SignedIn(Protocol):
    """Who is signed in; each app brings its own kind (a desk account, a portal visitor)."""

    @property
    def actor(self) -> Actor:
        """The one who acts; what services and queries are given."""
        ...

    @property
    def display_name(self) -> str:
        """How the page addresses this person."""
        ...

    @property
    def email(self) -> str | None:
        """The confirmed address, if there is one."""
        ...

    @property
    def case_id(self) -> UUID | None:
        """The one case a portal visitor may see; ``None`` on the desk."""
        ...

    @property
    def language(self) -> str:
        """The language this person chose; empty = as the browser asks."""
        ...

    @property
    def time_zone(self) -> str:
        """The IANA zone this person chose; empty = the instance's."""
        ...

    @property
    def proved_at(self) -> datetime | None:
        """When this person last proved who it is; dangerous steps want it to be lately. Wall time."""
        ...


@dataclass(frozen=True, slots=True)
class SignedInAs:
    """The plain form of :class:`SignedIn`."""

    actor: Actor
    display_name: str
    email: str | None = None
    case_id: UUID | None = None
    language: str = ""
    time_zone: str = ""
    proved_at: datetime | None = None


SignedInLoader = Callable[[], "SignedIn | None"]


def runtime() -> Runtime:
    """The parts of this process: database, clock, vault, press, mail …"""
    return cast("Runtime", current_app.extensions["runtime"])


def signed_in() -> SignedIn | None:
    """Who is signed in, or ``None``; the app's loader is asked once per request."""
    if "signed_in" not in g:
        loader: SignedInLoader = current_app.extensions["signed_in"]
        g.signed_in = loader()
    return cast("SignedIn | None", g.signed_in)


def forget_signed_in() -> None:
    """Ask the loader again: somebody has just signed in or out."""
    g.pop("signed_in", None)


def actor() -> Actor:
    """The one who acts; somebody who has not signed in acts as the public."""
    person = signed_in()
    return person.actor if person else PUBLIC


def now() -> datetime:
    """Business time: dates, deadlines, letters, money."""
    return runtime().clock.business()


def wall() -> datetime:
    """Wall time: sessions, tokens, signatures."""
    return runtime().clock.wall()


@contextmanager
def reading() -> Iterator[Session]:
    """A session that cannot write; what was read stays readable after it."""
    with runtime().database.reading() as session:
        yield session
        session.expunge_all()


@contextmanager
def writing() -> Iterator[Session]:
    """A session that commits at the end; a GET that asks for one is a bug."""
    assert request.method not in SAFE_METHODS, f"{request.endpoint} would write on {request.method}"
    with runtime().database.transaction() as session:
        yield session


def reference() -> str:
    """The number of this request, shown on error pages and written to the log."""
    return cast("str", g.get("reference", ""))
