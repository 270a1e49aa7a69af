"""The whole way from a found picture to a payout, drawn from the stages of the life-cycle tables."""

from __future__ import annotations

from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.states import STAGE_OF_CASE, Stage


def flow() -> str:
    """A Mermaid chart: the owner's stages, joined wherever a transition of the case leads across."""
    edges = {
        (STAGE_OF_CASE[source], STAGE_OF_CASE[row.target])  # type: ignore[index]
        for row in CASE_LIFECYCLE.transitions
        if row.target is not None
        for source in row.sources
    }
    order = list(Stage)
    forward = sorted(
        ((before, after) for before, after in edges if before != after),
        key=lambda edge: (order.index(edge[0]), order.index(edge[1])),
    )
    across = [(Stage.HIT, Stage.REVIEWED), *forward]
    lines = ["flowchart LR", "    crawl([crawled pages]) --> match{{same photograph?}} --> hit"]
    lines += [f"    {before.value} --> {after.value}" for before, after in across]
    return "\n".join([*lines, "    paid --> payout([payout])"])


FLOW = flow()
