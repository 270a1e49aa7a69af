"""The egress guard inside Scrapy: a resolver that answers with judged addresses only, and a
middleware that judges every hop before it leaves, with counts and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
)
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from zope.interface import implementer

from detection.egress import EgressPolicy, EgressRefused

POLICY_SETTING = "LICHTBILD_EGRESS"
HOSTS_SETTING = "LICHTBILD_HOSTS"
_MOST_ROBOTS_BYTES = 512 * 1024


class Refused(IgnoreRequest):
    """A request that was not made; the text is a sentence for people."""


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """A look-up in a thread cannot be stopped; its answer is ignored."""


@implementer(IHostnameResolver)
class GuardResolver:
    """Every connection of the reactor asks here, redirects, robots.txt and literals included."""

    def __init__(self, reactor: Any, policy: EgressPolicy) -> None:
        self._reactor = reactor
        self._policy = policy

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GuardResolver:
        """Scrapy builds resolvers with this."""
        return cls(reactor, crawler.settings[POLICY_SETTING])

    def install_on_reactor(self) -> None:
        """Replace the resolver of the whole process."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803, ARG002
        transportSemantics: Literal["TCP", "UDP"] = "TCP",  # noqa: N803
    ) -> _Resolution:
        """Answer with one judged address, or with none: then nothing is connected."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        looked_up = deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), self._policy.resolve, hostName, portNumber
        )

        def answered(address: str) -> None:
            family = IPv6Address if ":" in address else IPv4Address
            resolutionReceiver.addressResolved(family(transportSemantics, address, portNumber))
            resolutionReceiver.resolutionComplete()

        def refused(_: Failure) -> None:
            resolutionReceiver.resolutionComplete()

        looked_up.addCallbacks(answered, refused)
        return resolution


class GuardMiddleware:
    """Judges every request on its way to the network, each hop of a redirect anew."""

    def __init__(self, crawler: Crawler) -> None:
        self._policy: EgressPolicy = crawler.settings[POLICY_SETTING]
        self._hosts = frozenset(crawler.settings.getlist(HOSTS_SETTING))
        self._stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GuardMiddleware:
        """Scrapy builds middlewares with this."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let the request pass or end it with a sentence."""
        try:
            _, host, _ = self._policy.target(request.url)
            self._policy.check_url(request.url)
        except EgressRefused as refused:
            self._count(refused.code)
            raise Refused(refused.sentence) from refused
        if request.url.endswith("/robots.txt"):
            request.meta["download_maxsize"] = _MOST_ROBOTS_BYTES
        if request.meta.get("kind") == "page" and host not in self._hosts:
            self._count("other_site")
            raise Refused(f"{host} is not one of the sites of this crawl.")

    def _count(self, code: str) -> None:
        if self._stats is not None:
            self._stats.inc_value(f"egress/refused/{code}")
