"""Who may do what: one question for every door. The rows stand in a table above; here is how they are read.

A permission is a member of a table (a subclass of :class:`Permission`): its word, a sentence for people, who
holds it, and whether the person must have proved lately who it is. A grant names a role, perhaps ranks
within it, and which objects it reaches. Whatever no row grants is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, TypeVar

from sqlalchemy.orm import Session

from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import NotAllowed, NotFound
from workflow.kernel.wording import say

#: Whether the actor reaches this object.
Reach = Callable[[Session | None, Actor, Any], bool]


def everything(_session: Session | None, _actor: Actor, _subject: Any) -> bool:
    """Every object there is."""
    return True


def nothing(_session: Session | None, _actor: Actor, _subject: Any) -> bool:
    """No object yet: said aloud, so that nobody forgets to decide."""
    return False


def own(_session: Session | None, actor: Actor, subject: Any) -> bool:
    """Objects that name the actor as their owner."""
    return str(subject.owner_id) == actor.id


def of_the_case(_session: Session | None, actor: Actor, subject: Any) -> bool:
    """The one case somebody entered with reference and code, and what belongs to it."""
    return str(getattr(subject, "case_id", None) or subject.id) == actor.id


#: Which objects of one kind each role may move; a role without a line reaches none.
Reaches = Mapping[Role, Reach]

#: The office and time itself reach everything.
OFFICE: Reaches = {Role.OPERATOR: everything, Role.SYSTEM: everything}

#: For tables whose steps say enough by themselves.
WHOEVER: Reaches = dict.fromkeys(Role, everything)

S = TypeVar("S")


def reached(session: Session, reaches: Reaches, actor: Actor, subject: S | None, what: str) -> S:
    """The subject, if it exists and the actor reaches it; else :class:`NotFound` (``what`` is not there)."""
    reach = reaches.get(actor.role)
    if subject is None or reach is None or not reach(session, actor, subject):
        raise NotFound(what)
    return subject


@dataclass(frozen=True, slots=True)
class Grant:
    """One holder of a permission: a role, its ranks (empty = every rank), the objects it reaches."""

    role: Role
    ranks: frozenset[str] = frozenset()
    reach: Reach = everything

    def held_by(self, actor: Actor) -> bool:
        """Whether this actor is meant, whatever the object."""
        return actor.role is self.role and (not self.ranks or actor.rank in self.ranks)


class Permission(StrEnum):
    """The base of a table of permissions; every member is ``word, sentence, grants[, dangerous]``."""

    #: What it allows, for a person who reads the table.
    sentence: str
    grants: tuple[Grant, ...]
    #: Asks for password (and code) again when they were given more than ten minutes ago.
    dangerous: bool

    def __new__(cls, word: str, sentence: str, grants: tuple[Grant, ...], dangerous: bool = False) -> Self:
        """A row of the table."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.sentence = sentence
        member.grants = grants
        member.dangerous = dangerous
        return member

    @classmethod
    def of(cls, word: str) -> Self:
        """The row with this word; rules kept as data name rows so. A word without a row is a bug."""
        return next(member for member in cls if member.value == word)

    @property
    def roles(self) -> frozenset[Role]:
        """Every role that holds it in some rank."""
        return frozenset(grant.role for grant in self.grants)


class Doors(Permission):
    """What needs no right at all."""

    OPEN = (
        "doors.open",
        "Read the public pages and knock: sign up, log in, ask whether a letter is real",
        tuple(Grant(role) for role in Role),
    )


def may(actor: Actor, action: Permission) -> bool:
    """Whether the actor holds the permission for some object; for showing or hiding a button."""
    return any(grant.held_by(actor) for grant in action.grants)


def authorise(
    session: Session | None, actor: Actor, action: Permission, subject: object | None = None
) -> None:
    """Let the actor do this to ``subject``, or raise.

    :class:`NotFound` when the object is out of the actor's reach: it does not exist for them.
    :class:`NotAllowed` with a sentence when the right is missing.
    """
    mine = [grant for grant in action.grants if grant.role is actor.role]
    if subject is not None and mine and not any(grant.reach(session, actor, subject) for grant in mine):
        raise NotFound
    if not any(grant.held_by(actor) for grant in mine):
        what = action.sentence[:1].lower() + action.sentence[1:]
        raise NotAllowed(say("You may not do this: it belongs to those who may “{what}”.", what=what))
