"""Fetch one file from the web through the egress guard: every hop checked, every limit kept."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from detection.egress import EgressPolicy, EgressRefused

_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 64 * 1024


class FetchFailed(Exception):
    """The file could not be had; the text says why in a sentence."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much of everything one fetch may use."""

    max_bytes: int = 60 * 1024 * 1024
    seconds: float = 20.0
    redirects: int = 5
    user_agent: str = "Lichtbild/0.1"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back from the last hop."""

    url: str
    status: int
    media_type: str
    body: bytes
    address: str


def fetch(url: str, policy: EgressPolicy, limits: FetchLimits | None = None) -> Fetched:
    """GET one address and follow its redirects, each judged anew by the policy.

    Raises EgressRefused when a hop leads inside, FetchFailed for everything the network does.
    """
    limits = limits or FetchLimits()
    deadline = time.monotonic() + limits.seconds
    for _ in range(limits.redirects + 1):
        policy.check_url(url)
        try:
            answer = _one_hop(url, policy, limits, deadline)
        except (OSError, http.client.HTTPException) as broken:
            raise FetchFailed("The server did not answer properly.") from broken
        if isinstance(answer, Fetched):
            return answer
        url = urljoin(url, answer)
    raise FetchFailed("The address redirects too often.")


def _one_hop(url: str, policy: EgressPolicy, limits: FetchLimits, deadline: float) -> Fetched | str:
    """The file, or the address it has moved to."""
    scheme, host, port = policy.target(url)
    address = policy.resolve(host, port)
    connection = _connect(scheme, host, port, address, _left(deadline))
    try:
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": limits.user_agent, "Accept-Encoding": "identity"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        location = response.getheader("Location")
        if response.status in _REDIRECTS and location:
            return location
        body = _read(response, connection, limits.max_bytes, deadline)
        kind = (response.getheader("Content-Type") or "").split(";")[0].strip().lower()
        return Fetched(url, response.status, kind, body, address)
    finally:
        connection.close()


def _connect(scheme: str, host: str, port: int, address: str, seconds: float) -> http.client.HTTPConnection:
    """A connection to exactly the judged address, speaking under the name of the host."""
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    raw = socket.create_connection((address, port), timeout=seconds)
    if scheme == "https":
        raw = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    connection.sock = raw
    return connection


def _read(
    response: http.client.HTTPResponse,
    connection: http.client.HTTPConnection,
    max_bytes: int,
    deadline: float,
) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        if connection.sock is not None:
            connection.sock.settimeout(_left(deadline))
        part = response.read1(_CHUNK)
        if not part:
            break
        size += len(part)
        if size > max_bytes:
            raise FetchFailed(f"The file is larger than {max_bytes // 1024 // 1024} MB.")
        parts.append(part)
    expected = response.getheader("Content-Length")
    if expected is not None and expected.isdigit() and int(expected) != size:
        raise FetchFailed("The connection ended before the file was complete.")
    return b"".join(parts)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchFailed("The server took too long.")
    return left


__all__ = ["EgressRefused", "FetchFailed", "FetchLimits", "Fetched", "fetch"]
