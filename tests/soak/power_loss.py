"""Takes back what was not durable when the power went, by the undo log of ``power_loss.c``."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEAD = struct.Struct("=IIqqQ")
WRITE, TRUNCATE, SYNC, CREATE, MOVE, REMOVE = range(1, 7)


@dataclass(frozen=True)
class Change:
    """One change, with what was there before."""

    kind: int
    path: Path
    offset: int
    size: int
    data: bytes

    @property
    def made_durable_by(self) -> Path:
        """Bytes by an fsync of the file, names by an fsync of their folder."""
        return self.path if self.kind in (WRITE, TRUNCATE) else self.path.parent


def cut_the_power(log: Path) -> int:
    """Undo, newest first, every change that no fsync followed; returns how many there were."""
    pending: list[Change] = []
    for change in _changes(log.read_bytes()):
        if change.kind == SYNC:
            pending = [each for each in pending if each.made_durable_by != change.path]
        else:
            pending.append(change)
    for change in reversed(pending):
        _undo(change)
    return len(pending)


def _undo(change: Change) -> None:
    if change.kind == CREATE:
        change.path.unlink(missing_ok=True)
    elif change.kind == MOVE:
        if change.path.exists():
            change.path.rename(Path(os.fsdecode(change.data)))
    elif change.kind == REMOVE:
        if not change.path.exists():
            os.link(os.fsdecode(change.data), change.path)
    elif change.path.exists():  # the name may not have been durable either
        with change.path.open("r+b") as file:
            file.seek(change.offset)
            file.write(change.data)
            file.truncate(change.size)


def _changes(log: bytes) -> Iterator[Change]:
    at = 0
    while at + HEAD.size <= len(log):
        kind, path, offset, size, data = HEAD.unpack_from(log, at)
        at += HEAD.size
        if at + path + data > len(log):
            return  # killed while it was noted: the change itself was not made
        name = os.fsdecode(log[at : at + path])
        yield Change(kind, Path(name), offset, size, log[at + path : at + path + data])
        at += path + data
