"""Serves the demo web over HTTP on loopback, one site per host name."""

from __future__ import annotations

import hashlib
import mimetypes
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from workflow.demo.sites import HTTP_PORT, PORT_MARK

if TYPE_CHECKING:
    from workflow.demo.web import World

_TEXTS = frozenset({".html", ".xml", ".txt", ".css", ".js"})
_TYPES = {".webp": "image/webp", ".js": "text/javascript", ".svg": "image/svg+xml"}
_NOT_FOUND = b"<!doctype html><title>404</title><h1>404</h1><p>Seite nicht gefunden.</p>"


class WorldServer:
    """The demo web on 127.0.0.1; `port` 0 takes a free one. Use it in a `with` block."""

    def __init__(self, world: World, port: int = 0) -> None:
        handler = type("WorldHandler", (_Handler,), {"world": world})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread: Thread | None = None

    @property
    def port(self) -> int:
        """The port the server listens on."""
        return int(self._server.server_address[1])

    def start(self) -> WorldServer:
        """Answer requests from a thread of this process."""
        self._thread = Thread(target=self._server.serve_forever, name="demo-web", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End a started server and free its port."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def run(self) -> None:
        """Answer requests until the process is interrupted."""
        try:
            self._server.serve_forever()
        finally:
            self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve_world(world: World, port: int) -> None:
    """Serve the demo web on 127.0.0.1:`port` until interrupted."""
    WorldServer(world, port).run()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    world: World
    protocol_version = "HTTP/1.1"
    server_version = "httpd"
    sys_version = ""
    timeout = 30
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer with a file, a redirect or 404, by host and path."""
        host = self.headers.get("Host", "").partition(":")[0].lower()
        path = unquote(urlsplit(self.path).path)
        if host not in self.world.hosts:
            return self._send(HTTPStatus.NOT_FOUND, _NOT_FOUND, "text/html; charset=utf-8")
        redirect = self.world.redirects.get(host, {}).get(path)
        if redirect is not None:
            status, target = redirect
            return self._send(HTTPStatus(status), b"", "text/plain", {"Location": target})
        file = self.world.file(host, path)
        if file is None:
            return self._send(HTTPStatus.NOT_FOUND, _NOT_FOUND, "text/html; charset=utf-8")
        return self._send_file(file)

    do_HEAD = do_GET  # noqa: N815 - the name http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """A demo's web server keeps quiet."""

    def _send_file(self, file: Path) -> None:
        body = file.read_bytes()
        kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "text/plain"
        if file.suffix in _TEXTS:
            port = int(self.connection.getsockname()[1])
            mark = b"" if port == HTTP_PORT else f":{port}".encode()
            body = body.replace(PORT_MARK.encode(), mark)
            kind += "; charset=utf-8"
        changed = int(file.stat().st_mtime)
        headers = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:20]}"',
            "Last-Modified": formatdate(changed, usegmt=True),
        }
        if self._is_known(headers["ETag"], changed):
            return self._send(HTTPStatus.NOT_MODIFIED, b"", kind, headers)
        return self._send(HTTPStatus.OK, body, kind, headers)

    def _is_known(self, tag: str, changed: int) -> bool:
        asked = self.headers.get("If-None-Match")
        if asked is not None:
            return tag in (each.strip().removeprefix("W/") for each in asked.split(","))
        since = self.headers.get("If-Modified-Since")
        if since is None:
            return False
        try:
            return changed <= parsedate_to_datetime(since).timestamp()
        except ValueError:
            return False

    def _send(
        self, status: HTTPStatus, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
