"""Named places in the code at which a rehearsal may kill, stop or delay the process.

``failpoint("outbox.after_claim")`` does nothing unless the environment arms it::

    LICHTBILD_FAILPOINTS="outbox.after_claim=kill, payin.after_journal=sleep:0.2@3"

``kill`` is a real SIGKILL to the own process, ``kill:next``, ``kill:later``, ``kill:flush`` and
``kill:exit`` come a little later (see :mod:`workflow.kernel.kills`); ``raise`` raises
:class:`FailpointReached`; ``sleep:SECONDS`` waits. ``@n`` means the n-th pass only, without it the first
pass kills or raises and every pass sleeps. Only a demo instance starts with failpoints armed.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from workflow.config import FAILPOINTS, ConfigError
from workflow.kernel.kills import Moment, kill

LONGEST_SLEEP_SECONDS = 60.0

#: Every point: what has just happened when the process passes it. Each is called in one place.
POINTS: dict[str, str] = {
    "outbox.after_claim": "a message is claimed and the claim is committed; nothing is done yet",
    "outbox.after_outside": "an effect outside (a mail, a payment call) happened, nothing is noted yet",
    "outbox.before_finish": "an effect of ours stands in its transaction, the message's end does not yet",
    "outbox.before_commit": "effect and end of a message stand in one transaction that is not committed",
    "outbox.after_commit": "a message is done and committed",
}

_FORM = re.compile(
    r"(?P<name>[a-z_]+\.[a-z0-9_]+)=(?P<action>kill|raise|sleep)(?::(?P<more>[a-z0-9.]+))?(?:@(?P<nth>\d+))?"
)


class FailpointReached(Exception):
    """An armed point was passed and it was told to raise: to the code it is a bug like any other."""


class Action(StrEnum):
    """What an armed point does."""

    #: SIGKILL to the own process, at the point or at a moment soon after it.
    KILL = "kill"
    #: Raise :class:`FailpointReached`.
    RAISE = "raise"
    #: Wait.
    SLEEP = "sleep"


@dataclass(frozen=True, slots=True)
class Armed:
    """One armed point. ``nth`` 0 = every pass."""

    name: str
    action: Action
    moment: Moment = Moment.AT
    seconds: float = 0.0
    nth: int = 0


def parse(text: str) -> dict[str, Armed]:
    """What ``LICHTBILD_FAILPOINTS`` says; :class:`ConfigError` with a sentence for what it cannot mean."""
    armed: dict[str, Armed] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        point = _one(part)
        if point.name in armed:
            raise ConfigError(f"{FAILPOINTS} names “{point.name}” twice.")
        armed[point.name] = point
    return armed


def failpoint(name: str) -> None:
    """Nothing, unless this point is armed."""
    if _STATE.armed is None:
        arm(os.environ.get(FAILPOINTS, ""))
    if _STATE.armed:
        _STATE.passed(name)


def arm(text: str) -> None:
    """Arm what the text says instead of what was armed; counts of passes begin anew."""
    _STATE.armed = parse(text)
    _STATE.passes.clear()


@contextmanager
def armed(text: str) -> Iterator[None]:
    """Arm for the length of a block, in this process."""
    before = _STATE.armed
    arm(text)
    try:
        yield
    finally:
        _STATE.armed = before


class _State:
    """What is armed in this process, and how often each armed point was passed."""

    def __init__(self) -> None:
        self.armed: dict[str, Armed] | None = None
        self.passes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def passed(self, name: str) -> None:
        point = (self.armed or {}).get(name)
        if point is None:
            return
        with self._lock:
            self.passes[name] += 1
            due = point.nth in (0, self.passes[name])
        if due:
            _act(point)


def _act(point: Armed) -> None:
    # straight to the descriptor: what is buffered dies with the process
    os.write(2, f"failpoint {point.name}: {point.action} {point.moment}\n".encode())
    if point.action is Action.KILL:
        kill(point.moment, frames_up=4)
    elif point.action is Action.SLEEP:
        time.sleep(point.seconds)
    else:
        raise FailpointReached(point.name)


def _one(part: str) -> Armed:
    found = _FORM.fullmatch(part)
    if found is None:
        raise ConfigError(
            f"{FAILPOINTS}: “{part}” is not of the form name=kill, name=kill:later, name=raise or "
            "name=sleep:0.5, each with @3 for the third pass only."
        )
    name, action, more = found["name"], Action(found["action"]), found["more"] or ""
    if name not in POINTS:
        raise ConfigError(f"{FAILPOINTS}: there is no failpoint “{name}”.")
    nth = int(found["nth"] or (0 if action is Action.SLEEP else 1))
    if found["nth"] and not nth:
        raise ConfigError(f"{FAILPOINTS}: “{part}”: passes are counted from 1.")
    if action is Action.KILL:
        if more and more not in set(Moment):
            raise ConfigError(f"{FAILPOINTS}: “{more}” is no moment; there are {', '.join(Moment)}.")
        return Armed(name, action, Moment(more or "at"), nth=nth)
    if action is Action.SLEEP:
        return Armed(name, action, seconds=_seconds(part, more), nth=nth)
    if more:
        raise ConfigError(f"{FAILPOINTS}: “{part}”: raise stands alone.")
    return Armed(name, action, nth=nth)


def _seconds(part: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_SLEEP_SECONDS:
        raise ConfigError(f"{FAILPOINTS}: “{part}” needs seconds from 0 to {LONGEST_SLEEP_SECONDS:g}.")
    return seconds


_STATE = _State()
