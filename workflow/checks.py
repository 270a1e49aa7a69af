"""Re-derives the truths from the rows and says what does not fit; silent when all is well."""

from __future__ import annotations

import logging
from typing import Any

from workflow.desk.rounds import tell_problems
from workflow.kernel import audit, ledger
from workflow.kernel.errors import DomainError
from workflow.kernel.runtime import Runtime
from workflow.payouts import queries as payouts

log = logging.getLogger("lichtbild.check")


def problems(runtime: Runtime) -> list[str]:
    """Every truth that does not hold, as a sentence."""
    with runtime.database.reading() as session:
        return [
            *ledger.check(session),
            *audit.check(session),
            *payouts.check(session),
            *runtime.vault.check(session),
        ]


def self_check(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Run by the worker every ten minutes; what is found is logged as an error, nothing is repaired."""
    try:
        found = problems(runtime)
    except DomainError as trouble:
        found = [str(trouble)]
    for sentence in found:
        log.error("self-check: %s", sentence)
    if found:
        tell_problems(runtime, found)
