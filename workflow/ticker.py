"""The ticker: asks every few seconds which dates are due. It holds no business fact.

APScheduler in its own process, memory job store; one ticker at a time per instance (a lock file on one
box). A missed tick is made up by the next one: due is due, however late (level-triggered).
"""

from __future__ import annotations

import fcntl
import logging
import threading
from datetime import datetime
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from workflow.kernel import audit, deadlines, outbox, pulses
from workflow.kernel.clock import Clock
from workflow.kernel.db import Database
from workflow.kernel.errors import Conflict
from workflow.kernel.failpoints import failpoint

log = logging.getLogger("lichtbild.ticker")

SEAL_SECONDS = 60
CHECK_MINUTES = 10
RECONCILE_MINUTES = 15
PULSE_SECONDS = 30
NOTICE_MINUTES = 5


def tick(database: Database, now: datetime) -> int:
    """Turn every due deadline into a message for the worker; returns how many there were."""
    count = 0
    while True:
        with database.transaction() as session:
            due = deadlines.claim_due(session, now)
            if due:
                failpoint("deadline.after_select")
            for row in due:
                key = f"deadline:{row.id}:{row.claims}"
                outbox.post(session, "deadline", {"deadline_id": str(row.id)}, key=key, now=now, priority=30)
            if due:
                failpoint("deadline.before_commit")
        if not due:
            return count
        failpoint("deadline.after_commit")
        count += len(due)


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

    def __init__(self, database: Database, clock: Clock, *, every_seconds: float, lock: Path) -> None:
        self._database = database
        self._clock = clock
        self._every = every_seconds
        self._lock = lock

    def run(self, stop: threading.Event) -> None:
        """Tick until told to stop; :class:`Conflict` when another ticker of this instance runs."""
        with self._lock.open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as taken:
                raise Conflict("Another ticker of this instance is running.") from taken
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
            stop.wait()
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
