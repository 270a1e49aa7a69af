"""Pictures and files of a case as HTTP answers.

What a page showed is hostile until it was decoded in the child process: only fresh JPEGs are displayed,
the bytes themselves are only ever handed out as a download.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import cast

from flask import Response, current_app, request

from workflow.kernel.documents import Document
from workflow.kernel.errors import Unavailable
from workflow.kernel.said import say
from workflow.kernel.uploads import Decoder, ImageRefusal

#: The longest side of what is displayed, in pixels.
DISPLAY_SIDE = 1280
#: The bytes behind an address never change; after this a browser asks whether it may still look.
KEPT_SECONDS = 3600
#: How much memory a process gives to display copies it made already.
MEMORY = 24 * 1024**2


class DisplayCopies:
    """Fresh copies by the address of the original; the oldest go first. Safe to call from any thread.

    Made once, not on every look: decoding takes a few tenths of a second of the child's time.
    """

    def __init__(self, limit: int = MEMORY) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._copies: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0

    def get(self, address: str, make: Callable[[], bytes]) -> bytes:
        """The copy, made now if it is not there."""
        with self._lock:
            if address in self._copies:
                self._copies.move_to_end(address)
                return self._copies[address]
        made = make()
        with self._lock:
            self._held += len(made) - len(self._copies.pop(address, b""))
            self._copies[address] = made
            while self._held > self._limit:
                self._held -= len(self._copies.popitem(last=False)[1])
        return made


def display(document: Document, data: Callable[[], bytes], decoder: Decoder) -> Response:
    """A fresh JPEG of a picture, 304 when the browser has it; the caller checked who looks."""
    if request.if_none_match.contains(document.address):
        response = Response(status=304)
    else:
        copies = cast(
            "DisplayCopies", current_app.extensions.setdefault("portal_display_copies", DisplayCopies())
        )
        copy = copies.get(document.address, lambda: _normalised(decoder, data()))
        response = Response(copy, mimetype="image/jpeg")
    response.set_etag(document.address)
    response.cache_control.private = True
    response.cache_control.max_age = KEPT_SECONDS
    return response


def download(data: bytes, media_type: str, name: str) -> Response:
    """The bytes as they are, to be saved and never shown by us."""
    response = Response(data, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    # whatever is inside must not run with the rights of this site
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def document(data: bytes, name: str) -> Response:
    """One of our own PDFs, opened in the browser."""
    response = Response(data, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=name)
    return response


def _normalised(decoder: Decoder, data: bytes) -> bytes:
    try:
        return decoder.normalise(data, DISPLAY_SIDE)
    except Exception as refusal:
        if not isinstance(refusal, ImageRefusal):
            raise
        sentence = say("This picture cannot be displayed. It can be downloaded as it was found.")
        raise Unavailable(sentence) from refusal
