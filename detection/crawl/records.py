"""What a fetched page or image becomes in the database, always with its acknowledgement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from detection.crawl import tables as t
from detection.crawl.addresses import address_key, looks_endless
from detection.crawl.database import transaction
from detection.crawl.discover import Mention, PageContent
from detection.crawl.frontier import Claim, Frontier, Wanted
from detection.crawl.job import CrawlSummary, nowhere
from detection.types import ImageInfo

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page after its redirects; `links` are those that this crawl may follow."""

    url: str
    status: int
    sha256: str
    content: PageContent
    links: tuple[str, ...]


class Records:
    """Writes of the crawl; each is one transaction together with its acknowledgement."""

    def __init__(
        self, engine: Engine, frontier: Frontier, failpoint: Callable[[str], None] = nowhere
    ) -> None:
        self._engine = engine
        self._frontier = frontier
        self._failpoint = failpoint

    def store_page(self, claim: Claim, page: FetchedPage, now: float) -> bool:
        """The page, the images it mentions and the links to follow; False when too late."""
        with transaction(self._engine) as connection:
            if not self._frontier.acknowledge(connection, claim, "done"):
                return False
            page_id = self._page_row(connection, page, now)
            for mention in page.content.mentions:
                self._mention(connection, page_id, mention, claim.depth, now)
            for link in page.links:
                self._frontier.want(connection, Wanted(link, "page", claim.depth + 1))
            self._failpoint("crawl.before_page_commit")
        return True

    def store_image(self, claim: Claim, info: ImageInfo, size: int, now: float) -> bool:
        """The image, and a sighting on every page that mentions its address."""
        with transaction(self._engine) as connection:
            if not self._frontier.acknowledge(connection, claim, "done"):
                return False
            row = {
                "sha256": info.sha256, "media_type": info.media_type, "width": info.width,
                "height": info.height, "size": size, "first_seen": now,
            }  # fmt: skip
            _insert_once(connection, t.crawl_images, row)
            connection.execute(
                update(t.crawl_requests)
                .where(t.crawl_requests.c.id == claim.id)
                .values(image_sha256=info.sha256)
            )
            mentions = connection.execute(
                select(t.crawl_mentions).where(t.crawl_mentions.c.request_id == claim.id)
            ).all()
            for mention in mentions:
                _sight(connection, mention.page_id, info.sha256, mention._asdict(), now)
            self._failpoint("crawl.before_image_commit")
        return True

    def summary(self, seconds: float) -> CrawlSummary:
        """Counts of the current round."""
        requests, round_id = t.crawl_requests.c, self._frontier.round_id
        with transaction(self._engine) as connection:
            started = connection.scalar(
                select(t.crawl_rounds.c.started_at).where(t.crawl_rounds.c.id == round_id)
            )
            states = {
                (str(row.kind), str(row.state)): int(row.number)
                for row in connection.execute(
                    select(requests.kind, requests.state, func.count().label("number"))
                    .where(requests.round_id == round_id)
                    .group_by(requests.kind, requests.state)
                )
            }
            images = connection.scalar(
                select(func.count(func.distinct(requests.image_sha256))).where(
                    requests.round_id == round_id, requests.state == "done"
                )
            )
            sightings = connection.scalar(
                select(func.count()).where(t.crawl_sightings.c.last_seen >= started)
            )
        return CrawlSummary(
            pages=states.get(("page", "done"), 0),
            images=images or 0,
            sightings=sightings or 0,
            refused=sum(n for (_, state), n in states.items() if state == "refused"),
            failed=sum(n for (_, state), n in states.items() if state == "failed"),
            seconds=round(seconds, 2),
        )

    def _page_row(self, connection: Connection, page: FetchedPage, now: float) -> int:
        key = address_key("page", page.url)
        facts = {
            "url": page.url[:_LONGEST], "title": page.content.title, "status": page.status,
            "sha256": page.sha256, "last_seen": now,
        }  # fmt: skip
        host = urlsplit(page.url).hostname or ""
        _insert_once(connection, t.crawl_pages, {"url_key": key, "host": host, "first_seen": now, **facts})
        connection.execute(update(t.crawl_pages).where(t.crawl_pages.c.url_key == key).values(facts))
        page_id = connection.scalar(select(t.crawl_pages.c.id).where(t.crawl_pages.c.url_key == key))
        assert page_id is not None
        connection.execute(delete(t.crawl_mentions).where(t.crawl_mentions.c.page_id == page_id))
        return int(page_id)

    def _mention(
        self, connection: Connection, page_id: int, mention: Mention, depth: int, now: float
    ) -> None:
        if looks_endless(mention.url):
            return
        try:
            request_id = self._frontier.want(connection, Wanted(mention.url, "image", depth))
        except ValueError:  # an address that cannot be read leads nowhere
            return
        if request_id is None:
            return
        words = {
            "image_url": mention.url, "channel": mention.channel, "xpath": mention.xpath,
            "alt": mention.alt, "credit": mention.credit,
        }  # fmt: skip
        row = {"request_id": request_id, "page_id": page_id, **words}
        _insert_once(connection, t.crawl_mentions, row)
        known = connection.execute(
            select(t.crawl_requests.c.state, t.crawl_requests.c.image_sha256).where(
                t.crawl_requests.c.id == request_id
            )
        ).one()
        if known.state == "done" and known.image_sha256:
            _sight(connection, page_id, known.image_sha256, words, now)


def _sight(
    connection: Connection, page_id: int, sha256: str, words: Mapping[str, object], now: float
) -> None:
    """This image on this page: once, with the time it was last there."""
    names = ("image_url", "channel", "xpath", "alt", "credit")
    row: dict[str, object] = {name: words[name] for name in names}
    row.update(page_id=page_id, image_sha256=sha256, first_seen=now, last_seen=now)
    _insert_once(connection, t.crawl_sightings, row)
    connection.execute(
        update(t.crawl_sightings)
        .where(t.crawl_sightings.c.page_id == page_id, t.crawl_sightings.c.image_sha256 == sha256)
        .values(last_seen=now)
    )


def _insert_once(connection: Connection, table: Table, row: Mapping[str, object]) -> None:
    """Insert unless a row with the same unique key is there."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).values(row).on_conflict_do_nothing())


def followable(links: Iterable[str], hosts: frozenset[str]) -> tuple[str, ...]:
    """Links to the given sites that do not look like traps."""
    kept: list[str] = []
    for link in links:
        try:
            if (urlsplit(link).hostname or "") in hosts and not looks_endless(link):
                kept.append(link)
        except ValueError:
            continue
    return tuple(kept)
