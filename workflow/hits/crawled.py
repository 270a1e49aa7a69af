"""What the crawl knows: the one place that reads its tables and its store."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from detection.crawl.store import ContentStore, StoreDamaged
from detection.crawl.tables import crawl_images, crawl_pages, crawl_sightings
from detection.types import Certainty
from workflow.hits.models import FoundMatch, Hit
from workflow.kernel.db import Session
from workflow.kernel.errors import Unavailable
from workflow.kernel.hosts import host_of
from workflow.kernel.said import say

#: Pages of one host that are looked through for an imprint.
MOST_PAGES = 5_000


@dataclass(frozen=True, slots=True)
class Find:
    """A matching picture on a page; ``hit_id`` is the hit that knows it already. Wall times."""

    sha256: str
    work_id: uuid.UUID
    hit_id: uuid.UUID | None
    page_url: str
    page_title: str
    image_url: str
    channel: str
    alt: str
    credit: str
    width: int
    height: int
    first_seen: datetime
    last_seen: datetime
    #: ``last_seen`` as the crawl keeps it.
    observed: float


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """The bytes as the web served them."""

    data: bytes
    media_type: str

    @property
    def suffix(self) -> str:
        """What a file of it would end with."""
        kind = self.media_type.partition("/")[2].partition("+")[0]
        return "jpg" if kind == "jpeg" else kind or "bin"


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The page's bytes and when they were fetched (wall time)."""

    body: bytes
    fetched_at: datetime


def count_finds(session: Session) -> int:
    """How many finds wait to become hits or to be noted as seen again."""
    return session.scalar(select(func.count()).select_from(_waiting().subquery())) or 0


def finds(session: Session, most: int) -> list[Find]:
    """The next waiting finds: a page together, sure before uncertain, its largest picture first."""
    rows = session.execute(
        _waiting()
        .order_by(
            crawl_pages.c.id,
            FoundMatch.work_id,
            FoundMatch.certainty == Certainty.UNCERTAIN,
            (crawl_images.c.width * crawl_images.c.height).desc(),
            crawl_images.c.sha256,
        )
        .limit(most)
    )
    return [_find(row._mapping) for row in rows]  # noqa: SLF001 - the documented name of a row as a mapping


def _waiting() -> Select[Any]:
    page, image, sighting = crawl_pages.c, crawl_images.c, crawl_sightings.c
    same = and_(
        Hit.found_sha256 == FoundMatch.sha256, Hit.work_id == FoundMatch.work_id, Hit.page_url == page.url
    )
    return (
        select(
            image.sha256, FoundMatch.work_id, Hit.id.label("hit_id"), page.url.label("page_url"),
            page.title.label("page_title"), sighting.image_url, sighting.channel, sighting.alt,
            sighting.credit, image.width, image.height, sighting.first_seen, sighting.last_seen,
        )
        .select_from(FoundMatch)
        .join(crawl_images, image.sha256 == FoundMatch.sha256)
        .join(crawl_sightings, sighting.image_sha256 == image.sha256)
        .join(crawl_pages, page.id == sighting.page_id)
        .outerjoin(Hit, same)
        .where(or_(Hit.id.is_(None), Hit.observed < sighting.last_seen))
    )  # fmt: skip


def _find(row: Any) -> Find:
    return Find(
        **{
            **row,
            "first_seen": _moment(row["first_seen"]),
            "last_seen": _moment(row["last_seen"]),
            "observed": row["last_seen"],
        }
    )


def path_of(folder: Path, sha256: str) -> Path:
    """Where the bytes with this hash lie."""
    return ContentStore(folder).path(sha256)


def found_picture(session: Session, folder: Path, sha256: str) -> FoundPicture:
    """The picture's bytes, verified; :class:`Unavailable` when they are gone or changed."""
    media_type = session.scalar(select(crawl_images.c.media_type).where(crawl_images.c.sha256 == sha256))
    data = _bytes(folder, sha256)
    if media_type is None or data is None:
        raise Unavailable(
            say("The found picture is not in the store any more. It is fetched with the next search.")
        )
    return FoundPicture(data, media_type)


def page_as_fetched(session: Session, folder: Path, url: str) -> FetchedPage | None:
    """The page as it was last fetched, or ``None`` when its bytes are gone."""
    row = session.execute(
        select(crawl_pages.c.sha256, crawl_pages.c.last_seen)
        .where(crawl_pages.c.host == host_of(url), crawl_pages.c.url == url)
        .limit(1)
    ).first()
    body = _bytes(folder, row.sha256) if row else None
    return FetchedPage(body, _moment(row.last_seen)) if row and body is not None else None


def pages_of_host(session: Session, host: str) -> list[str]:
    """Addresses of the pages known of a host, the shortest first."""
    mine = select(crawl_pages.c.url).where(crawl_pages.c.host == host)
    return list(
        session.scalars(mine.order_by(func.length(crawl_pages.c.url), crawl_pages.c.url).limit(MOST_PAGES))
    )


def last_search(session: Session) -> tuple[datetime | None, int]:
    """When a page was last fetched (wall time), and how many pictures are known."""
    newest = session.scalar(select(func.max(crawl_pages.c.last_seen)))
    count = session.scalar(select(func.count()).select_from(crawl_images)) or 0
    return (_moment(newest) if newest else None), count


def _bytes(folder: Path, sha256: str) -> bytes | None:
    try:
        return ContentStore(folder).get(sha256)
    except StoreDamaged:
        return None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
