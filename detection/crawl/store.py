"""Bytes from the web as they came, addressed by their SHA-256, written once."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

_ADDRESS = re.compile(r"[0-9a-f]{64}")


class StoreDamaged(Exception):
    """A stored file is missing or changed; the text names it."""


class ContentStore:
    """A folder of files. Whoever gets an address back may write it into a row: it is on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where the file of this address lies."""
        if not _ADDRESS.fullmatch(sha256):
            raise ValueError("not an address")
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def put(self, data: bytes) -> str:
        """Store the bytes and return their address; the same bytes twice are one file."""
        address = hashlib.sha256(data).hexdigest()
        target = self.path(address)
        if target.exists() and target.stat().st_size == len(data):
            return address
        _make_folder(target.parent)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return address

    def get(self, sha256: str) -> bytes:
        """The bytes of this address, checked against it."""
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError as missing:
            raise StoreDamaged(f"{sha256} is missing") from missing
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreDamaged(f"{sha256} has changed")
        return data


def _make_folder(folder: Path) -> None:
    """Create the folder so that it survives a power cut, its parents too."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
