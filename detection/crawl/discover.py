"""Every image address on a page, with the channel it came by and the place where it stands.

A page mentions most of its pictures outside `<img src>`. All channels are read from the HTML as
served; of several mentions of one address the most trusted channel is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import lxml.html
from lxml import etree
from w3lib.html import get_base_url

from detection.crawl.addresses import absolute
from detection.crawl.credits import credit_near
from detection.crawl.markup import (
    LOOKS_LIKE_IMAGE,
    css_addresses,
    jsonld_addresses,
    script_addresses,
    srcset_addresses,
)

Element: TypeAlias = Any  # lxml's elements; its stubs know HtmlElement only as a private name
#: (channel, address, credit given by the channel itself)
Raw = tuple[str, str, str]

#: From "stands there visibly" to "is mentioned somewhere in a script".
CHANNELS = (
    "img-src", "img-srcset", "picture", "lazy", "lazy-srcset", "amp", "input-image", "video-poster",
    "svg-image", "object", "css-inline", "css-style", "iframe-srcdoc", "noscript", "data-attribute",
    "link-to-image", "jsonld", "microdata", "og-image", "twitter-image", "meta", "link-image",
    "preload", "icon", "script", "comment",
)  # fmt: skip
_TRUST = {channel: place for place, channel in enumerate(CHANNELS)}
_LAZY_NAMES = frozenset((
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-url", "data-image", "data-img",
    "data-img-url", "data-hi-res-src", "data-large_image", "data-large-file", "data-medium-file",
    "data-orig-file", "data-full-url", "data-zoom-image", "data-zoom", "data-echo", "data-thumb",
    "data-fallback-src", "data-flickity-lazyload", "data-old-hires", "data-defer-src",
    "data-actualsrc", "data-cfsrc", "data-pin-media", "data-media", "data-poster", "data-image-src",
    "data-lazyload", "data-bg", "data-background", "data-background-image", "data-bg-src",
    "nitro-lazy-src", "data-dynamic-image",
))  # fmt: skip
_MICRODATA = ("image", "thumbnailurl", "contenturl")
_META = {
    "og:image": "og-image", "og:image:url": "og-image", "og:image:secure_url": "og-image",
    "twitter:image": "twitter-image", "twitter:image:src": "twitter-image", "thumbnail": "meta",
    "parsely-image-url": "meta", "vk:image": "meta", "msapplication-tileimage": "icon",
}  # fmt: skip
_MOST_IMAGES, _MOST_LINKS, _MOST_TEXT, _MOST_ATTRIBUTE = 2000, 1000, 300, 4000


@dataclass(frozen=True, slots=True)
class Mention:
    """One image address on a page."""

    url: str
    channel: str
    #: XPath of the element, empty for channels without a place.
    xpath: str
    alt: str
    #: Text near the image that names its author, empty when there is none.
    credit: str


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page says: title, images, and links in the order of the page."""

    title: str
    mentions: tuple[Mention, ...]
    links: tuple[str, ...]


def read_page(body: bytes, url: str, encoding: str | None = None) -> PageContent:
    """Read a page; broken markup gives what can be read, never an exception."""
    try:
        parser = lxml.html.HTMLParser(encoding=encoding, huge_tree=False)
        document = lxml.html.document_fromstring(body, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError):
        return PageContent("", (), ())
    start = body[:4096].decode("latin-1")
    base = get_base_url(start, url)
    title = " ".join((document.findtext(".//title") or "").split())[:_MOST_TEXT]
    return PageContent(title, tuple(_mentions(document, base)), tuple(_links(document, base)))


def _mentions(document: Element, base: str) -> list[Mention]:
    tree = document.getroottree()
    best: dict[str, Mention] = {}
    for element in document.iter():
        for channel, address, credit in _from_element(element):
            url = absolute(address, base)
            if url is None:
                continue
            known = best.get(url)
            if known is not None and _TRUST[known.channel] <= _TRUST[channel]:
                continue
            placed = channel not in ("script", "comment") and isinstance(element.tag, str)
            best[url] = Mention(
                url=url,
                channel=channel,
                xpath=tree.getpath(element) if placed else "",
                alt=_alt(element) if placed else "",
                credit=credit or (credit_near(element) if placed else ""),
            )
        if len(best) >= _MOST_IMAGES:
            break
    return list(best.values())


def _alt(element: Element) -> str:
    words = element.get("alt") or element.get("title") or element.get("aria-label") or ""
    return " ".join(words.split())[:_MOST_TEXT]


def _from_element(element: Element) -> Iterator[Raw]:
    """All addresses that one node mentions."""
    if element.tag is etree.Comment:
        yield from (("comment", address, "") for address in _images_in(element.text or ""))
        return
    if not isinstance(element.tag, str):
        return
    tag = element.tag.split(":")[-1].lower()
    reader = _READERS.get(tag)
    if reader is not None:
        yield from reader(element)
    if tag != "script":
        yield from _from_attributes(element, tag)


def _from_attributes(element: Element, tag: str) -> Iterator[Raw]:
    """Inline styles, lazy attributes and microdata of any element."""
    style = element.get("style")
    if style and "url" in style:
        yield from (("css-inline", address, "") for address in css_addresses(style))
    if (element.get("itemprop") or "").lower() in _MICRODATA and tag not in ("img", "script"):
        value = element.get("content") or element.get("href") or element.get("src") or ""
        yield "microdata", value, ""
    for name, value in element.attrib.items():
        lower = str(name).lower()
        if lower.startswith(("data-", "nitro-")) and value and len(value) < _MOST_ATTRIBUTE:
            yield from _from_data(lower, str(value), is_image=tag in ("img", "amp-img", "source"))


def _from_data(name: str, value: str, *, is_image: bool) -> Iterator[Raw]:
    """One data-* attribute: lazy loading, or an address for a script of the page."""
    if "srcset" in name:
        yield from (("lazy-srcset", address, "") for address in srcset_addresses(value))
    elif value.lstrip().startswith(("{", "[")):
        yield from (("data-attribute", address, "") for address in script_addresses(value))
    elif "url(" in value:
        yield from (("data-attribute", address, "") for address in css_addresses(value))
    elif " " not in value.strip():
        if name in _LAZY_NAMES and (is_image or LOOKS_LIKE_IMAGE.search(value)):
            yield "lazy", value, ""
        elif LOOKS_LIKE_IMAGE.search(value):
            yield "data-attribute", value, ""


def _from_img(element: Element) -> Iterator[Raw]:
    if next(element.iterancestors("noscript"), None) is not None:
        return  # read with the noscript element
    yield "img-src", element.get("src") or "", ""
    for address in srcset_addresses(element.get("srcset") or ""):
        yield "img-srcset", address, ""


def _from_amp(element: Element) -> Iterator[Raw]:
    yield from (("amp", address, "") for _, address, _ in _from_img(element))


def _from_source(element: Element) -> Iterator[Raw]:
    parent = element.getparent()
    if parent is None or parent.tag not in ("video", "audio"):
        for address in srcset_addresses(element.get("srcset") or ""):
            yield "picture", address, ""


def _from_noscript(element: Element) -> Iterator[Raw]:
    inner = element.text or ""
    yield from (("noscript", address, "") for address in _images_in(inner))
    for image in element.iter("img"):
        yield "noscript", image.get("src") or "", ""


def _images_in(markup: str) -> Iterator[str]:
    """Addresses of the img elements in a piece of markup that the parser left as text."""
    if "<img" not in markup:
        return
    try:
        pieces = lxml.html.fragments_fromstring(markup)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return
    for piece in pieces:
        if isinstance(piece, lxml.html.HtmlElement):
            for image in piece.iter("img"):
                yield image.get("src") or image.get("data-src") or ""
                yield from srcset_addresses(image.get("srcset") or "")


def _from_meta(element: Element) -> Iterator[Raw]:
    name = (element.get("property") or element.get("name") or "").lower()
    if name in _META:
        yield _META[name], element.get("content") or "", ""


def _from_link(element: Element) -> Iterator[Raw]:
    relations = (element.get("rel") or "").lower().split()
    address = element.get("href") or ""
    if "image_src" in relations:
        yield "link-image", address, ""
    elif "preload" in relations and (element.get("as") or "").lower() == "image":
        yield "preload", address, ""
        for candidate in srcset_addresses(element.get("imagesrcset") or ""):
            yield "preload", candidate, ""
    elif any("icon" in relation for relation in relations):
        yield "icon", address, ""


def _from_anchor(element: Element) -> Iterator[Raw]:
    address = element.get("href") or ""
    if LOOKS_LIKE_IMAGE.search(address.split("?")[0].split("#")[0]):
        yield "link-to-image", address, ""


def _from_object(element: Element) -> Iterator[Raw]:
    address = element.get("data") or element.get("src") or ""
    if LOOKS_LIKE_IMAGE.search(address):
        yield "object", address, ""


def _from_input(element: Element) -> Iterator[Raw]:
    if (element.get("type") or "").lower() == "image":
        yield "input-image", element.get("src") or "", ""


def _from_svg_image(element: Element) -> Iterator[Raw]:
    for name in ("href", "xlink:href", "{http://www.w3.org/1999/xlink}href"):
        yield "svg-image", element.get(name) or "", ""


def _from_style(element: Element) -> Iterator[Raw]:
    for address in css_addresses(element.text or ""):
        if LOOKS_LIKE_IMAGE.search(address):
            yield "css-style", address, ""


def _from_script(element: Element) -> Iterator[Raw]:
    text = element.text or ""
    if (element.get("type") or "").lower() == "application/ld+json":
        yield from (("jsonld", address, credit) for address, credit in jsonld_addresses(text))
    else:
        yield from (("script", address, "") for address in script_addresses(text))


def _from_iframe(element: Element) -> Iterator[Raw]:
    inner = element.get("srcdoc") or ""
    yield from (("iframe-srcdoc", address, "") for address in _images_in(inner))


_READERS: dict[str, Callable[[Element], Iterator[Raw]]] = {
    "img": _from_img,
    "amp-img": _from_amp,
    "amp-anim": _from_amp,
    "source": _from_source,
    "noscript": _from_noscript,
    "meta": _from_meta,
    "link": _from_link,
    "a": _from_anchor,
    "object": _from_object,
    "embed": _from_object,
    "input": _from_input,
    "image": _from_svg_image,
    "video": lambda element: iter([("video-poster", element.get("poster") or "", "")]),
    "style": _from_style,
    "script": _from_script,
    "iframe": _from_iframe,
}


def _links(document: Element, base: str) -> list[str]:
    """Addresses that a reader could click, without repetition; nofollow links are left alone."""
    found: dict[str, None] = {}
    for element in document.iter("a", "area"):
        if "nofollow" in (element.get("rel") or "").lower():
            continue
        url = absolute(element.get("href") or "", base)
        if url is not None and not LOOKS_LIKE_IMAGE.search(urlsplit(url).path):
            found.setdefault(url)
        if len(found) >= _MOST_LINKS:
            break
    return list(found)
