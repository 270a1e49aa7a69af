"""What the ticker and the command line ask of hits."""

from __future__ import annotations

from workflow.hits.intake import IntakeSummary, take_in
from workflow.kernel.runtime import Runtime


def take_in_finds(runtime: Runtime) -> IntakeSummary:
    """Compare what the crawl found since the last time and fill the inboxes."""
    return take_in(runtime)
