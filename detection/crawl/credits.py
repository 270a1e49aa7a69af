"""The words near an image that name its author, as far as they can be told by their looks."""

from __future__ import annotations

import re

import lxml.html

_CREDIT = re.compile(
    r"(?:©|\(c\)\s|copyright|photo(?:graph)?(?:\s+by|\s*:|\s+credit)|foto(?:grafie)?\s*(?:von|:)|"
    r"bild(?:nachweis|quelle)?\s*:|quelle\s*:|source\s*:|credits?\s*:|image\s+by|courtesy\s+of)"
    r"[^\n]{0,120}",
    re.IGNORECASE,
)
_CLIMB = 3
_MOST_TEXT = 600
_MOST_CREDIT = 160
#: A container with more images than this says nothing about one of them.
_MOST_SIBLINGS = 1


def credit_near(element: lxml.html.HtmlElement) -> str:
    """The credit in the figure or the nearest containers of an image, else an empty text."""
    here = element
    for _ in range(_CLIMB):
        parent = here.getparent()
        if parent is None or parent.tag in ("body", "html", "head"):
            break
        if len(parent.findall(".//img")) > _MOST_SIBLINGS:
            break
        credit = _credit_in(_text_of(parent))
        if credit:
            return credit
        here = parent
    return _credit_in(element.get("title") or element.get("alt") or "")


def _text_of(element: lxml.html.HtmlElement) -> str:
    pieces: list[str] = []
    size = 0
    for piece in element.itertext():
        words = " ".join(str(piece).split())
        if words:
            pieces.append(words)
            size += len(words)
        if size > _MOST_TEXT:
            break
    return "\n".join(pieces)


def _credit_in(text: str) -> str:
    found = _CREDIT.search(text)
    return " ".join(found.group(0).split())[:_MOST_CREDIT] if found else ""
