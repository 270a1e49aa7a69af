"""The one way a case moves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.lifecycle import advance


def move(
    session: Session,
    case_id: uuid.UUID,
    trigger: str,
    actor: Actor,
    now: datetime,
    *,
    seen_version: int | None = None,
    note: str = "",
    carries: Mapping[str, Any] | None = None,
) -> Case:
    """Lock, check, move, log, set the next dates. Raises ``Stale`` or ``Refused`` with every reason."""
    return advance(
        session, CASE_LIFECYCLE, case_id, trigger, actor, now,
        seen_version=seen_version, note=note, carries=carries,
    )  # fmt: skip
