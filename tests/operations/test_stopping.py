"""SIGTERM to real processes: what runs finishes, nothing new begins, then it is over."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection

import pytest

from tests.world import World
from workflow.cli.serving import serve
from workflow.config import ROOT
from workflow.kernel import outbox
from workflow.kernel.outbox import OutboxMessage, OutboxState

pytestmark = pytest.mark.sqlite_only("processes end the same way on any database")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def slow(environ: dict, start_response: object) -> list[bytes]:
    time.sleep(float(environ["QUERY_STRING"] or "0"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done " * 200_000]


@pytest.mark.parametrize(("seconds", "grace", "finishes"), [(1.5, 10.0, True), (20.0, 1.0, False)])
def test_a_running_request_is_answered_and_no_new_one_is_taken(
    seconds: float, grace: float, finishes: bool
) -> None:
    port, stop = free_port(), threading.Event()
    server = threading.Thread(target=serve, args=(slow, "127.0.0.1", port, stop, grace), daemon=True)
    server.start()
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(100):
        try:
            connection.connect()
            break
        except OSError:
            time.sleep(0.05)
    connection.request("GET", f"/?{seconds}")
    time.sleep(0.5)
    began = time.monotonic()
    stop.set()
    time.sleep(0.3)
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        pass
    if finishes:
        answer = connection.getresponse()
        assert answer.status == 200 and len(answer.read()) == 1_000_000
    server.join(15)
    assert not server.is_alive() and time.monotonic() - began < (seconds if finishes else grace) + 4


def environment(world: World, port: int, failpoints: str = "") -> dict[str, str]:
    config = world.runtime.config
    return {
        **os.environ, "LICHTBILD_INSTANCE_DIR": str(config.instance_dir.parent), "PYTHONPATH": str(ROOT),
        "LICHTBILD_DATABASE_URL": config.database_url, "LICHTBILD_PORT": str(port),
        "LICHTBILD_MASTER_KEY": base64.b64encode(bytes(32)).decode(), "LICHTBILD_FAILPOINTS": failpoints,
        "LICHTBILD_LOG_LEVEL": "info",
    }  # fmt: skip


def start(world: World, *words: str, port: int = 8860, failpoints: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "workflow.cli", "--instance", world.runtime.config.instance, *words]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment(world, port, failpoints), stderr=subprocess.PIPE, text=True
    )


def state_of(world: World, key: str) -> OutboxState:
    return next(row.state for row in world.all(OutboxMessage) if row.key == key)


@pytest.mark.slow
def test_a_worker_finishes_the_message_it_holds_and_takes_no_other(world: World) -> None:
    with world.runtime.database.transaction() as session:
        for name in ("first", "second"):
            outbox.post(session, "psp.reconcile", {}, key=name, now=world.now)
    worker = start(world, "worker", failpoints="outbox.after_claim=sleep:3")
    until = time.monotonic() + 60
    while state_of(world, "first") is OutboxState.PENDING and time.monotonic() < until:
        time.sleep(0.05)
    assert state_of(world, "first") is OutboxState.CLAIMED
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0, worker.stderr.read()
    # what it held was finished or given back for later, by itself, before it ended
    assert state_of(world, "first") in (OutboxState.DONE, OutboxState.PENDING)
    assert state_of(world, "second") is OutboxState.PENDING
    assert "did not end within" not in worker.stderr.read()


@pytest.mark.slow
def test_the_web_process_ends_with_its_requests(world: World) -> None:
    port = free_port()
    web = start(world, "web", port=port)
    host = f"desk.localhost:{port}"
    until = time.monotonic() + 60
    status = 0
    while status != 200 and time.monotonic() < until and web.poll() is None:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/ready", headers={"Host": host})
            status = connection.getresponse().status
        except OSError:
            time.sleep(0.2)
    assert status == 200, web.poll()
    web.send_signal(signal.SIGTERM)
    assert web.wait(30) == 0
    told = web.stderr.read()
    assert "Traceback" not in told and "self-check at the start" in told
