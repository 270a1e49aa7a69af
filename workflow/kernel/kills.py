"""Sudden death of the own process, at one of five moments.

SIGKILL runs no handler and flushes nothing: what the process held only in its memory is gone. What the
kernel of the operating system already has is kept, so a kill says nothing about a power loss.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from enum import StrEnum
from types import FrameType
from typing import Any, NoReturn

LATER_SECONDS = 0.001
#: A COMMIT takes about 0.2 ms on one box: the kill lands before, in or just after its flush.
FLUSH_SECONDS = 0.000_1


class Moment(StrEnum):
    """When, counted from the point."""

    #: At the point: the statement after it is not begun.
    AT = "at"
    #: The statement after the point is done, the one after that is not begun.
    NEXT = "next"
    #: One millisecond later, from another thread, wherever the code is then.
    LATER = "later"
    #: In the next flush: inside ``os.fsync``, or while the database works on a COMMIT.
    FLUSH = "flush"
    #: The process is told to stop (SIGTERM) at the point and killed when it has closed everything.
    EXIT = "exit"


def kill(moment: Moment, *, frames_up: int = 1) -> None:
    """Die at this moment. ``frames_up`` names the frame whose next statement is meant."""
    if moment is Moment.AT:
        _die()
    elif moment is Moment.NEXT:
        _after_next_statement(sys._getframe(frames_up))  # noqa: SLF001 - as debuggers do
    elif moment is Moment.LATER:
        _soon(LATER_SECONDS)
    elif moment is Moment.FLUSH:
        _in_next_flush()
    else:
        atexit.register(_die)
        os.kill(os.getpid(), signal.SIGTERM)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    while True:  # the signal is on its way; nothing after the point may run
        time.sleep(1)


def _soon(seconds: float) -> None:
    def wait_and_die() -> None:
        time.sleep(seconds)
        _die()

    threading.Thread(target=wait_and_die, daemon=True).start()


def _after_next_statement(frame: FrameType) -> None:
    """Let the frame run one statement more, the way a debugger steps."""
    begun = 0

    def step(current: FrameType, what: str, _argument: Any) -> Any:
        nonlocal begun
        if current is frame and what in ("line", "return"):
            begun += 1
            if begun > 1 or what == "return":
                _die()
        return step if current is frame else None

    frame.f_trace = step
    sys.settrace(step)


def _in_next_flush() -> None:
    """The process dies with the next thing it makes durable, whether a file or a commit."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def flush(_descriptor: Any) -> NoReturn:
        _die()

    os.fsync = flush  # type: ignore[assignment]
    event.listen(Engine, "commit", lambda _connection: _soon(FLUSH_SECONDS))
