"""What is dear and the same for every process of tests is made by the first that asks; the others wait for it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


def shared_folder(factory: pytest.TempPathFactory, worker_id: str, name: str) -> Path:
    """A folder that all processes of this run have in common."""
    base = factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / name
    folder.mkdir(exist_ok=True)
    return folder


def once(folder: Path, name: str, make: Callable[[], str]) -> str:
    """What ``make`` returned when it was called for ``name``, in whichever process that was.

    A ``make`` that fails leaves nothing behind that would be taken for its work: the next one tries again.
    """
    told = folder / f"{name}.made"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            draft = told.with_suffix(".draft")
            draft.write_text(make())
            draft.replace(told)
        return told.read_text()
