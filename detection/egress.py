"""The one guard for every request that leaves the house.

A host name is resolved once, every address is judged, and the connection goes to the judged
address: an answer that changes between check and use reaches nothing. The only opening is an
allow-list of exact (host, port) pairs, each with the address it is pinned to.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

#: Addresses that are global by name and internal by use: carrier NAT, translation, benchmarks.
EXTRA_FORBIDDEN = tuple(
    ipaddress.ip_network(block)
    for block in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
    )
)
DEFAULT_PORTS = (80, 443, 8080, 8443)
_SCHEME_PORTS = {"http": 80, "https": 443}
_MAX_URL = 8192
#: Control characters, spaces and the backslash that browsers and libraries read differently.
_FORBIDDEN_LETTERS = re.compile(r"[\x00-\x20\x7f\\]")


class EgressRefused(Exception):
    """The request was not made. `code` is stable, the text is a sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def system_lookup(host: str, port: int) -> tuple[str, ...]:
    """All addresses the operating system knows for a name, in its order."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


def literal_address(host: str) -> str | None:
    """The address a host *is*, in any spelling the C library takes (2130706433, 0x7f.1, 0177.1)."""
    bare = host.strip("[]").split("%")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(bare))
    except (OSError, UnicodeEncodeError):
        return None


def is_internal(address: str) -> bool:
    """True for everything that is not a public unicast address."""
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is None and parsed.teredo is not None:
            inner = parsed.teredo[1]
        if inner is not None and is_internal(str(inner)):
            return True
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved:
        return True
    return any(parsed in block for block in EXTRA_FORBIDDEN if block.version == parsed.version)


def canonical_host(host: str) -> str:
    """Lower case, without brackets and the final dot."""
    return host.strip("[]").rstrip(".").lower()


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Where requests may go.

    `allowed` opens exactly the pairs it names, whatever their port, and pins each to its address.
    `ports` limits everything else. `lookup` asks for the addresses of a name.
    """

    allowed: Mapping[tuple[str, int], str] = field(default_factory=dict)
    ports: tuple[int, ...] = DEFAULT_PORTS
    lookup: Callable[[str, int], tuple[str, ...]] = system_lookup

    def check_url(self, url: str) -> None:
        """Refuse what can be refused by reading: scheme, credentials, port, literal addresses."""
        _, host, port = self.target(url)
        if (host, port) in self.allowed:
            return
        if port not in self.ports:
            raise EgressRefused("port", f"Port {port} is not one that web pages are served on.")
        address = literal_address(host)
        if address is not None and is_internal(address):
            raise EgressRefused("private_address", f"{host} is an internal address.")

    def target(self, url: str) -> tuple[str, str, int]:
        """Scheme, canonical host and port of a well-formed web address."""
        if len(url) > _MAX_URL:
            raise EgressRefused("malformed", "The address is too long.")
        if _FORBIDDEN_LETTERS.search(url):
            raise EgressRefused("malformed", "The address contains forbidden characters.")
        try:
            parts: SplitResult = urlsplit(url)
            port = parts.port
        except ValueError as broken:
            raise EgressRefused("malformed", "The address cannot be read.") from broken
        if parts.scheme not in _SCHEME_PORTS:
            raise EgressRefused("scheme", "Only http and https addresses are fetched.")
        if "@" in parts.netloc:
            raise EgressRefused("credentials", "Addresses with a user name are not fetched.")
        if not parts.hostname:
            raise EgressRefused("malformed", "The address names no host.")
        if port == 0:
            raise EgressRefused("port", "Port 0 is not one that web pages are served on.")
        return parts.scheme, canonical_host(parts.hostname), port or _SCHEME_PORTS[parts.scheme]

    def resolve(self, host: str, port: int) -> str:
        """The one address to connect to. Any internal answer among several refuses the name."""
        name = canonical_host(host)
        pinned = self.allowed.get((name, port))
        if pinned is not None:
            return pinned
        literal = literal_address(name)
        answers = (literal,) if literal is not None else self._ask(name, port)
        for answer in answers:
            if is_internal(answer):
                raise EgressRefused("private_address", f"{name} leads to an internal address.")
        return answers[0]

    def _ask(self, name: str, port: int) -> tuple[str, ...]:
        try:
            answers = self.lookup(name, port)
        except (OSError, UnicodeError) as failed:
            raise EgressRefused("unknown_host", f"The host {name} cannot be found.") from failed
        if not answers:
            raise EgressRefused("unknown_host", f"The host {name} cannot be found.")
        return answers
