"""The memory of a process that stays: what it loaded at its start is not searched for waste for ever."""

from __future__ import annotations

import gc

#: New objects before the collector looks at the youngest; a page makes a few thousand that die by themselves.
YOUNGEST = 50_000


def settle_memory() -> None:
    """Call it once, when everything is loaded: pages and messages then take about a tenth less time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, 20, 20)
