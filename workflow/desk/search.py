"""One box that finds cases, photographs, sites, recipients and people; always from the actor."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from workflow.accounts.models import Account
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Use
from workflow.hits.models import Hit
from workflow.hits.states import HitState
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.ids import normalise_reference
from workflow.kernel.said import Said, say
from workflow.works.models import Work

#: Rows of a group; one more is asked for, to know whether there are more.
MOST = 8
SHORTEST, LONGEST = 2, 200


@dataclass(frozen=True, slots=True)
class Found:
    """One line: a title, what stands beside it, where it leads."""

    title: str
    meta: str
    endpoint: str
    args: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The finds of one kind."""

    key: str
    title: Said
    icon: str
    rows: tuple[Found, ...]
    more: bool


def search(session: Session, actor: Actor, words: str) -> list[Group]:
    """What fits ``words``, grouped; empty groups are left out. Too short a word finds nothing."""
    words = words.strip()[:LONGEST]
    if len(words) < SHORTEST or actor.role not in (Role.RIGHTS_HOLDER, Role.OPERATOR):
        return []
    own = uuid.UUID(actor.id) if actor.role is Role.RIGHTS_HOLDER else None
    groups = [_cases(session, own, words), _photographs(session, own, words)]
    groups += [_pages(session, own, words)] if own else [_people(session, words)]
    return [group for group in groups if group.rows]


def contains(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    """``column`` holds the words, whatever the case; ``%`` and ``_`` are plain signs."""
    escaped = words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.lower(column).like(f"%{escaped}%", escape="\\")


def _cases(session: Session, own: uuid.UUID | None, words: str) -> Group:
    """By reference, host, recipient, title of the photograph or address of the page."""
    fitting = or_(
        Case.reference == (normalise_reference(words) or ""),
        contains(Case.reference, words),
        contains(Case.host, words),
        contains(Case.recipient_name, words),
        Case.id.in_(
            select(Use.case_id).where(or_(contains(Use.page_url, words), contains(Use.work_title, words)))
        ),
    )
    query = select(Case).where(fitting).order_by(Case.id.desc()).limit(MOST + 1)
    rows = list(session.scalars(query.where(Case.owner_id == own) if own else query))
    endpoint = "cases_rights_holder.show" if own else "cases_operator.show"
    found = tuple(
        Found(
            title=case.host or case.recipient_name,
            meta=" · ".join(word for word in (case.recipient_name, _state(case, own)) if word),
            endpoint=endpoint,
            args={"case_id": str(case.id)},
            reference=case.reference,
        )
        for case in rows[:MOST]
    )
    return Group("cases", say("Cases"), "folder2-open", found, len(rows) > MOST)


def _photographs(session: Session, own: uuid.UUID | None, words: str) -> Group:
    """By title or file name; an operator sees whose they are and comes to the newest case with them."""
    fitting = or_(contains(Work.title, words), contains(Work.file_name, words))
    query = (
        select(Work, Account.name)
        .join(Account, Account.id == Work.owner_id)
        .where(fitting)
        .order_by(Work.id.desc())
        .limit(MOST + 1)
    )
    rows = session.execute(query.where(Work.owner_id == own) if own else query).all()
    if own:
        found = [
            Found(work.title, f"{work.file_name}, {work.width} × {work.height}", "works_rights_holder.show",
                  {"work_id": str(work.id)})
            for work, _name in rows[:MOST]
        ]  # fmt: skip
    else:
        found = [
            Found(work.title, f"{work.file_name}, {name}", "works_operator.image",
                  {"work_id": str(work.id), "kind": "display"})
            for work, name in rows[:MOST]
        ]  # fmt: skip
    return Group("photographs", say("Photographs"), "images", tuple(found), len(rows) > MOST)


def _pages(session: Session, own: uuid.UUID, words: str) -> Group:
    """Hits that are not yet a case: by site, address or title of the page, or whoever operates it."""
    fitting = or_(
        contains(Hit.host, words), contains(Hit.page_url, words), contains(Hit.page_title, words),
        contains(Hit.operator_name, words),
    )  # fmt: skip
    rows = list(
        session.scalars(
            select(Hit)
            .where(Hit.owner_id == own, Hit.state.in_((HitState.SHOWN, HitState.REVIEWED)), fitting)
            .order_by(Hit.id.desc())
            .limit(MOST + 1)
        )
    )
    found = tuple(
        Found(hit.page_title or hit.page_url, hit.host, "hits_rights_holder.show", {"hit_id": str(hit.id)})
        for hit in rows[:MOST]
    )
    return Group("hits", say("Hits"), "inbox", found, len(rows) > MOST)


def _people(session: Session, words: str) -> Group:
    """For operators: rights-holders by name or address; it leads to their cases."""
    rows = list(
        session.scalars(
            select(Account)
            .where(
                Account.role == Role.RIGHTS_HOLDER,
                or_(contains(Account.name, words), contains(Account.email, words)),
            )
            .order_by(Account.name, Account.id)
            .limit(MOST + 1)
        )
    )
    found = tuple(
        Found(person.name, person.email, "cases_operator.index", {"q": person.name}) for person in rows[:MOST]
    )
    return Group("people", say("Rights-holders"), "people", found, len(rows) > MOST)


def _state(case: Case, own: uuid.UUID | None) -> str:
    row = CASE_LIFECYCLE.states[case.state]
    return row.owner if own else row.label
