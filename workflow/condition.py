"""The condition of an instance: what it needs to do its work, and the figures a supervisor draws.

Everything is derived from the database and the disk, so every process tells the same.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable
from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from detection.crawl.tables import crawl_pages
from workflow.cases.models import Letter
from workflow.kernel import findings, pulses
from workflow.kernel.db import Session
from workflow.kernel.deadlines import LIVE, DeadlineRow, DeadlineState
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.kernel.runtime import Runtime
from workflow.kernel.secrets import MasterKey
from workflow.money.models import Payin
from workflow.schema import current_head, revision_of

log = logging.getLogger("lichtbild.condition")

#: With less than this left, uploads would fail half way and the journal's log could not grow.
ROOM_BYTES = 200 * 1024**2
#: A ticker looks every half minute; after this long it is not there.
TICK_LATE = timedelta(minutes=3)


def readiness(runtime: Runtime) -> dict[str, bool]:
    """Name of a need and whether it is met; a need that cannot be looked at is not met."""
    needs: dict[str, Callable[[Runtime], bool]] = {
        "database": _database_answers,
        "schema": _schema_is_current,
        "disk": has_room,
        "keys": _key_is_readable,
        "ticker": _ticker_ticks,
        "clock": _clock_is_sane,
        "truths": _truths_hold,
    }
    return {name: _met(name, need, runtime) for name, need in needs.items()}


def has_room(runtime: Runtime) -> bool:
    """Whether the disk of the instance has room for work."""
    return shutil.disk_usage(runtime.config.instance_dir).free >= ROOM_BYTES


def figures(runtime: Runtime) -> bytes:
    """What waits, what is late and what was done, in Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(_Figures(runtime))
    return generate_latest(registry)


def _met(name: str, need: Callable[[Runtime], bool], runtime: Runtime) -> bool:
    try:
        return need(runtime)
    except Exception as trouble:  # noqa: BLE001 - whatever it is, the need is not met
        log.warning("not ready: %s: %s", name, trouble)
        return False


def _database_answers(runtime: Runtime) -> bool:
    with runtime.database.reading() as session:
        return session.scalar(select(1)) == 1


def _schema_is_current(runtime: Runtime) -> bool:
    return revision_of(runtime.database) == current_head()


def _key_is_readable(runtime: Runtime) -> bool:
    """The key this process works with is still the one a next start would find."""
    try:
        found = MasterKey.load(runtime.config.master_key_path)
    except Exception:
        if runtime.config.demo and not runtime.config.master_key_path.exists():
            return True  # a demo's key may have been handed in otherwise
        raise
    return found.derive("readiness") == runtime.secrets.derive("readiness") or runtime.config.demo


def _ticker_ticks(runtime: Runtime) -> bool:
    with runtime.database.reading() as session:
        pulse = pulses.last(session, pulses.TICKER)
    if pulse is None:
        return runtime.config.demo  # nobody started one here yet
    return runtime.clock.wall() - pulse.at <= TICK_LATE


def _clock_is_sane(runtime: Runtime) -> bool:
    with runtime.database.reading() as session:
        return pulses.clock_trouble(session, runtime.clock.wall()) is None


def _truths_hold(runtime: Runtime) -> bool:
    with runtime.database.reading() as session:
        return findings.count_grave(session) == 0


class _Figures(Collector):
    """Asks the database once per scrape."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def collect(self) -> Iterable[GaugeMetricFamily]:
        with self._runtime.database.reading() as session:
            yield from self._outbox(session)
            yield from self._dates(session)
            yield from self._life(session)

    def _outbox(self, session: Session) -> Iterable[GaugeMetricFamily]:
        asked = session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state))
        counted = {state: int(count) for state, count in asked}
        rows = GaugeMetricFamily("lichtbild_outbox_messages", "Messages by state.", labels=("state",))
        for state in OutboxState:
            rows.add_metric((state.value,), counted.get(state, 0))
        yield rows
        oldest = session.scalar(
            select(func.min(OutboxMessage.created_at)).where(OutboxMessage.state == OutboxState.PENDING)
        )
        # rows carry wall or business time, whichever their writer had; a real instance has only one
        age = (self._runtime.clock.business() - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily(
            "lichtbild_outbox_oldest_seconds", "Age of what waits longest.", max(age, 0.0)
        )

    def _dates(self, session: Session) -> Iterable[GaugeMetricFamily]:
        now = self._runtime.clock.business()
        asked = select(func.count()).select_from(DeadlineRow)
        rows = GaugeMetricFamily("lichtbild_deadlines", "Dates that matter, by state.", labels=("state",))
        for state in LIVE:
            rows.add_metric((state.value,), session.scalar(asked.where(DeadlineRow.state == state)) or 0)
        due = asked.where(DeadlineRow.state == DeadlineState.OPEN, DeadlineRow.due_at <= now)
        rows.add_metric(("due",), session.scalar(due) or 0)
        yield rows

    def _life(self, session: Session) -> Iterable[GaugeMetricFamily]:
        letters = GaugeMetricFamily("lichtbild_letters", "Letters by state.", labels=("state",))
        counted = session.execute(select(Letter.state, func.count()).group_by(Letter.state))
        for state, count in counted:
            letters.add_metric((state.value,), count)
        yield letters
        booked = session.scalar(select(func.count()).select_from(Payin).where(Payin.received_at.is_not(None)))
        yield GaugeMetricFamily("lichtbild_payments_booked", "Payments booked so far.", booked or 0)
        pages = session.scalar(select(func.count()).select_from(crawl_pages))
        yield GaugeMetricFamily("lichtbild_crawl_pages", "Pages fetched so far.", pages or 0)
        grave = findings.count_grave(session)
        yield GaugeMetricFamily("lichtbild_self_check_problems", "Truths that do not hold.", grave)
        checked = pulses.last(session, pulses.SELF_CHECK)
        yield GaugeMetricFamily(
            "lichtbild_self_check_timestamp_seconds", "When they were last looked at.",
            checked.at.timestamp() if checked else 0.0,
        )  # fmt: skip
