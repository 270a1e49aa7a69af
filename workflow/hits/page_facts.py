"""What a page says about itself that a fee or a licence may hang on: dates, shop, press, licence links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import html as lxml_html

from workflow.hits.html_reading import tree_of
from workflow.kernel.said import say

_MOST_JSON = 300_000
_FIRST_YEAR = 1995
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_CART = re.compile(
    r"in den warenkorb|add to (cart|basket|bag)|ajouter au panier|añadir al carrito|aggiungi al carrello",
    re.IGNORECASE,
)
_PRICE = re.compile(r"\d+[.,]\d{2}\s?(€|EUR|£|\$|CHF|zł)|(€|£|\$)\s?\d+[.,]\d{2}")
_LICENCE_KEYS = ("license", "acquireLicensePage")
_PRESS = frozenset({"NewsArticle", "ReportageNewsArticle", "OpinionNewsArticle"})
_GOODS = frozenset({"Product", "ProductGroup"})


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Facts with the words for where each stands."""

    published: date | None = None
    published_source: str = ""
    licence_links: tuple[str, ...] = ()
    is_shop: bool = False
    is_press: bool = False
    is_home: bool = False


def read_page(page: bytes, url: str) -> PageFacts:
    """Read the page as it was fetched; whatever cannot be read says nothing."""
    home = urlsplit(url).path in ("", "/", "/index.html", "/index.php")
    root = tree_of(page)
    if root is None:
        return PageFacts(is_home=home)
    told = list(_json_ld(root))
    kinds = {kind for node in told for kind in _as_list(node.get("@type"))}
    published, source = _published(root, told)
    return PageFacts(
        published=published,
        published_source=source,
        licence_links=_licences(root, told),
        is_shop=bool(kinds & _GOODS) or _sells(root),
        is_press=bool(kinds & _PRESS),
        is_home=home,
    )


def _published(root: lxml_html.HtmlElement, told: list[dict[str, Any]]) -> tuple[date | None, str]:
    for node in told:
        found = _date_in(node.get("datePublished"))
        if found:
            return found, say("The page's own data (date published)")
    for place in root.xpath("//meta[@property='article:published_time']/@content"):
        found = _date_in(place)
        if found:
            return found, say("The page's own data (date published)")
    for place in root.xpath("//time/@datetime"):
        found = _date_in(place)
        if found:
            return found, say("A date on the page")
    return None, ""


def _date_in(text: object) -> date | None:
    match = _DATE.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        found = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return found if found.year >= _FIRST_YEAR else None


def noon(day: date) -> datetime:
    """A day as a moment that is the same day in every European and American zone."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _licences(root: lxml_html.HtmlElement, told: list[dict[str, Any]]) -> tuple[str, ...]:
    links = [str(href) for href in root.xpath("//*[contains(concat(' ', @rel, ' '), ' license ')]/@href")]
    for node in told:
        for key in _LICENCE_KEYS:
            links += [value for value in _as_list(node.get(key)) if isinstance(value, str)]
    return tuple(dict.fromkeys(link[:300] for link in links if link))[:5]


def _sells(root: lxml_html.HtmlElement) -> bool:
    if root.xpath("//meta[@property='og:type' and contains(@content, 'product')]"):
        return True
    text = root.text_content()[:200_000]
    return bool(_CART.search(text) and _PRICE.search(text))


def _json_ld(root: lxml_html.HtmlElement) -> Iterator[dict[str, Any]]:
    """Every object of every JSON-LD block, nested ones too; broken blocks are passed over."""
    for block in root.xpath("//script[@type='application/ld+json']"):
        text = (block.text or "").strip()
        if not text or len(text) > _MOST_JSON:
            continue
        try:
            told = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        yield from _objects(told, 0)


def _objects(node: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > 8:  # noqa: PLR2004 - deeper facts are about something else
        return
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _objects(value, depth + 1)
    elif isinstance(node, list):
        for value in node[:200]:
            yield from _objects(value, depth + 1)


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
