"""What is forgotten every day: ended sessions, old links, attempts to enter, messages long done."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from workflow.accounts.services import entry as desk
from workflow.kernel import outbox, pulses
from workflow.kernel.runtime import Runtime
from workflow.portal import entry as portal

log = logging.getLogger("lichtbild.housekeeping")

#: A day's work is done in batches, so that nobody waits long for a lock; what is left comes tomorrow.
MOST_BATCHES = 2000


def housekeeping(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Forget; asked for once a day, safe to repeat."""
    wall = runtime.clock.wall()
    with runtime.database.transaction() as session:
        ended = desk.forget_expired(session, wall)
        portal.forget_old(session, wall)
    pruned = _prune(runtime)
    with runtime.database.transaction() as session:
        pulses.beat(session, pulses.HOUSEKEEPING, wall, {"sessions": ended, "messages": pruned})
    log.info("housekeeping", extra={"ended_sessions": ended, "pruned_messages": pruned})


def _prune(runtime: Runtime) -> int:
    keep = timedelta(days=runtime.config.keep_days)
    total = 0
    for _ in range(MOST_BATCHES):
        with runtime.database.transaction() as session:
            pruned = outbox.prune(session, runtime.clock.wall(), keep)
        if not pruned:
            break
        total += pruned
    return total
