"""The demo as a whole, running on a port of its own in a folder of its own, and what it takes to ask it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pyotp
from table import ROOT

from workflow.demo.people import log_ins

PORT = 8700
ROUNDS = 15
LICHTBILD = [sys.executable, "-m", "workflow.cli"]
DESK, PORTAL = f"desk.localhost:{PORT}", f"portal.localhost:{PORT}"


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """The environment of an instance in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="lichtbild-bench-"))
    try:
        yield {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LICHTBILD_INSTANCE_DIR": str(folder / "instance"),
            "LICHTBILD_PORT": str(PORT),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_demo(environment: dict[str, str]) -> str:
    """Build the demo world; what it came to, as JSON."""
    command = [*LICHTBILD, "demo", "--fresh", "--json"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=600
    ).stdout


@contextmanager
def started(environment: dict[str, str]) -> Iterator[int]:
    """Everything up and answering; the process id of ``up``."""
    process = subprocess.Popen([*LICHTBILD, "up"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready()
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def visits() -> list[tuple[str, str, str]]:
    """The pages people open most, with the cookie of whoever may."""
    owner = log_in("photographer@example.org", "demo-paper-boat-24")
    operator = log_in("operator@example.org", "demo-quiet-harbour-24")
    return [
        (DESK, "/", ""),
        (DESK, "/inbox", owner),
        (DESK, "/photographs/", owner),
        (DESK, "/cases/", owner),
        (DESK, "/money/", owner),
        (DESK, "/search?q=coast", owner),
        (DESK, "/search?q=nothing-is-called-so", owner),
        (DESK, "/operator/queue", operator),
        (DESK, "/search?q=nothing-is-called-so", operator),
        (DESK, "/operator/cases/", operator),
        (PORTAL, "/", ""),
        (PORTAL, "/verify", ""),
    ]


def ask(host: str, method: str, path: str, cookie: str, body: str = "") -> http.client.HTTPResponse:
    """One request on a connection of its own; the answer is read."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    headers = {"Host": host, "Cookie": cookie}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def log_in(email: str, password: str) -> str:
    """The session cookie of a demo account."""
    answer, cookie = _send("/log-in", "", email=email, password=password)
    person = next((known for known in log_ins() if known.email == email and known.secret), None)
    if person:
        answer, cookie = _send(
            answer.getheader("Location") or "", cookie, code=pyotp.TOTP(person.secret).now()
        )
    return cookie


def _send(path: str, cookie: str, **fields: str) -> tuple[http.client.HTTPResponse, str]:
    """Fill in the form of a page; the answer, which must lead on, and the cookie after it."""
    page = ask(DESK, "GET", path, cookie)
    cookie = (page.getheader("Set-Cookie") or cookie).partition(";")[0]
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)  # type: ignore[attr-defined]
    assert found, f"{path} has no form"
    answer = ask(DESK, "POST", path, cookie, urlencode({"csrf_token": found[1], **fields}))
    assert answer.status == http.HTTPStatus.SEE_OTHER, (path, answer.status)
    return answer, (answer.getheader("Set-Cookie") or cookie).partition(";")[0]


def page_ms(host: str, path: str, cookie: str) -> float:
    """Median milliseconds of one page, after two visits to warm up."""
    times = []
    for _ in range(ROUNDS + 2):
        began = time.perf_counter()
        answer = ask(host, "GET", path, cookie)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == http.HTTPStatus.OK, f"{path} answered {answer.status}"
    return statistics.median(times[2:])


def wait_until_ready() -> None:
    """Until the desk answers, a minute at most."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if ask(DESK, "GET", "/healthz", "").status == http.HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit("the demo did not start within a minute")
