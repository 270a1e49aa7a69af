"""Files that are whole or absent: written beside, made durable, put in place, never overwritten."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from workflow.kernel.failpoints import failpoint

#: How unfinished files end; a killed process may leave some behind.
UNFINISHED = ".part"


def write_once(path: Path, data: bytes) -> None:
    """Create ``path`` with these bytes; durable when this returns, whole or absent if we are killed.

    Draft in the same folder → write → fsync → link (which never replaces) → fsync of the folder.
    Raises :class:`FileExistsError` and leaves the present file alone. Folders are made as needed.
    """
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}{UNFINISHED}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            failpoint("file.after_write")
            os.fsync(file.fileno())
        failpoint("file.after_fsync")
        os.link(draft, path)
        failpoint("file.after_link")
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """The folder and those above it, each new one durable in its parent."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
