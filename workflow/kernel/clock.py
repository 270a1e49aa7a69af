"""The two clocks: business time for dates, deadlines and interest; wall time for everything technical.

Only a demo instance can move its business clock. The wall clock is never moved: sessions, signatures,
evidence and time stamps rest on it. This is the only module that asks the operating system for the time.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time; every answer is timezone-aware UTC."""

    def business(self) -> datetime:
        """The time by which dates, deadlines, interest and letters are reckoned."""
        ...

    def wall(self) -> datetime:
        """The real time; never moved."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """A real instance: both clocks are the clock of the machine."""

    def business(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)


class DemoClock:
    """A demo instance: business time is wall time plus an offset kept in a small file.

    Several processes share the file; each reads it afresh, so that ``advance`` in one is seen by all.
    The file is replaced atomically; business time never runs backwards through :meth:`advance`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def business(self) -> datetime:
        return datetime.now(UTC) + self._offset()

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def advance(self, by: timedelta) -> datetime:
        """Move business time forward; raises ``ValueError`` for a negative step."""
        if by < timedelta(0):
            msg = "the business clock moves forward only"
            raise ValueError(msg)
        self._write(self._offset() + by)
        return self.business()

    def move_to(self, when: datetime) -> None:
        """Set business time; used once, when a demo world is founded."""
        self._write(when - datetime.now(UTC))

    def _offset(self) -> timedelta:
        try:
            return timedelta(seconds=float(json.loads(self._path.read_text())["offset_seconds"]))
        except FileNotFoundError:
            return timedelta(0)

    def _write(self, offset: timedelta) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({"offset_seconds": offset.total_seconds()}))
        draft.replace(self._path)


class FrozenClock:
    """Stands still until told otherwise; for tests and for computing 'as of'."""

    def __init__(self, at: datetime) -> None:
        assert at.tzinfo is not None
        self._business = at
        self._wall = at

    def business(self) -> datetime:
        return self._business

    def wall(self) -> datetime:
        return self._wall

    def advance(self, by: timedelta) -> None:
        """Let time pass on both clocks."""
        self._business += by
        self._wall += by
