"""From crawled pictures to hits in the inbox. May be killed at any moment and started again."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from detection.images import ImageRefused
from workflow.hits.comparing import Size, Views
from workflow.hits.matching import compare_new
from workflow.hits.writing import write_hits
from workflow.kernel.errors import Unavailable
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say

#: Called with what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class IntakeSummary:
    """What one run did."""

    images_compared: int
    hits_new: int
    hits_seen_again: int
    seconds: float


def take_in(runtime: Runtime, pool_size: int = 2, progress: Progress | None = None) -> IntakeSummary:
    """Compare pictures not yet compared, write new hits, note old ones seen again.

    Matching runs in ``pool_size`` child processes and outside every transaction; each batch is kept
    as it is done, so a run that was killed is continued by the next and nothing is compared twice.
    """
    started = time.monotonic()
    tell = progress or _silent
    compared = compare_new(runtime, pool_size, tell)
    written = write_hits(runtime, tell)
    _prepare_views(runtime, written.pictures, pool_size, tell)
    return IntakeSummary(compared, written.new, written.again, round(time.monotonic() - started, 2))


def _prepare_views(runtime: Runtime, pictures: list[str], pool_size: int, tell: Progress) -> None:
    """Make the small fresh copies the inbox shows, so that its first page is as fast as the second."""
    if not pictures:
        return
    views = Views(runtime, pool_size)

    def prepare(sha256: str) -> None:
        with runtime.database.reading() as session, suppress(ImageRefused, Unavailable):
            views.found(session, sha256, Size.THUMB)  # if it fails, the page says so when somebody looks

    try:
        with ThreadPoolExecutor(pool_size) as pool:
            for done, _ in enumerate(pool.map(prepare, pictures), start=1):
                tell(say("Preparing views"), done, len(pictures))
    finally:
        views.close()


def _silent(_what: str, _done: int, _total: int) -> None:
    return
