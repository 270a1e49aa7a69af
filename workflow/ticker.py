"""The ticker: asks every few seconds which dates are due. It holds no business fact.

APScheduler in its own process, memory job store; one ticker at a time per database (``single_run``). Two at
once would do no harm: a date is claimed under its lock. A missed tick is made up by the next one: due is
due, however late (level-triggered).
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler

from workflow.kernel import audit, deadlines, outbox, pulses
from workflow.kernel.clock import Clock
from workflow.kernel.db import Database, Session
from workflow.kernel.failpoints import failpoint
from workflow.kernel.said import say
from workflow.kernel.single_run import single_run

log = logging.getLogger("lichtbild.ticker")

SEAL_SECONDS = 60
CHECK_MINUTES = 10
RECONCILE_MINUTES = 15
PULSE_SECONDS = 30
NOTICE_MINUTES = 5


def tick(database: Database, now: datetime) -> int:
    """Turn every due deadline into a message for the worker; returns how many there were."""
    count = 0
    while found := database.run(lambda session: _hand_over(session, now)):
        failpoint("deadline.after_commit")
        count += found
    return count


def _hand_over(session: Session, now: datetime) -> int:
    """Claim one batch of due dates and write the worker a message for each."""
    due = deadlines.claim_due(session, now)
    if due:
        failpoint("deadline.after_select")
    for row in due:
        key = f"deadline:{row.id}:{row.claims}"
        outbox.post(session, "deadline", {"deadline_id": str(row.id)}, key=key, now=now, priority=30)
    if due:
        failpoint("deadline.before_commit")
    return len(due)


def seal(database: Database, now: datetime) -> None:
    """Link what happened since into the global audit chain."""
    with database.transaction() as session:
        if audit.seal(session, now):
            failpoint("seal.before_commit")


def ask(database: Database, kind: str, wall: datetime) -> None:
    """Ask the worker for a recurring check, at most once a minute however many ask."""
    with database.transaction() as session:
        outbox.post(session, kind, {}, key=f"{kind}:{wall:%Y%m%dT%H%M}", now=wall, priority=80)


def ask_daily(database: Database, kind: str, wall: datetime) -> None:
    """Ask for what is wanted once a day, however often a ticker starts."""
    with database.transaction() as session:
        outbox.post(session, kind, {}, key=f"{kind}:{wall:%Y%m%d}", now=wall, priority=90)


class Ticker:
    """The recurring questions of one instance."""

    def __init__(self, database: Database, clock: Clock, *, every_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._every = every_seconds

    def run(self, stop: threading.Event) -> None:
        """Tick until told to stop; :class:`Conflict` when another ticker of this database runs, anywhere.

        :class:`Unavailable` when the database was lost meanwhile: start again when it is back.
        """
        with single_run(self._database, "ticker", say("Another ticker of this database is running.")) as held:
            scheduler = BackgroundScheduler(
                timezone="UTC",
                job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            )
            scheduler.add_job(self._tick, "interval", seconds=self._every)
            scheduler.add_job(self._seal, "interval", seconds=SEAL_SECONDS)
            scheduler.add_job(self._beat, "interval", seconds=PULSE_SECONDS)
            scheduler.add_job(self._ask_daily, "interval", hours=1, args=["housekeeping"])
            scheduler.add_job(self._ask, "interval", minutes=CHECK_MINUTES, args=["self_check"])
            scheduler.add_job(self._ask, "interval", minutes=RECONCILE_MINUTES, args=["psp.reconcile"])
            scheduler.add_job(self._ask, "interval", minutes=NOTICE_MINUTES, args=["notices"])
            scheduler.start()
            self._beat()
            self._ask("self_check")
            self._ask_daily("housekeeping")
            self._ask("notices")
            self._seal()  # what a killed ticker left unsealed does not wait a minute more
            try:
                while not stop.wait(self._every):
                    held.check()
            finally:
                scheduler.shutdown(wait=True)

    def _tick(self) -> None:
        found = tick(self._database, self._clock.business())
        if found:
            log.info("%d dates are due", found)

    def _seal(self) -> None:
        seal(self._database, self._clock.business())

    def _ask(self, kind: str) -> None:
        ask(self._database, kind, self._clock.wall())

    def _ask_daily(self, kind: str) -> None:
        ask_daily(self._database, kind, self._clock.wall())

    def _beat(self) -> None:
        with self._database.transaction() as session:
            pulses.beat(session, pulses.TICKER, self._clock.wall())
