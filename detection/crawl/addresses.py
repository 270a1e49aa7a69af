"""One spelling for addresses that mean the same, used for recognising, never for fetching."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

_TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|mc_[ce]id|phpsessid|jsessionid|sid|sessionid)$", re.IGNORECASE
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
MOST_LENGTH = 2048
#: Calendars and sorting links make endless pages of the same.
_MOST_PARAMETERS, _MOST_REPEATED = 8, 3

_REFUSED_SCHEMES = ("javascript:", "about:", "blob:", "mailto:", "tel:", "data:", "file:", "#")


def canonical(url: str) -> str:
    """Without fragment, default port, tracking and session; parameters sorted. May raise ValueError."""
    parts = urlsplit(canonicalize_url(url))
    host = (parts.hostname or "").rstrip(".").lower()
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    place = host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"
    kept = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.match(pair[0])
    ]  # fmt: skip
    return urlunsplit((parts.scheme, place, parts.path or "/", urlencode(kept), ""))


def address_key(kind: str, url: str) -> str:
    """The key under which the frontier knows an address."""
    return hashlib.sha256(f"{kind} {canonical(url)}".encode()).hexdigest()


def looks_endless(url: str) -> bool:
    """Traps: too long, too many parameters, one path segment again and again."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    repeated = max((segments.count(segment) for segment in set(segments)), default=0)
    parameters = len(parse_qsl(parts.query, keep_blank_values=True))
    return len(url) > MOST_LENGTH or parameters > _MOST_PARAMETERS or repeated > _MOST_REPEATED


def absolute(address: str, base: str) -> str | None:
    """The web address that a page means, or None for anything that cannot be fetched."""
    address = address.strip()
    if not address or address.lower().startswith(_REFUSED_SCHEMES):
        return None
    try:
        url = urljoin(base, address.replace(" ", "%20")).split("#")[0]
        return url if urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None
