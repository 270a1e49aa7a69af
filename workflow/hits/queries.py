"""Reading hits; always from the owner: somebody else's hit does not exist."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import joinedload

from detection.types import Certainty, MatchKind
from workflow.hits.models import DomainRule, Hit
from workflow.hits.states import HitState, Likelihood, Verdict
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound
from workflow.kernel.money import Money
from workflow.kernel.said import say

ROWS = 20
GROUPS = 50
#: Hits of one domain that the form of a case lists.
CHOICES = 100
#: Numbers above this are shown as "10,000+".
COUNTED = 10_000
_LONGEST_SEARCH = 100


class View(StrEnum):
    """Which part of the life of a hit a list shows."""

    OPEN = "open"
    READY = "ready"
    DECIDED = "decided"
    SUBMITTED = "submitted"


class Order(StrEnum):
    """In which order groups and rows stand."""

    WORTH = "worth"
    NEWEST = "newest"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for; empty fields ask for everything."""

    view: View = View.OPEN
    domain: str = ""
    kind: MatchKind | None = None
    licence: Likelihood | None = None
    certainty: Certainty | None = None
    verdict: Verdict | None = None
    work_id: uuid.UUID | None = None
    search: str = ""
    order: Order = Order.WORTH


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one domain."""

    domain: str
    count: int
    low: Money | None
    high: Money | None
    #: The newest hit: its picture and country stand for the group.
    newest: Hit


@dataclass(frozen=True, slots=True)
class Rows:
    """A stretch of hits; ``after`` is the key of the next stretch, empty at the end."""

    hits: list[Hit]
    after: str


def of_domain(wanted: Wanted, domain: str) -> Wanted:
    """The same list, for one domain (empty: for all)."""
    return replace(wanted, domain=domain)


def own_hit(session: Session, actor: Actor, hit_id: uuid.UUID) -> Hit:
    """The hit with its photograph and case, if it is this owner's."""
    found = session.scalars(
        select(Hit)
        .options(joinedload(Hit.work), joinedload(Hit.case))
        .where(Hit.id == hit_id, Hit.owner_id == owner_key(actor))
    ).first()
    if found is None:
        raise NotFound(say("This hit"))
    return found


def conditions(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The hits a list is about."""
    where: list[ColumnElement[bool]] = [Hit.owner_id == owner_key(actor), *_of_view(wanted)]
    if wanted.domain:
        where.append(Hit.domain == wanted.domain)
    if wanted.kind:
        where.append(Hit.kind == wanted.kind)
    if wanted.licence:
        where.append(Hit.licence == wanted.licence)
    if wanted.certainty:
        where.append(Hit.certainty == wanted.certainty)
    if wanted.work_id:
        where.append(Hit.work_id == wanted.work_id)
    for word in wanted.search[:_LONGEST_SEARCH].lower().split():
        columns = (Hit.page_title, Hit.page_url, Hit.operator_name)
        where.append(or_(*(func.lower(column).contains(word, autoescape=True) for column in columns)))
    return where


def _of_view(wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.view is View.OPEN:
        return [Hit.state == HitState.SHOWN, Hit.verdict.is_(None)]
    if wanted.view is View.READY:
        return [Hit.state == HitState.REVIEWED, Hit.verdict == Verdict.ILLEGAL]
    if wanted.view is View.SUBMITTED:
        return [Hit.state == HitState.SUBMITTED, Hit.verdict == Verdict.ILLEGAL]
    # other sizes of a use that is listed already are shown only to those who ask for them
    usual = [each for each in Verdict if each is not Verdict.DUPLICATE]
    verdicts = [wanted.verdict] if wanted.verdict else usual
    return [Hit.state == HitState.REVIEWED, Hit.verdict.in_(verdicts)]


def groups(session: Session, actor: Actor, wanted: Wanted, page: int = 1) -> tuple[list[Group], int]:
    """One page of domain groups, and how many groups there are."""
    everything = of_domain(wanted, "")
    worth = func.max(Hit.fee_high_minor)
    newest = func.max(cast(Hit.id, String))  # PostgreSQL knows no largest UUID
    query = (
        select(Hit.domain, func.count(), func.min(Hit.fee_low_minor), worth, newest, func.count().over())
        .where(*conditions(actor, everything))
        .group_by(Hit.domain)
    )
    if wanted.order is Order.WORTH:
        query = query.order_by(func.coalesce(worth, -1).desc(), Hit.domain)
    elif wanted.order is Order.NEWEST:
        query = query.order_by(newest.desc())
    else:
        query = query.order_by(Hit.domain)
    found = session.execute(query.offset((page - 1) * GROUPS).limit(GROUPS)).all()
    keys = [uuid.UUID(row[4]) for row in found]
    faces = {hit.id: hit for hit in session.scalars(select(Hit).where(Hit.id.in_(keys)))}
    total = found[0][5] if found else 0
    return [_group(*row[:4], faces[key]) for row, key in zip(found, keys, strict=True)], total


def _group(domain: str, count: int, low: int | None, high: int | None, face: Hit) -> Group:
    currency = face.fee_currency
    return Group(
        domain,
        count,
        Money(low, currency) if low is not None and currency else None,
        Money(high, currency) if high is not None and currency else None,
        face,
    )


def rows(session: Session, actor: Actor, wanted: Wanted, after: str = "") -> Rows:
    """The next hits behind the key ``after``; never slower far down the list than at its top."""
    where = conditions(actor, wanted)
    worth = func.coalesce(Hit.fee_high_minor, -1)
    query = select(Hit).options(joinedload(Hit.work), joinedload(Hit.case))
    by_worth = wanted.order is Order.WORTH
    key = _key(after)
    if key and by_worth:
        where.append(or_(worth < key[0], and_(worth == key[0], Hit.id < key[1])))
    elif key:
        where.append(Hit.id < key[1])
    query = query.where(*where).order_by(*((worth.desc(),) if by_worth else ()), Hit.id.desc())
    found = list(session.scalars(query.limit(ROWS + 1)))
    following = ""
    if len(found) > ROWS:
        last = found[ROWS - 1]
        following = f"{-1 if last.fee_high_minor is None else last.fee_high_minor}.{last.id.hex}"
    return Rows(found[:ROWS], following)


def _key(after: str) -> tuple[int, uuid.UUID] | None:
    minor, _, hexed = after.partition(".")
    try:
        return int(minor), uuid.UUID(hexed)
    except ValueError:
        return None


def counts(session: Session, actor: Actor, wanted: Wanted) -> dict[View, int]:
    """How many hits each view holds within the filters but for domain and verdict; ``COUNTED`` + 1 = more."""
    told = {}
    for view in View:
        asked = Wanted(view=view, kind=wanted.kind, licence=wanted.licence, work_id=wanted.work_id,
                       certainty=wanted.certainty, search=wanted.search)  # fmt: skip
        told[view] = _count(session, actor, asked)
    return told


def _count(session: Session, actor: Actor, wanted: Wanted) -> int:
    """Up to ``COUNTED`` and one: nobody reads a larger number, and counting it takes time."""
    some = select(Hit.id).where(*conditions(actor, wanted)).limit(COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def count_open(session: Session, actor: Actor) -> int:
    """How many hits wait for this owner: the number in the rail."""
    return _count(session, actor, Wanted())


def next_open(session: Session, actor: Actor, hit: Hit) -> Hit | None:
    """The next hit to decide: of the same domain first, then any."""
    for wanted in (Wanted(domain=hit.domain), Wanted()):
        found = rows(session, actor, wanted).hits
        if found:
            return found[0]
    return None


def legal_of_domain(session: Session, actor: Actor, domain: str) -> int:
    """How many hits of the domain the owner called legal."""
    where = conditions(actor, Wanted(view=View.DECIDED, domain=domain, verdict=Verdict.LEGAL))
    return session.scalar(select(func.count()).select_from(Hit).where(*where)) or 0


def rules(session: Session, actor: Actor) -> list[DomainRule]:
    """The owner's rules, by domain."""
    mine = select(DomainRule).where(DomainRule.owner_id == owner_key(actor)).order_by(DomainRule.domain)
    return list(session.scalars(mine.limit(2000)))


def choices(session: Session, actor: Actor, domain: str) -> list[Hit]:
    """The hits of a domain that may go into one case: called illegal and not part of one yet."""
    where = conditions(actor, Wanted(view=View.READY, domain=domain))
    query = select(Hit).options(joinedload(Hit.work)).where(*where).order_by(Hit.id).limit(CHOICES)
    return list(session.scalars(query))


def of_photograph(session: Session, actor: Actor, work_id: uuid.UUID, most: int = 50) -> Sequence[Hit]:
    """Where a photograph was found, newest first, without other sizes of the same use."""
    query = (
        select(Hit)
        .options(joinedload(Hit.case))
        .where(
            Hit.owner_id == owner_key(actor),
            Hit.work_id == work_id,
            Hit.state != HitState.FOUND,
            or_(Hit.verdict.is_(None), Hit.verdict != Verdict.DUPLICATE),
        )
        .order_by(Hit.id.desc())
        .limit(most)
    )
    return session.scalars(query).all()


def twins(session: Session, hit: Hit) -> int:
    """How many other pictures on the same page show the same photograph."""
    same = (Hit.work_id == hit.work_id, Hit.page_key == hit.page_key, Hit.id != hit.id)
    return session.scalar(select(func.count()).select_from(Hit).where(*same)) or 0


def last_found(session: Session, actor: Actor) -> datetime | None:
    """When the newest hit of this owner was taken in."""
    return session.scalar(select(func.max(Hit.found_at)).where(Hit.owner_id == owner_key(actor)))


def owner_key(actor: Actor) -> uuid.UUID:
    """The account of the one who acts."""
    return uuid.UUID(actor.id)
