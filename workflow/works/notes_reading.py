"""EXIF, IPTC and XMP, read from headers in the decoding child only.

XMP is XML from strangers: no document type, no entities, nothing fetched (defusedxml), at most one
megabyte. What is broken is passed over; a photograph is not refused for its notes.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Iterator
from xml.etree.ElementTree import Element, ParseError

import pillow_heif
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from PIL import ExifTags, Image, IptcImagePlugin

from detection.images.containers import examine
from detection.images.limits import Limits

pillow_heif.register_heif_opener(thumbnails=False)

MAX_XMP = 1024 * 1024
#: What is sent to the parent, which cuts further.
MAX_TEXT = 2000
#: What header readers raise on broken bytes.
BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError,
    OverflowError, RuntimeError, struct.error, Image.DecompressionBombError,
)  # fmt: skip

Words = dict[str, str]

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_RIGHTS = "{http://ns.adobe.com/xap/1.0/rights/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_PLUS = "{http://ns.useplus.org/ldf/xmp/1.0/}"
_CC = "{http://creativecommons.org/ns#}"

#: key -> properties, the better one first
_XMP_PLACES: dict[str, tuple[str, ...]] = {
    "title": (f"{_DC}title", f"{_PHOTOSHOP}Headline"),
    "creator": (f"{_DC}creator",),
    "credit_line": (f"{_PHOTOSHOP}Credit",),
    "copyright_notice": (f"{_DC}rights",),
    "licence_url": (f"{_RIGHTS}WebStatement", f"{_CC}license", f"{_PLUS}LicensorURL"),
    "taken_on": (f"{_EXIF}DateTimeOriginal", f"{_PHOTOSHOP}DateCreated", f"{_XMP}CreateDate"),
}
_IPTC_PLACES: dict[str, tuple[tuple[int, int], ...]] = {
    "title": ((2, 5), (2, 105)),
    "creator": ((2, 80),),
    "credit_line": ((2, 110),),
    "copyright_notice": ((2, 116),),
    "taken_on": ((2, 55),),
}
_IPTC_CHARSET, _IPTC_UTF8 = (1, 90), b"\x1b%G"


def read_notes(data: bytes, limits: Limits) -> Words:
    """What the headers say, by key; raises ImageRefused as every decoding does."""
    container = examine(data, limits)
    opener = {"HEIC": "HEIF"}.get(container.format, container.format)
    try:
        with Image.open(io.BytesIO(data), formats=(opener,)) as image:
            sources = [_quietly(read, image) for read in (_from_exif, _from_iptc, _from_xmp)]
    except BROKEN:
        return {}
    return merged(*sources)


def merged(exif: Words, iptc: Words, xmp: Words) -> Words:
    """People edit XMP last, so its words win; the camera's date wins over a program's."""
    words = {**exif, **iptc, **xmp}
    if exif.get("taken_on"):
        words["taken_on"] = exif["taken_on"]
    return words


def words_of_xmp(packet: bytes) -> Words:
    """The words of one XMP packet; none of them when it is broken or hostile."""
    if len(packet) > MAX_XMP:
        return {}
    try:
        root = fromstring(packet.rstrip(b"\0 "), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return {}
    said: dict[str, str] = {}
    for node in root.iter(f"{_RDF}Description"):
        for name, value in _properties(node):
            said.setdefault(name, value)
    return {
        key: next(said[place] for place in places if place in said)
        for key, places in _XMP_PLACES.items()
        if any(place in said for place in places)
    }


def _properties(node: Element) -> Iterator[tuple[str, str]]:
    """Short properties stand as attributes, long ones as children."""
    for name, value in node.attrib.items():
        if value.strip():
            yield name, value[:MAX_TEXT]
    for child in node:
        value = _value(child)
        if value.strip():
            yield child.tag, value[:MAX_TEXT]


def _value(node: Element) -> str:
    items = list(node.iter(f"{_RDF}li"))
    if not items:
        return node.get(f"{_RDF}resource") or node.text or ""
    if node.find(f"{_RDF}Alt") is not None:
        default = [item for item in items if item.get(_XML_LANG) == "x-default"]
        return ((default or items)[0].text or "").strip()
    return _joined(item.text or "" for item in items)


def _from_xmp(image: Image.Image) -> Words:
    packet = image.info.get("xmp")
    return words_of_xmp(packet) if isinstance(packet, bytes) else {}


def _from_exif(image: Image.Image) -> Words:
    exif = image.getexif()
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    told = {
        "title": _utf16(exif.get(ExifTags.Base.XPTitle)),
        "creator": _utf16(exif.get(ExifTags.Base.XPAuthor)) or _text(exif.get(ExifTags.Base.Artist)),
        "copyright_notice": _text(exif.get(ExifTags.Base.Copyright)),
        "taken_on": _text(detail.get(ExifTags.Base.DateTimeOriginal)),
    }
    return {key: value for key, value in told.items() if value}


def _from_iptc(image: Image.Image) -> Words:
    if not hasattr(image, "fp") or image.format not in ("JPEG", "MPO", "TIFF"):
        return {}
    said = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
    utf8 = said.get(_IPTC_CHARSET) == _IPTC_UTF8
    told: Words = {}
    for key, places in _IPTC_PLACES.items():
        for place in places:
            raw = said.get(place)
            parts = raw if isinstance(raw, list) else [raw] if raw else []
            value = _joined(_decoded(part, utf8=utf8) for part in parts)
            if value:
                told.setdefault(key, value)
    return told


def _quietly(read: Callable[[Image.Image], Words], image: Image.Image) -> Words:
    """Notes of one kind; broken ones are none."""
    try:
        return read(image)
    except BROKEN:
        return {}


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part.strip() for part in parts if part.strip())[:MAX_TEXT]


def _decoded(raw: bytes, *, utf8: bool) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8" if utf8 else "cp1252", "replace")


def _text(value: object) -> str:
    """EXIF text is handed over as Latin-1, though most programs write UTF-8."""
    if not isinstance(value, str):
        return ""
    value = value.split("\0")[0].strip()
    try:
        return value.encode("latin-1").decode("utf-8")[:MAX_TEXT]
    except UnicodeError:
        return value[:MAX_TEXT]


def _utf16(value: object) -> str:
    if not isinstance(value, bytes):
        return ""
    return value.decode("utf-16-le", "replace").split("\0")[0].strip()[:MAX_TEXT]
