"""Delivers signed webhooks in the background, at least once, with growing pauses after failures."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from workflow.money.stripe_standin.objects import visible
from workflow.money.stripe_standin.office import Office
from workflow.money.stripe_standin.store import Json, Store

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
#: Never longer than this between two attempts.
LONGEST_PAUSE = 300.0
#: An event that nobody took for three days is given up; it stays in the list of events.
GIVE_UP_SECONDS = 3 * 24 * 60 * 60
BATCH = 50
#: Answers that mean the webhook was taken.
TAKEN = range(200, 300)
LOOPBACK = "127.0.0.1"


class Courier:
    """One thread: expires card pages, delivers what is due, sleeps.

    ``first_pause`` seconds after the first failure, doubled after each further one.
    """

    def __init__(
        self,
        store: Store,
        office: Office,
        wall: Callable[[], datetime],
        webhook: tuple[str, str],
        first_pause: float = 1.0,
    ) -> None:
        self._store = store
        self._office = office
        self._wall = wall
        self._url, self._secret = webhook
        self._first_pause = first_pause
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="standin-courier", daemon=True)

    def start(self) -> None:
        """Begin; whatever an earlier run left undelivered is due at once."""
        self._store.hurry()
        self._thread.start()

    def wake(self) -> None:
        """Something new may be due."""
        self._wake.set()

    def stop(self) -> None:
        """End after the attempt that is being made."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT_SECONDS + 1)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            with self._store.transaction():
                self._office.expire_due()
            now = self._wall().timestamp()
            due = self._store.due(now, int(now) - GIVE_UP_SECONDS, BATCH)
            for event, attempts in due:
                if self._stopping.is_set():
                    return
                self._attempt(event, attempts)
            if not due:
                self._wake.wait(min(self._first_pause, 1.0))

    def _attempt(self, event: Json, attempts: int) -> None:
        delivered = self._send(event)
        pause = min(self._first_pause * 2.0 ** min(attempts, 20), LONGEST_PAUSE)
        next_at = self._wall().timestamp() + pause
        with self._store.transaction():
            if delivered:
                self._store.change(event | {"pending_webhooks": 0})
            self._store.attempted(event["id"], delivered=delivered, next_at=next_at)

    def _send(self, event: Json) -> bool:
        """One attempt with a signature of now; only an answer 2xx counts as delivered."""
        body = json.dumps(visible(event), indent=2).encode()
        parts = urlsplit(self._url)
        connection = _connection(parts.scheme, parts.hostname or "", parts.port)
        path = parts.path or "/"
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Lichtbild-payment-stand-in/1.0",
            "Stripe-Signature": sign(body, self._secret, int(self._wall().timestamp())),
        }
        try:
            connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as failure:
            log.info("webhook %s was not taken: %s", event["id"], failure)
            return False
        finally:
            connection.close()
        if status not in TAKEN:
            log.info("webhook %s was answered %d", event["id"], status)
        return status in TAKEN


def sign(body: bytes, secret: str, second: int) -> str:
    """The ``Stripe-Signature`` header: HMAC-SHA256 over ``time.body``, scheme v1."""
    mac = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256)
    return f"t={second},v1={mac.hexdigest()}"


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    """A connection to the receiver; ``*.localhost`` is loopback even where no resolver knows it."""
    address = LOOPBACK if host == "localhost" or host.endswith(".localhost") else host
    if scheme == "https":
        return http.client.HTTPSConnection(address, port, timeout=TIMEOUT_SECONDS)
    return http.client.HTTPConnection(address, port, timeout=TIMEOUT_SECONDS)
