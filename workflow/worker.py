"""The worker: takes messages from the outbox, one at a time, and does what they ask.

Several may run on PostgreSQL; on SQLite there is one by design (``single_run``). A message is claimed
with a lease and finished with its fencing token, in the transaction of its effect where the effect is ours.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workflow.kernel import logs, outbox, pulses
from workflow.kernel.db import Session
from workflow.kernel.errors import Conflict, DomainError, NotFound, Refused
from workflow.kernel.failpoints import failpoint
from workflow.kernel.mail import LocalMailbox, MailRefused, MailUnknown
from workflow.kernel.outbox import OutboxMessage
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.money.gateway import GatewayRefused

log = logging.getLogger("lichtbild.worker")

IDLE_SECONDS = 0.5
PULSE_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Within:
    """The effect is rows of ours: it commits together with the message's end."""

    run: Callable[[Session, Runtime, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Outside:
    """The effect is outside (a mail, a payment call): the handler keeps its own transactions.

    It must be safe to run again after a crash at any point; if it is not (SMTP knows no keys), ``once``
    says so, and a message whose worker fell silent waits for a person instead. The payload carries the
    message's key as ``outbox_key``.
    """

    run: Callable[[Runtime, dict[str, Any]], None]
    once: bool = False


Handlers = dict[str, "Within | Outside"]

#: Raised when a message can never succeed as it is.
PERMANENT: tuple[type[DomainError], ...] = (Refused, Conflict, NotFound, MailRefused, GatewayRefused)
#: Raised when nobody knows whether it happened.
UNCERTAIN: tuple[type[DomainError], ...] = (MailUnknown,)


class Worker:
    """Runs handlers; what kinds there are is said in ``workflow/wiring.py``."""

    def __init__(self, runtime: Runtime, handlers: Handlers, *, lease: timedelta = outbox.LEASE) -> None:
        """``lease``: how long a message is this worker's; after that another may take it."""
        self._runtime = runtime
        self._handlers = handlers
        self._lease = lease
        self._beaten: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; sleeps when there is nothing to do."""
        while not stop.is_set():
            try:
                self._beat()
                busy = self.run_once()
            except Exception:  # the database may be away for a moment; a worker does not die of it
                log.exception("the worker could not take a message")
                busy = False
            if not busy:
                stop.wait(IDLE_SECONDS)

    def drain(self, limit: int = 100_000) -> int:
        """Do everything that can be done now; returns how many messages that were."""
        done = 0
        while done < limit and self.run_once():
            done += 1
        return done

    def run_once(self) -> bool:
        """Take one message and do it; ``False`` when none is ready."""
        runtime = self._runtime
        wall = runtime.clock.wall()
        message = runtime.database.run(lambda session: outbox.claim(session, wall, self._lease))
        if message is None:
            return False
        logs.bind(outbox=message.key)
        failpoint("outbox.after_claim")
        try:
            self._handle(message)
        except outbox.LeaseLost:
            log.warning("%s: another worker has it now", message.key)
        except UNCERTAIN as unknown:
            self._settle(outbox.park_unknown, message, str(unknown))
        except PERMANENT as refusal:
            log.warning("%s failed: %s", message.key, refusal)
            self._settle(outbox.fail, message, str(refusal))
        except DomainError as delay:
            self._later(message, str(delay))
        except Exception as bug:
            log.exception("%s broke", message.key)
            self._later(message, f"{type(bug).__name__}: {bug}")
        return True

    def _beat(self) -> None:
        """A sign of life, now and then."""
        wall = self._runtime.clock.wall()
        if self._beaten is not None and timedelta(0) <= wall - self._beaten < PULSE_EVERY:
            return
        with self._runtime.database.transaction() as session:
            pulses.beat(session, pulses.WORKER, wall)
        self._beaten = wall

    def _handle(self, message: OutboxMessage) -> None:
        runtime = self._runtime
        handler = self._handlers.get(message.kind)
        if handler is None:
            raise Refused(say("Nobody knows what to do with “{kind}”.", kind=message.kind))
        if isinstance(handler, Outside):
            if handler.once and message.orphaned and not isinstance(runtime.mail, LocalMailbox):
                raise MailUnknown(
                    say("The worker stopped while this was being sent; it may have left or not.")
                )
            handler.run(runtime, {**message.payload, "outbox_key": message.key})
            failpoint("outbox.after_outside")
            self._finish(message, once=handler.once)
            return
        within = handler.run

        def effect(session: Session) -> None:
            within(session, runtime, message.payload)
            failpoint("outbox.before_finish")
            outbox.finish(session, message, runtime.clock.wall())
            failpoint("outbox.before_commit")

        runtime.database.run(effect)
        failpoint("outbox.after_commit")

    def _finish(self, message: OutboxMessage, *, once: bool) -> None:
        """Note that it is done; what can be done only once is not done again because the note failed."""
        try:
            wall = self._runtime.clock.wall()
            self._runtime.database.run(lambda session: outbox.finish(session, message, wall))
        except outbox.LeaseLost:
            raise
        except Exception as lost:
            if not once:
                raise
            log.exception("%s: sent, but it could not be noted", message.key)
            raise MailUnknown(say("It was sent, but that could not be written down.")) from lost

    def _settle(
        self, end: Callable[[Session, OutboxMessage, str], None], message: OutboxMessage, why: str
    ) -> None:
        try:
            self._runtime.database.run(lambda session: end(session, message, why))
        except outbox.LeaseLost:
            log.warning("%s: another worker has it now", message.key)

    def _later(self, message: OutboxMessage, why: str) -> None:
        wall = self._runtime.clock.wall()
        self._settle(lambda session, late, text: outbox.retry_later(session, late, wall, text), message, why)
