"""The embedded web server, and its end: no new request, the running ones finish, then it is over."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import waitress
from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("lichtbild.web")

THREADS = 6
LARGEST_BODY = 64 * 1024**2
LOOK_SECONDS = 0.05
#: After the last answer its bytes may still lie in our buffers.
FLUSH_SECONDS = 3.0


class Underway:
    """Counts the requests that are being answered."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._lock = threading.Lock()
        self.count = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._change(1)
        try:
            answer = self._application(environ, start_response)
        except BaseException:
            self._change(-1)
            raise
        return ClosingIterator(answer, lambda: self._change(-1))

    def _change(self, by: int) -> None:
        with self._lock:
            self.count += by


def serve(application: WSGIApplication, host: str, port: int, stop: threading.Event, grace: float) -> None:
    """Serve until told to stop, then let what runs finish, for at most ``grace`` seconds."""
    underway = Underway(application)
    server = waitress.create_server(
        underway, host=host, port=port, threads=THREADS, ident=None, max_request_body_size=LARGEST_BODY,
        channel_timeout=60,
    )  # fmt: skip
    threading.Thread(target=server.run, name="web", daemon=True).start()
    stop.wait()
    _refuse_new(server)
    until = time.monotonic() + grace
    while underway.count and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    until = min(until, time.monotonic() + FLUSH_SECONDS)
    while _unsent(server) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    if underway.count:
        log.warning("%d requests did not end in time and are given up", underway.count)
    with suppress(OSError):
        server.close()


def _refuse_new(server: Any) -> None:
    """Take the door away; the rooms stay open. The loop does it itself, between two looks at its sockets."""
    doors = [each for each in list(_map_of(server).values()) if getattr(each, "accepting", False)]
    done = threading.Event()

    def close() -> None:
        for door in doors:
            door.del_channel()
            door.socket.shutdown(socket.SHUT_RDWR)
            door.socket.close()
        done.set()

    doors[0].trigger.pull_trigger(close)
    done.wait(FLUSH_SECONDS)


def _unsent(server: Any) -> bool:
    return any(getattr(each, "total_outbufs_len", 0) for each in list(_map_of(server).values()))


def _map_of(server: Any) -> dict[int, Any]:
    found: dict[int, Any] = getattr(server, "map", None) or getattr(server, "_map", {})
    return found
