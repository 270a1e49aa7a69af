"""Texts an operator can begin an answer with, in the language of the case's letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from workflow.cases.states import HoldKind

DATA = Path(__file__).parent / "data" / "replies.yaml"


@dataclass(frozen=True, slots=True)
class Reply:
    """One text: its code, what it answers, its name on the desk, and itself by language."""

    code: str
    about: HoldKind
    label: str
    texts: Mapping[str, str]


@cache
def replies() -> tuple[Reply, ...]:
    """``data/replies.yaml``."""
    read = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return tuple(
        Reply(row["code"], HoldKind(row["about"]), row["label"], row["texts"]) for row in read["replies"]
    )


def fitting(kinds: set[HoldKind]) -> list[Reply]:
    """Those that answer one of these; all of them when nothing is open."""
    return [reply for reply in replies() if not kinds or reply.about in kinds]


def chosen(code: str) -> Reply | None:
    """The one with this code."""
    return next((reply for reply in replies() if reply.code == code), None)
