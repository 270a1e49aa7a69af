"""Child processes that touch hostile bytes, so that the parent never does.

Children are fresh interpreters (not forks), started when first needed, replaced after a number of
images, killed when one takes too long, and ended after a while without work. The pool may be
called from any thread. A child whose parent dies reads the end of its channel and leaves.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Self

from detection.images.limits import Limits
from detection.images.refusals import REFUSALS, ImageRefused, refusal
from detection.images.wire import Header, WireBroken, WireSlow, receive, send

_ROOT = Path(__file__).resolve().parents[2]
#: Images after which a child is replaced: leaks of the decoders stay small.
RECYCLE_AFTER = 500
#: Seconds without work after which the children end and give their memory back.
IDLE_SECONDS = 60.0
#: Seconds a fresh interpreter may take to start and load its libraries, on a busy machine too.
START_SECONDS = 60.0
#: Wall time on top of the CPU time: a busy machine is not the image's fault.
PATIENCE = 3.0
_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class PoolClosed(Exception):
    """The pool was closed and does nothing any more."""


class PoolUnavailable(Exception):
    """A child could not be started: the fault of this machine, not of an image."""


class _Child:
    """One interpreter and the channel to it."""

    def __init__(self, module: str, memory: int) -> None:
        ours, theirs = socket.socketpair()
        environment = {k: os.environ[k] for k in _KEPT_ENVIRONMENT if k in os.environ}
        environment.update(
            PYTHONPATH=str(_ROOT),
            PYTHONDONTWRITEBYTECODE="1",
            OPENBLAS_NUM_THREADS="1",
            OMP_NUM_THREADS="1",
        )
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module, numbers only
                [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(memory)],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd="/",
            )
        self.channel = ours
        self.done = 0
        #: What the child was told beside its images; see DecodePool.teach.
        self.lessons = 0
        self._await_ready()

    def _await_ready(self) -> None:
        try:
            receive(self.channel, START_SECONDS)
        except (WireBroken, WireSlow):
            self.kill()
            raise

    def ask(self, header: Header, body: bytes, seconds: float) -> tuple[Header, bytes]:
        """One question, one answer."""
        self.channel.settimeout(seconds)
        send(self.channel, header, body)
        answer = receive(self.channel, seconds)
        self.done += 1
        return answer

    def kill(self) -> None:
        """End the child now and wait until it is gone."""
        self.channel.close()
        self.process.kill()
        self.process.wait()


class DecodePool:
    """Up to `size` children running `module`. Close it, or use it as a context manager."""

    def __init__(
        self,
        size: int = 1,
        *,
        module: str = "detection.images.child",
        memory: int = Limits().memory,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.size = size
        self._module = module
        self._memory = memory
        self._idle_seconds = idle_seconds
        self._room = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._lessons: list[tuple[Header, bytes]] = []
        self._timer: threading.Timer | None = None
        self._closed = False

    def call(
        self, task: str, data: bytes, limits: Limits, arguments: Header | None = None
    ) -> tuple[Header, bytes]:
        """Run one task on one image; raises ImageRefused when a limit was hit."""
        header = {"task": task, "limits": asdict(limits), "arguments": arguments or {}}
        with self._room:
            child = self._take()
            try:
                answer, body = child.ask(header, data, limits.seconds * PATIENCE)
            except WireSlow as late:
                child.kill()
                raise refusal("too_slow") from late
            except WireBroken as gone:
                raise _cause_of_death(child) from gone
            except BaseException:
                child.kill()
                raise
            finally:
                self._give_back(child)
        if "refused" in answer:
            raise _told(answer)
        return answer, body

    def teach(self, header: Header, body: bytes = b"") -> None:
        """Tell every child, now living or started later, something before its next image."""
        with self._lock:
            self._lessons.append((header, body))

    def forget_lessons(self) -> None:
        """Start over with untaught children."""
        with self._lock:
            self._lessons.clear()
            idle, self._idle = self._idle, []
            for child in self._busy:
                child.done = RECYCLE_AFTER
        for child in idle:
            child.kill()

    def child_ids(self) -> list[int]:
        """Process ids of the living children."""
        with self._lock:
            return [child.process.pid for child in (*self._idle, *self._busy)]

    def close(self) -> None:
        """End all children; a call that is under way ends with a refusal."""
        with self._lock:
            self._closed = True
            children = [*self._idle, *self._busy]
            self._idle.clear()
            if self._timer is not None:
                self._timer.cancel()
        for child in children:
            child.process.kill()
            child.process.wait()
            child.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> _Child:
        with self._lock:
            if self._closed:
                raise PoolClosed
            child = self._idle.pop() if self._idle else None
            lessons = list(self._lessons)
        if child is not None and child.process.poll() is not None:
            child.kill()
            child = None
        try:
            if child is None:
                child = _Child(self._module, self._memory)
            self._instruct(child, lessons)
        except (WireBroken, WireSlow, OSError) as failed:
            raise PoolUnavailable("a decoding process could not be started") from failed
        with self._lock:
            self._busy.add(child)
        return child

    @staticmethod
    def _instruct(child: _Child, lessons: list[tuple[Header, bytes]]) -> None:
        try:
            for header, body in lessons[child.lessons :]:
                child.ask(header, body, START_SECONDS)
                child.lessons += 1
        except BaseException:
            child.kill()
            raise

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            self._busy.discard(child)
            usable = child.process.poll() is None and child.done < RECYCLE_AFTER
            keep = usable and not self._closed
            if keep:
                self._idle.append(child)
                self._restart_timer()
        if not keep:
            child.kill()

    def _restart_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._idle_seconds, self._end_idle)
        self._timer.daemon = True
        self._timer.start()

    def _end_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()


def _cause_of_death(child: _Child) -> ImageRefused:
    """The child is gone in the middle of an image: out of CPU time, or of memory."""
    child.process.kill()
    code = child.process.wait()
    sigxcpu = 24
    return refusal("too_slow" if code == -sigxcpu else "too_heavy")


def _told(answer: Header) -> ImageRefused:
    """The refusal as the child put it, held to known codes and plain strings."""
    code = str(answer["refused"])
    if code not in REFUSALS:
        return refusal("unreadable")
    return ImageRefused(code, str(answer.get("sentence", ""))[:300], REFUSALS[code][1])
