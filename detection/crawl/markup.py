"""Small readers for the places in a page that hide image addresses: srcset, CSS, JSON-LD, scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import tinycss2

IMAGE_ENDINGS = r"(?:jpe?g|jfif|pjpeg|png|gif|webp|avif|jxl|bmp|tiff?|heic)"
LOOKS_LIKE_IMAGE = re.compile(r"\." + IMAGE_ENDINGS + r"(?:$|[?#&@!;:,/])", re.IGNORECASE)
_SCRIPT_ABSOLUTE = re.compile(
    r"(?:https?:)?(?:\\?/|\\u002[fF]){2}[^\s\"'<>()`]{1,1000}?\."
    + IMAGE_ENDINGS
    + r"(?:\?[^\s\"'<>()`]{0,500})?(?=[\"'\\\s<>()`,;]|$)",
    re.IGNORECASE,
)
_SCRIPT_RELATIVE = re.compile(
    r"[\"'](\\?/[^\s\"'<>()`]{1,1000}?\." + IMAGE_ENDINGS + r"(?:\?[^\s\"'<>]{0,500})?)[\"']",
    re.IGNORECASE,
)
_JSON_NOISE = re.compile(r"/\*.*?\*/|<!--|-->|<!\[CDATA\[|\]\]>", re.DOTALL)
_JSON_TRAILING = re.compile(r",\s*([}\]])")
_SPACE = " \t\n\r\f"
#: Candidates of one srcset and bytes of one script that are read at the most.
_MOST_CANDIDATES, _MOST_SCRIPT, _MOST_DEPTH = 20, 400_000, 30
_IMAGE_KEYS = {
    "image", "images", "thumbnailurl", "thumbnail", "contenturl", "photo", "primaryimageofpage",
    "associatedmedia", "screenshot",
}  # fmt: skip
_IMAGE_TYPES = {"ImageObject", "Photograph"}


def srcset_addresses(value: str) -> list[str]:
    """The addresses of a srcset by the algorithm of the HTML standard; commas may be in them."""
    found: list[str] = []
    at = 0
    while at < len(value) and len(found) < _MOST_CANDIDATES:
        while at < len(value) and value[at] in _SPACE + ",":
            at += 1
        start = at
        while at < len(value) and value[at] not in _SPACE:
            at += 1
        address = value[start:at]
        if address.endswith(","):
            address = address.rstrip(",")
        else:
            at = _after_descriptor(value, at)
        if address:
            found.append(address)
    return found


def _after_descriptor(value: str, at: int) -> int:
    """Skip "2x" or "640w" up to the comma that is not inside parentheses."""
    depth = 0
    while at < len(value) and not (value[at] == "," and depth == 0):
        depth += (value[at] == "(") - (value[at] == ")")
        at += 1
    return at + 1


def css_addresses(text: str) -> list[str]:
    """Every url(...) and image-set string of a style sheet or a style attribute."""
    return list(_from_tokens(tinycss2.parse_component_value_list(text[:_MOST_SCRIPT])))


def _from_tokens(tokens: Iterable[Any]) -> Iterator[str]:
    for token in tokens:
        if token.type == "url":
            yield token.value
        elif token.type == "function":
            if token.lower_name in ("url", "image-set", "-webkit-image-set"):
                yield from (part.value for part in token.arguments if part.type == "string")
            if token.lower_name != "url":
                yield from _from_tokens(token.arguments)
        elif isinstance(getattr(token, "content", None), list):
            yield from _from_tokens(token.content)


def jsonld_addresses(text: str) -> list[tuple[str, str]]:
    """Image addresses of a JSON-LD block with the credit that stands beside them."""
    for words in (text, _JSON_TRAILING.sub(r"\1", _JSON_NOISE.sub("", text)).strip().rstrip(";")):
        try:
            return list(_from_node(json.loads(words, strict=False), "", 0))
        except (ValueError, RecursionError):
            continue
    return []


def _from_node(node: object, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MOST_DEPTH:
        return
    if isinstance(node, str):
        if key in _IMAGE_KEYS:
            yield node, ""
    elif isinstance(node, list):
        for item in node:
            yield from _from_node(item, key, depth + 1)
    elif isinstance(node, dict):
        if key in _IMAGE_KEYS or _type_of(node) in _IMAGE_TYPES:
            yield from _from_image_object(node)
        for name, value in node.items():
            if not (isinstance(value, str) and key in _IMAGE_KEYS):
                yield from _from_node(value, str(name).lower(), depth + 1)


def _from_image_object(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    said = (node.get(name) for name in ("creditText", "copyrightNotice", "license"))
    credit = " · ".join(word for word in said if isinstance(word, str))
    for name in ("contentUrl", "url", "@id", "thumbnailUrl"):
        value = node.get(name)
        if isinstance(value, str) and (name == "contentUrl" or LOOKS_LIKE_IMAGE.search(value)):
            yield value, credit


def _type_of(node: dict[str, Any]) -> str:
    kind = node.get("@type")
    if isinstance(kind, list):
        kind = kind[0] if kind else ""
    return kind if isinstance(kind, str) else ""


def script_addresses(text: str) -> list[str]:
    """Whatever looks like an image address in a script: low trust, no place on the page."""
    text = text[:_MOST_SCRIPT]
    found = [match.group(0) for match in _SCRIPT_ABSOLUTE.finditer(text)]
    found += [match.group(1) for match in _SCRIPT_RELATIVE.finditer(text)]
    return [_unescaped(address) for address in dict.fromkeys(found)]


def _unescaped(address: str) -> str:
    for escaped, plain in (("\\/", "/"), ("\\u002F", "/"), ("\\u002f", "/"), ("\\u0026", "&")):
        address = address.replace(escaped, plain)
    return address
