"""A real web server on loopback that serves a small site and remembers who asked for what."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Page = tuple[int, dict[str, str], bytes]


@dataclass
class Site:
    """Answers by path; `asked` lists "host path" in order. `delay` slows every answer."""

    answers: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    delay: float = 0.0
    port: int = 0

    def html(self, path: str, body: str) -> None:
        head = "<!doctype html><meta charset=utf-8><title>A page</title>"
        self.answers[path] = (200, {"Content-Type": "text/html; charset=utf-8"}, (head + body).encode())

    def file(self, path: str, data: bytes, media_type: str = "image/jpeg") -> None:
        self.answers[path] = (200, {"Content-Type": media_type}, data)

    def redirect(self, path: str, to: str) -> None:
        self.answers[path] = (302, {"Location": to}, b"")

    def paths(self) -> list[str]:
        return [line.split(" ", 1)[1] for line in self.asked]


@contextmanager
def served(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(f"{self.headers.get('Host')} {self.path}")
            if site.delay:
                time.sleep(site.delay)
            path = self.path.split("?")[0]
            status, headers, body = site.answers.get(path, (404, {}, b"nothing here"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
