"""What prints: WeasyPrint on a leash; every address a document names is answered from memory or refused."""

from __future__ import annotations

import hashlib
import io
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from fontTools.ttLib import woff2  # type: ignore[import-untyped]
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

log = logging.getLogger(__name__)

MAX_IMAGE_BYTES = 20 * 1024 * 1024
_ASSET = re.compile(r"asset:((?:[a-z0-9][a-z0-9_.-]*/)*[a-z0-9][a-z0-9_.-]*)")
_IMAGE = re.compile(r"image:([a-z0-9][a-z0-9_-]*)")
#: Where relative addresses would lead; nothing answers there, so they are refused like all others.
_NOWHERE = "nowhere://document/"
_IMAGE_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
#: Every document of ours has the same style; others come only from tests and from somebody's own templates.
_STYLES_KEPT = 8
_WEASYPRINT = logging.getLogger("weasyprint")


class Printer:
    """Turns HTML into PDF with WeasyPrint; one document at a time, the caller sees to that."""

    def __init__(self, assets: Path) -> None:
        self._assets = assets
        self._fonts: dict[str, bytes] = {}
        self._styles: dict[str, tuple[CSS, FontConfiguration]] = {}

    def print(self, html: str, images: Mapping[str, bytes]) -> bytes:
        """The PDF of a finished HTML text; :class:`Refused` as :class:`~workflow.kernel.pdf.Press` says."""
        digest = hashlib.sha256(html.encode())
        for name in sorted(images):
            _check_image(name, images[name])
            digest.update(hashlib.sha256(images[name]).digest())
        fetcher = _Fetcher(self, images)
        with _complaints() as complaints:
            style, fonts = self._style("\n".join(_STYLE.findall(html)), fetcher, complaints)
            page = HTML(string=_STYLE.sub("", html), base_url=_NOWHERE, url_fetcher=fetcher)
            pdf = page.write_pdf(
                stylesheets=[style],
                font_config=fonts,
                pdf_variant="pdf/ua-1",
                pdf_identifier=digest.digest()[:16],
                optimize_images=False,
            )
        if fetcher.refused or complaints:
            raise Refused(*dict.fromkeys([*fetcher.refused, *complaints]))
        assert isinstance(pdf, bytes)
        return pdf

    def _style(self, text: str, fetcher: _Fetcher, complaints: list[str]) -> tuple[CSS, FontConfiguration]:
        """The style with its fonts, read once: that is a fifth of the time of a letter."""
        kept = self._styles.get(text)
        if kept is not None:
            return kept
        fonts = FontConfiguration()
        made = CSS(string=text, base_url=_NOWHERE, url_fetcher=fetcher, font_config=fonts), fonts
        if not fetcher.refused and not complaints:
            if len(self._styles) >= _STYLES_KEPT:
                self._styles.clear()
            self._styles[text] = made
        return made

    def asset(self, name: str) -> bytes | None:
        """A shipped file; woff2 fonts come unpacked (once), which makes every document faster."""
        if name not in self._fonts:
            path = (self._assets / name).resolve()
            if not path.is_relative_to(self._assets) or not path.is_file():
                return None
            self._fonts[name] = _unpacked(path.read_bytes())
        return self._fonts[name]


class _Fetcher(URLFetcher):  # type: ignore[misc]
    """Answers from memory only. The methods of the base class that open connections are never reached."""

    def __init__(self, printer: Printer, images: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=())
        self._printer, self._images = printer, images
        self.refused: list[str] = []

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:  # noqa: ARG002 - its signature
        if (match := _IMAGE.fullmatch(url)) and match[1] in self._images:
            data = self._images[match[1]]
            return URLFetcherResponse(url, data, {"Content-Type": _image_kind(data)})
        if (match := _ASSET.fullmatch(url)) and (found := self._printer.asset(match[1])) is not None:
            return URLFetcherResponse(url, found, {"Content-Type": "application/octet-stream"})
        log.warning("a document asked for %r: refused", url[:200])
        reason = say("The document asks for “{url}”, which is not one of its own parts.", url=url[:100])
        self.refused.append(reason)
        raise ValueError(reason)


def _check_image(name: str, data: bytes) -> None:
    if not _IMAGE.fullmatch(f"image:{name}"):
        raise Refused(say("“{name}” cannot be the name of a picture in a document.", name=name[:40]))
    if len(data) > MAX_IMAGE_BYTES:
        raise Refused(say("The picture “{name}” is too large for a document.", name=name))
    _image_kind(data)


def _image_kind(data: bytes) -> str:
    for start, kind in _IMAGE_KINDS.items():
        if data.startswith(start):
            return kind
    raise Refused(say("A picture of a document must be JPEG or PNG."))


@cache
def _unpacked(font: bytes) -> bytes:
    """Once per process: it takes seconds, and every press of a process ships the same fonts."""
    if not font.startswith(b"wOF2"):
        return font
    plain = io.BytesIO()
    woff2.decompress(io.BytesIO(font), plain)
    return plain.getvalue()


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What the printer reports as errors in this thread, such as a picture without a description."""
    found: list[str] = []
    here = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == here:
                found.append(say("The document cannot be made: {why}", why=record.getMessage()[:200]))

    listener = Listener(level=logging.ERROR)
    _WEASYPRINT.addHandler(listener)
    try:
        yield found
    finally:
        _WEASYPRINT.removeHandler(listener)
