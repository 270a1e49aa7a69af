"""Starts the real commands quickly: one process that has loaded everything and forks a child for each.

A child is a process of its own that runs ``lichtbild ARGUMENTS`` from the beginning, with its own
environment, and ends as an interpreter ends; only the loading of the code is spared. The nursery itself
runs no thread, opens no database and holds no instance.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workflow.app import DEMO_ROUTES, DESK_ROUTES, PORTAL_ROUTES
from workflow.kernel.pdf import Press

LOADED = (
    "workflow.building", "workflow.wiring", "workflow.worker", "workflow.ticker",
    "workflow.checks", "workflow.schema", "workflow.crawling", "workflow.hits.intake",
    "workflow.demo.web", "workflow.money.gateways", "workflow.money.stripe_standin", "waitress", "weasyprint",
    "stripe", "psycopg", "detection.crawl.run", "detection.matching",
)  # fmt: skip
LOOK_SECONDS = 0.01


def serve(command: Callable[[list[str]], None]) -> None:
    """Be the nursery: read requests from standard input, answer with what was started and what ended."""
    for name in LOADED:
        importlib.import_module(name)
    for name in (*DESK_ROUTES, *PORTAL_ROUTES, *DEMO_ROUTES):
        importlib.import_module(name)
    Press().warm()
    _tell({"ready": True})
    waiting = b""
    while True:
        if select.select([0], [], [], LOOK_SECONDS)[0]:
            piece = os.read(0, 65536)
            if not piece:
                return
            *lines, waiting = (waiting + piece).split(b"\n")
            for line in lines:
                _fork(json.loads(line), command)
        _reap()


def _fork(request: dict[str, Any], command: Callable[[list[str]], None]) -> None:
    child = os.fork()
    if child:
        _tell({"started": child, "number": request["number"]})
        return
    os.setsid()
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(request["environment"])
    command(request["arguments"])
    sys.exit(0)


def _reap() -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        _tell({"ended": child, "code": os.waitstatus_to_exitcode(status)})


def _tell(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


@dataclass
class Child:
    """A command that runs, or ran: ``code`` is its exit code, minus the signal that ended it."""

    pid: int
    log: Path
    code: int | None = None


class Nursery:
    """The other end: asks the nursery for processes and hears of their ends."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        self._children: dict[int, Child] = {}
        self._number = 0
        self._waiting = b""
        assert self._hear(until=lambda told: "ready" in told, seconds=600), "the nursery did not start"

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
        """Start ``lichtbild ARGUMENTS``; what it prints is appended to ``log``."""
        self._number += 1
        log.touch()  # it may be read before the child has opened it
        request = {"number": self._number, "arguments": list(arguments), "environment": dict(environment),
                   "log": str(log)}  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        told = self._hear(until=lambda told: told.get("number") == request["number"], seconds=120)
        assert told, "the nursery does not answer"
        child = Child(told["started"], log)
        self._children[child.pid] = child
        return child

    def wait(self, child: Child, seconds: float) -> int | None:
        """Its exit code; ``None`` when it still runs after so many seconds."""
        if child.code is None:
            self._hear(until=lambda told: told.get("ended") == child.pid, seconds=seconds)
        return child.code

    def end(self, child: Child, *, grace: float = 10.0) -> None:
        """Tell it to stop; kill its whole group when it does not, and what it left behind in any case."""
        if self.wait(child, 0) is None:
            os.kill(child.pid, signal.SIGTERM)
        if self.wait(child, grace) is None:
            os.kill(child.pid, signal.SIGKILL)
            self.wait(child, 5)
        self.sweep(child)

    @staticmethod
    def sweep(child: Child) -> None:
        """End what it started and left behind (decoding children)."""
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children.values():
            if child.code is None:
                self.end(child, grace=1.0)
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self, until: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        end = time.monotonic() + seconds
        while True:
            left = max(0.0, end - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return None
            piece = os.read(self._process.stdout.fileno(), 65536)
            assert piece, "the nursery ended"
            *lines, self._waiting = (self._waiting + piece).split(b"\n")
            found: dict[str, Any] | None = None
            for told in (json.loads(line) for line in lines):
                if "ended" in told and told["ended"] in self._children:
                    self._children[told["ended"]].code = told["code"]
                found = told if until(told) else found
            if found is not None:
                return found
