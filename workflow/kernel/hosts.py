"""Whose host is it? The part of a name that somebody registered."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

from tldextract import TLDExtract

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*")
_LONGEST = 253


@cache
def _extract() -> TLDExtract:
    """By the list that ships with the package; nothing is ever fetched."""
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def registrable(host: str) -> str:
    """``shop.example.co.uk`` → ``example.co.uk``; a host without a known ending stays as it is."""
    return _extract().extract_str(host).top_domain_under_public_suffix or host


def host_of(url: str) -> str:
    """The host of an address, lower case, without port; empty when it has none that can be read."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def typed_domain(text: str) -> str:
    """A domain or address as a person types it, as a plain host; :class:`Refused` if it is none."""
    plain = text.strip().lower()
    try:
        host = host_of(plain if "//" in plain else f"//{plain}")
        name = host.encode("idna").decode("ascii") if host else ""
    except (ValueError, UnicodeError):
        name = ""
    name = name.removeprefix("www.")
    if not name or len(name) > _LONGEST or "." not in name or not _NAME.fullmatch(name):
        raise Refused(say("“{given}” is not a domain. Write it like example.org.", given=text.strip()[:60]))
    if _extract().extract_str(name).suffix == name:
        raise Refused(say("“{name}” belongs to many people. Name one domain below it.", name=name))
    return name
