"""Self-check: which truths there are. Each is told beside the package it concerns; here they are listed.

Run at every start (the fast ones), every ten minutes by the worker, and by ``lichtbild self-check``. It is
silent when all is well and repairs nothing: what is found goes to the log, to the figures, to ``/ready`` and
onto the operator's queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from workflow.accounts import checks as accounts
from workflow.cases import checks as cases
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.desk.rounds import tell_problems
from workflow.hits.lifecycle import HIT_LIFECYCLE
from workflow.kernel import audit, document_checks, findings, ledger, pulses
from workflow.kernel import checks as kernel
from workflow.kernel.db import Session
from workflow.kernel.errors import DomainError, Unavailable
from workflow.kernel.findings import Found
from workflow.kernel.lifecycle import Lifecycle
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.money import checks as money
from workflow.money.lifecycle import PAYIN_LIFECYCLE
from workflow.payouts import checks as payouts
from workflow.payouts.lifecycle import PAYOUT_LIFECYCLE
from workflow.portal import checks as portal
from workflow.schema import current_head

log = logging.getLogger("lichtbild.check")

#: Whose states are told in the audit chain.
LIFECYCLES: tuple[Lifecycle[Any], ...] = (HIT_LIFECYCLE, CASE_LIFECYCLE, PAYIN_LIFECYCLE, PAYOUT_LIFECYCLE)


@dataclass(frozen=True, slots=True)
class Truth:
    """One thing that must hold."""

    name: str
    ask: Callable[[Session, Runtime], Iterable[str]]
    #: False: nothing is broken, but a person should look.
    grave: bool = True
    #: Quick enough for every start.
    fast: bool = True


def _schema(session: Session, _runtime: Runtime) -> list[str]:
    stands = session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return (
        []
        if stands == [current_head()]
        else ["The tables are not at the newest revision: lichtbild db upgrade"]
    )


def _durable(session: Session, runtime: Runtime) -> list[str]:
    """A demo and a test may run on a database that forgets; real money may not."""
    return [] if runtime.config.demo else kernel.commits_are_durable(session)


def _alone(ask: Callable[[Session], Iterable[str]]) -> Callable[[Session, Runtime], Iterable[str]]:
    return lambda session, _runtime: ask(session)


def _vault(ask: Callable[[Session, Any], list[str]]) -> Callable[[Session, Runtime], list[str]]:
    return lambda session, runtime: ask(session, runtime.vault)


HISTORIES = tuple(
    Truth(f"{cycle.name} history", _alone(partial(kernel.states_are_as_told, lifecycle=cycle)))
    for cycle in LIFECYCLES
)

TRUTHS: tuple[Truth, ...] = (
    Truth("schema", _schema),
    Truth("durable", _durable),
    Truth("pages", _alone(partial(kernel.database_is_whole, fast=True))),
    Truth("references", _alone(partial(kernel.database_is_whole, fast=False)), fast=False),
    Truth("ledger", _alone(ledger.check)),
    Truth("claims", _alone(cases.claims_add_up)),
    Truth("bookings", _alone(money.claims_are_as_booked)),
    Truth("transfers", _alone(money.transfers_are_booked)),
    Truth("journal", _alone(money.nothing_is_booked_without_a_payment)),
    Truth("paid cases", _alone(money.paid_cases_were_paid)),
    Truth("payouts", _alone(payouts.check)),
    *HISTORIES,
    Truth("audit chain", _alone(audit.check), fast=False),
    Truth("dates", _alone(kernel.one_live_date_per_kind)),
    Truth("next dates", _alone(cases.open_cases_have_a_date)),
    Truth("holds", _alone(cases.holds_and_dates_agree)),
    Truth("taken dates", _alone(kernel.taken_dates_are_at_work)),
    Truth("letters", _alone(cases.letters_are_carried)),
    Truth("received", _alone(kernel.received_messages_are_at_work)),
    Truth("abandoned", kernel.no_message_is_abandoned),
    Truth("sessions", _alone(accounts.sessions_are_sane)),
    Truth("documents", _vault(document_checks.all_are_present)),
    Truth(document_checks.RE_READ, _vault(document_checks.all_are_unchanged), fast=False),
    Truth("stuck payments", money.payments_that_are_stuck, grave=False),
    Truth("guessing", portal.many_wrong_codes, grave=False),
    Truth("messages", kernel.messages_that_want_a_look, grave=False),
    Truth("ended sessions", accounts.ended_sessions_are_forgotten, grave=False),
    Truth("beside", document_checks.nothing_lies_beside, grave=False, fast=False),
)  # fmt: skip


def left_out() -> list[str]:
    """The truths that the fast form does not look at."""
    return [truth.name for truth in TRUTHS if not truth.fast]


def look(runtime: Runtime, *, fast: bool = False, without: Iterable[str] = ()) -> list[Found]:
    """Everything that does not hold, in the order of the list; all of it as of one moment."""
    skipped = set(without)
    truths = [truth for truth in TRUTHS if truth.name not in skipped and (truth.fast or not fast)]
    found: list[Found] = []
    with runtime.database.reading() as session:
        if runtime.database.dialect == "postgresql":
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for truth in truths:
            found += [Found(truth.name, said, truth.grave) for said in _asked(truth, session, runtime)]
    return found


def problems(runtime: Runtime, *, fast: bool = False) -> list[str]:
    """Every truth that does not hold, as a sentence; notices are left out."""
    return list(dict.fromkeys(each.sentence for each in look(runtime, fast=fast) if each.grave))


def self_check(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Run by the worker every ten minutes: everything, of the documents' bytes the next part of the week."""
    found = look(runtime, without=[document_checks.RE_READ])
    with runtime.database.reading() as session:
        bytes_wrong, until = document_checks.next_slice(session, runtime)
    found += [Found(document_checks.RE_READ, sentence) for sentence in bytes_wrong]
    wall = runtime.clock.wall()
    with runtime.database.transaction() as session:
        findings.note(session, found, [truth.name for truth in TRUTHS], wall)
        grave = sum(each.grave for each in found)
        pulses.beat(session, pulses.SELF_CHECK, wall, {"problems": grave, "notices": len(found) - grave})
        pulses.beat(session, pulses.DOCUMENTS, wall, until)
    _tell(found)
    if grave:
        tell_problems(runtime, [each.sentence for each in found if each.grave])


def check_at_start(runtime: Runtime) -> None:
    """The fast truths, when a process starts: told in the log; a database that forgets stops the start."""
    found = look(runtime, fast=True)
    _tell(found)
    log.info("self-check at the start", extra={"left_out": ", ".join(left_out()), "found": len(found)})
    if forgets := [each.sentence for each in found if each.truth == "durable"]:
        raise Unavailable(" ".join(forgets))


def _asked(truth: Truth, session: Session, runtime: Runtime) -> list[str]:
    try:
        return list(truth.ask(session, runtime))
    except (DomainError, SQLAlchemyError, OSError) as trouble:
        said = str(getattr(trouble, "orig", None) or trouble).splitlines()
        why = said[0] if said else type(trouble).__name__
        return [say("“{truth}” could not be looked at: {why}", truth=truth.name, why=why)]


def _tell(found: Iterable[Found]) -> None:
    for each in found:
        log.log(logging.ERROR if each.grave else logging.WARNING, "self-check: %s", each.sentence)
