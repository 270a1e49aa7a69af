"""Where copies of a photograph were found: told by ``hits``, which lies above us, through the app.

``install`` is called once by the composition root; without it the page says that nothing was found.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from workflow.kernel.actors import Actor

_KEY = "where_found"


@dataclass(frozen=True, slots=True)
class FoundCopy:
    """One line of the list; ``href`` leads to the hit or the case."""

    title: str
    href: str
    meta: str = ""
    kind: str = "neutral"
    word: str = ""


FoundLoader = Callable[[Session, Actor, uuid.UUID], Sequence[FoundCopy]]


def install(app: Flask, loader: FoundLoader) -> None:
    """Let the page of a photograph ask ``loader`` where it was found."""
    app.extensions[_KEY] = loader


def where_found(session: Session, actor: Actor, work_id: uuid.UUID) -> Sequence[FoundCopy]:
    """The copies known by now, newest first."""
    loader = current_app.extensions.get(_KEY)
    return () if loader is None else cast("FoundLoader", loader)(session, actor, work_id)
