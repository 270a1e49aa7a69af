"""What a browser calls itself, in words somebody recognises."""

from __future__ import annotations

from workflow.kernel.said import say

#: The first mark found wins: Edge and Opera also call themselves Chrome, Chrome also Safari.
BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"),
    ("Safari", "Safari"), ("curl", "curl"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def browser_name(user_agent: str) -> str:
    """``Firefox on Linux``; ``A browser`` when it does not say."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), say("A browser"))
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return say("{browser} on {system}", browser=browser, system=system) if system else browser
