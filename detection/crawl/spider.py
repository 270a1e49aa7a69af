"""The spider: takes claims from the frontier, gives back pages and images."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from detection.crawl.discover import read_page
from detection.crawl.frontier import Claim, Frontier
from detection.crawl.job import CrawlJob
from detection.crawl.records import FetchedPage, Records, followable
from detection.crawl.store import ContentStore
from detection.images.refusals import ImageRefused
from detection.images.safe import SafeDecoder

_PAUSE = 0.05
_MOST_PAGE_BYTES = 10 * 1024 * 1024


class SiteSpider(Spider):
    """Feeds Scrapy from the frontier; Scrapy keeps the manners (robots, delay, concurrency)."""

    name = "lichtbild"

    def __init__(
        self,
        job: CrawlJob,
        frontier: Frontier,
        records: Records,
        store: ContentStore,
        decoder: SafeDecoder,
    ) -> None:
        super().__init__()
        self._job = job
        self._frontier = frontier
        self._records = records
        self._store = store
        self._decoder = decoder
        self._hosts = frozenset(job.site_hosts())
        self._in_flight = 0
        self._failpoint = job.failpoint

    async def start(self) -> AsyncIterator[Any]:
        """Requests as the frontier hands them out, until nothing is left or claimed elsewhere."""
        while True:
            room = 2 * self._job.at_once - self._in_flight
            claims = self._frontier.claim(room, self._job.wall()) if room > 0 else []
            if claims:
                self._failpoint("crawl.after_claim")
            for claim in claims:
                self._in_flight += 1
                yield self._request(claim)
            if claims:
                continue
            if not self._in_flight and not self._frontier.outstanding():
                return
            await asyncio.sleep(_PAUSE if self._in_flight else 4 * _PAUSE)

    def _request(self, claim: Claim) -> Request:
        meta = {"claim": claim, "kind": claim.kind}
        if claim.kind == "page":
            meta["download_maxsize"] = _MOST_PAGE_BYTES
        return Request(
            claim.url,
            callback=self.page if claim.kind == "page" else self.image,
            errback=self.lost,
            dont_filter=True,
            meta=meta,
            priority=1 if claim.kind == "page" else 0,
        )

    async def page(self, response: Response) -> None:
        """Store a page and what it mentions."""
        claim: Claim = response.meta["claim"]
        self._failpoint("crawl.after_page")
        try:
            reason = self._unreadable(response)
            if reason:
                self._frontier.settle(claim, "refused", reason)
                return
            encoding = response.encoding if isinstance(response, TextResponse) else None
            content = read_page(response.body, response.url, encoding)
            deeper = claim.depth < self._job.max_depth
            page = FetchedPage(
                url=response.url,
                status=response.status,
                sha256=self._store.put(response.body),
                content=content,
                links=followable(content.links, self._hosts) if deeper else (),
            )
            self._failpoint("crawl.after_page_blob")
            self._records.store_page(claim, page, self._job.wall())
            self._failpoint("crawl.after_page_commit")
        finally:
            self._in_flight -= 1

    @staticmethod
    def _unreadable(response: Response) -> str:
        if not isinstance(response, HtmlResponse):
            return "The address does not lead to a web page."
        return ""

    async def image(self, response: Response) -> None:
        """Decode an image in a child, store its bytes and where it was seen."""
        claim: Claim = response.meta["claim"]
        try:
            info = await maybe_deferred_to_future(deferToThread(self._decoder.inspect, response.body))
            self._failpoint("crawl.after_image")
            self._store.put(response.body)
            self._failpoint("crawl.after_image_blob")
            self._records.store_image(claim, info, len(response.body), self._job.wall())
            self._failpoint("crawl.after_image_commit")
        except ImageRefused as refused:
            self._frontier.settle(claim, "refused", refused.sentence)
        finally:
            self._in_flight -= 1

    def lost(self, failure: Failure) -> None:
        """Settle a request that brought no answer we take."""
        claim: Claim = failure.request.meta["claim"]  # type: ignore[attr-defined]
        self._in_flight -= 1
        error = failure.value
        if isinstance(error, HttpError):
            self._frontier.settle(claim, "failed", f"The server answered {error.response.status}.")
        elif isinstance(error, IgnoreRequest):
            self._frontier.settle(claim, "refused", str(error) or "Not allowed.")
        else:
            self._frontier.settle(claim, "failed", f"{type(error).__name__}: {error}")
