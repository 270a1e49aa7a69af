"""Buttons from a life-cycle table, and what pressing one does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flask import request

from workflow.kernel.errors import NotFound, Refused, Stale
from workflow.kernel.lifecycle import Context, Lifecycle, Stateful, advance
from workflow.kernel.said import say
from workflow.web import current
from workflow.web.forms import clean, flaw_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from workflow.kernel.actors import Actor

M = TypeVar("M", bound=Stateful)

NOTE_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Button:
    """One step somebody may take; off, with every reason, while something is missing."""

    trigger: str
    label: str
    enabled: bool
    reasons: tuple[str, ...]
    #: Sent back as the hidden field ``version``: a page that is older than the row is refused.
    version: int
    #: What happens, for steps that cannot be taken back; empty for the others.
    warning: str = ""
    #: Data this step needs; its button leads to a form of its own.
    carries: tuple[str, ...] = ()


def action_buttons(
    session: Session, lifecycle: Lifecycle[M], subject: M, actor: Actor, now: datetime
) -> list[Button]:
    """Every button ``actor`` may see on ``subject`` now, in the order of the table."""
    return [
        Button(
            trigger=action.trigger.value,
            label=action.label,
            enabled=action.enabled,
            reasons=action.refusals,
            version=subject.version,
            warning=action.warning,
            carries=action.carries,
        )
        for action in lifecycle.actions(Context(session, subject, actor, now))
    ]


def fire_from_form(session: Session, lifecycle: Lifecycle[M], subject_id: UUID, trigger: str) -> M:
    """Take the step the person pressed, as seen on their page; the caller checked whose it is.

    Raises :class:`NotFound` for a step that needs a form of its own or does not exist.
    """
    known = {row.trigger.value: row for row in lifecycle.transitions}
    row = known.get(trigger)
    if row is None or row.carries:
        raise NotFound(say("This step"))
    return advance(
        session, lifecycle, subject_id, row.trigger, current.actor(), current.now(),
        seen_version=seen_version(), note=note(),
    )  # fmt: skip


def seen_version() -> int:
    """The version the page showed; a page without a readable one is stale."""
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= len("2147483647")):
        raise Stale
    return int(text)


def note() -> str:
    """The sentence the person added, cleaned."""
    text = clean(request.form.get("note")) or ""
    flaw = flaw_of(text, lines=True, longest=NOTE_LENGTH)
    if flaw:
        raise Refused(say("Note: {flaw}", flaw=flaw))
    return text
