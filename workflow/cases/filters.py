"""What a list of cases is asked for, read from an address: whatever cannot be read asks for nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from workflow.cases.queries import SEARCH_LENGTH, Wanted
from workflow.cases.states import CaseState, Stage
from workflow.web.forms import CONTROLS, clean

E = TypeVar("E", bound=StrEnum)


def wanted(args: Mapping[str, str]) -> Wanted:
    """Stage, state, words and where the page begins."""
    words = CONTROLS.sub("", clean(args.get("q")) or "").replace("\ufffd", "")
    return Wanted(
        stage=one_of(Stage, args.get("stage")),
        state=one_of(CaseState, args.get("state")),
        search=words[:SEARCH_LENGTH],
        before=key_of(args.get("before")),
        after=key_of(args.get("after")),
    )


def one_of(kind: type[E], word: str | None) -> E | None:
    """The member with this value, if there is one."""
    return kind(word) if word in set(kind) else None


def key_of(text: str | None) -> uuid.UUID | None:
    """The key, if it is one."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
