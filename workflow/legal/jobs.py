"""What the outbox asks of ``legal``."""

from __future__ import annotations

from workflow.cases.events import DunningStepReached
from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime
from workflow.legal import dunning


def write_dunning_letter(session: Session, runtime: Runtime, event: DunningStepReached) -> None:
    """Nobody answered: the formal reminder of this step."""
    dunning.write_step(session, event.case_id, event.step, runtime.clock.business())
