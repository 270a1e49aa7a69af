"""Signs of life: when each part of an instance last did its work, by the wall clock.

They hold no business fact. The newest of them also tells when the machine's clock was set back: time that
was written down once cannot lie in the future.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflow.kernel.db import Base
from workflow.kernel.said import say

#: Names in use.
TICKER, WORKER, SELF_CHECK, DOCUMENTS, HOUSEKEEPING = (
    "ticker", "worker", "self-check", "documents", "housekeeping",
)  # fmt: skip
#: Clocks of several machines may differ by so much; beyond it somebody set a clock.
SLACK = timedelta(minutes=5)


class Pulse(Base):
    """One part and its last sign of life."""

    __tablename__ = "pulses"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    #: Wall time.
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


def beat(session: Session, name: str, wall: datetime, facts: dict[str, Any] | None = None) -> None:
    """Note that ``name`` is alive now; the caller commits. A moment that was noted never moves back."""
    row = session.get(Pulse, name, with_for_update=True)
    if row is None:
        try:
            with session.begin_nested():
                session.add(Pulse(name=name, at=wall, facts=facts or {}))
            return
        except IntegrityError:  # another process was faster
            row = session.get_one(Pulse, name, with_for_update=True)
    row.at = max(row.at, wall)
    row.facts = facts or {}
    session.flush()


def last(session: Session, name: str) -> Pulse | None:
    """The last sign of life of this part."""
    return session.get(Pulse, name)


def newest_moment(session: Session) -> datetime | None:
    """The latest wall time that was ever written down here."""
    return session.scalar(select(func.max(Pulse.at)))


def clock_trouble(session: Session, wall: datetime) -> str | None:
    """A sentence when the machine's clock lies behind what was written down; ``None`` when it is sane."""
    newest = newest_moment(session)
    if newest is None or wall >= newest - SLACK:
        return None
    return (  # said again by each message that waits for it
        say(
            "The clock of this machine says {wall} UTC, but {newest} was written down already. "
            "Until it is right, no date fires and no letter leaves. Set the clock; if it was "
            "wrong before and is right now: lichtbild doctor --trust-clock",
            wall=f"{wall:%Y-%m-%d %H:%M}",
            newest=f"{newest:%Y-%m-%d %H:%M}",
        )
    )


def trust_clock(session: Session, wall: datetime) -> int:
    """The clock is right now and was wrong before: forget signs of life from a future that never was."""
    future = session.scalars(select(Pulse).where(Pulse.at > wall).with_for_update()).all()
    for row in future:
        row.at = wall
    session.flush()
    return len(future)
