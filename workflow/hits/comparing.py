"""Views of a found picture, made in a child process and kept: fresh copies, overlay, difference."""

from __future__ import annotations

import uuid
from enum import StrEnum
from pathlib import Path

from detection.images import FOUND, DecodePool
from workflow.hits import crawled
from workflow.hits.models import Hit
from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime
from workflow.works.models import Work

CHILD = "workflow.hits.comparing_child"


class Size(StrEnum):
    """How large a fresh copy of a found picture is."""

    THUMB = "thumb"
    DISPLAY = "display"


SIDES: dict[Size, int] = {Size.THUMB: 360, Size.DISPLAY: 1200}


class Comparing(StrEnum):
    """Two ways to see both pictures as one."""

    OVERLAY = "overlay"
    DIFFERENCE = "difference"


class Views:
    """Makes and keeps the views; safe to call from any thread. Nobody ever sees a stranger's bytes."""

    def __init__(self, runtime: Runtime, size: int = 1) -> None:
        self._runtime = runtime
        self._folder = runtime.config.instance_dir / "cache" / "found"
        self._pool = DecodePool(size, module=CHILD)

    def found(self, session: Session, sha256: str, size: Size) -> bytes:
        """A fresh JPEG of a found picture; raises ImageRefused or Unavailable."""
        path = self._path(sha256, size.value)
        if path.exists():
            return path.read_bytes()
        raw = crawled.found_picture(session, self._runtime.config.crawl_dir, sha256).data
        _, jpeg = self._pool.call("normalise", raw, FOUND, {"max_side": SIDES[size]})
        return _kept(path, jpeg)

    def compared(self, session: Session, hit: Hit, way: Comparing) -> bytes:
        """A JPEG of both pictures as one."""
        path = self._path(hit.found_sha256, f"{hit.work_id.hex}-{way.value}")
        if path.exists():
            return path.read_bytes()
        work = session.get_one(Work, hit.work_id)
        ours = self._runtime.vault.get(session, work.display_document_id)
        raw = crawled.found_picture(session, self._runtime.config.crawl_dir, hit.found_sha256).data
        arguments = {"split": len(ours), "outline": hit.outline}
        _, jpeg = self._pool.call(way.value, ours + raw, FOUND, arguments)
        return _kept(path, jpeg)

    def close(self) -> None:
        """End the child."""
        self._pool.close()

    def _path(self, sha256: str, name: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}-{name}.jpg"


def _kept(path: Path, data: bytes) -> bytes:
    """Put it in place whole; it can be made again, so it need not survive a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{uuid.uuid4().hex}.part")
    draft.write_bytes(data)
    draft.replace(path)
    return data
