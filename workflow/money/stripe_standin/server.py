"""Puts the stand-in together and serves it on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import waitress
from flask import Flask, Response, request
from waitress.server import BaseWSGIServer
from waitress.wasyncore import dispatcher
from werkzeug.exceptions import HTTPException

from workflow.kernel.clock import SystemClock
from workflow.kernel.errors import Refused
from workflow.money.stripe_standin.api_routes import Api
from workflow.money.stripe_standin.courier import LOOPBACK, Courier
from workflow.money.stripe_standin.office import Office
from workflow.money.stripe_standin.page_routes import Pages
from workflow.money.stripe_standin.store import Store

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
MAX_BODY = 64 * 1024
THREADS = 4
EXTENSION = "standin"
WALL = SystemClock().wall


@dataclass(frozen=True, slots=True)
class Parts:
    """What a stand-in consists of; kept in ``app.extensions["standin"]``."""

    store: Store
    courier: Courier

    def close(self) -> None:
        """Stop delivering, then let go of the file."""
        self.courier.stop()
        self.store.close()


@dataclass(frozen=True, slots=True)
class RunningStandin:
    """A stand-in that is being served by a thread of this process."""

    url: str
    _server: BaseWSGIServer
    _connections: dict[int, dispatcher]
    _thread: threading.Thread
    _parts: Parts

    def close(self) -> None:
        """Stop serving and delivering; the file keeps everything for the next start."""
        open_ones = list(self._connections.values())
        self._connections.clear()  # the loop of the server ends when it has nothing to watch
        self._server.pull_trigger()
        self._thread.join()
        self._server.task_dispatcher.shutdown()
        for connection in open_ones:
            connection.close()
        self._parts.close()


def create_standin(
    state_path: Path,
    webhook_url: str,
    webhook_secret: str,
    secret_key: str,
    public_url: str,
    *,
    first_pause: float = 1.0,
    wall: Callable[[], datetime] = WALL,
) -> Flask:
    """The application; its webhooks leave once ``app.extensions["standin"].courier`` is started.

    ``first_pause``: seconds until a webhook that was not taken is tried again.
    """
    if not secret_key.startswith("sk_test_"):
        raise Refused("The payment stand-in takes test keys only (sk_test_…).")
    app = Flask(__name__, static_folder=None, template_folder=str(TEMPLATES))
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["TRUSTED_HOSTS"] = ["localhost", LOOPBACK, urlsplit(public_url).hostname or LOOPBACK]
    store = Store(state_path)
    office = Office(store, wall, public_url)
    courier = Courier(store, office, wall, (webhook_url, webhook_secret), first_pause)
    app.extensions[EXTENSION] = Parts(store, courier)
    app.register_blueprint(Api(store, office, secret_key).blueprint())
    app.register_blueprint(Pages(store, office, wall, courier.wake).blueprint())
    app.register_error_handler(HTTPException, _plain_error)
    app.after_request(lambda response: _wake(courier, response))
    return app


def start_standin(
    state_path: Path,
    webhook_url: str,
    webhook_secret: str,
    secret_key: str,
    *,
    port: int = 0,
    public_url: str | None = None,
    first_pause: float = 1.0,
    wall: Callable[[], datetime] = WALL,
) -> RunningStandin:
    """Serve in a thread on 127.0.0.1; port 0 takes a free one. ``close()`` ends it."""
    listening = socket.create_server((LOOPBACK, port))
    url = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    app = create_standin(
        state_path,
        webhook_url,
        webhook_secret,
        secret_key,
        public_url or url,
        first_pause=first_pause,
        wall=wall,
    )
    connections: dict[int, dispatcher] = {}
    server = waitress.create_server(app, map=connections, sockets=[listening], threads=THREADS, ident=None)
    parts: Parts = app.extensions[EXTENSION]
    parts.courier.start()
    thread = threading.Thread(target=server.run, name="standin-web", daemon=True)
    thread.start()
    return RunningStandin(url, server, connections, thread, parts)


def serve_standin(
    state_path: Path,
    webhook_url: str,
    webhook_secret: str,
    secret_key: str,
    *,
    port: int,
    public_url: str | None = None,
) -> None:
    """Serve on 127.0.0.1 until the process is interrupted (the command line's way)."""
    running = start_standin(
        state_path, webhook_url, webhook_secret, secret_key, port=port, public_url=public_url
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        running.close()


def _wake(courier: Courier, response: Response) -> Response:
    if request.method == "POST":
        courier.wake()
    return response


def _plain_error(error: HTTPException) -> tuple[str, int, dict[str, str]]:
    """A sentence and nothing else; a page of somebody else's text would need escaping."""
    return (
        error.description or error.name,
        error.code or 500,
        {"Content-Type": "text/plain; charset=utf-8"},
    )
