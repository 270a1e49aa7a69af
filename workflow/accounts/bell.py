"""What the bell shows, and reading it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update

from workflow.accounts.notice_tables import Notice, NoticeChannel, NoticeSwitch
from workflow.accounts.notices import ALWAYS_IN_BELL, ICONS, KINDS, MAIL_ONLY, WORDS, NoticeKind, text_of
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound
from workflow.kernel.said import Said, say

#: In the menu of the top bar.
FEW = 10
#: On the page of all.
PAGE = 50
#: More are shown as "99+".
COUNTED = 99


@dataclass(frozen=True, slots=True)
class Line:
    """One notice as the bell shows it."""

    id: uuid.UUID
    text: Said
    icon: str
    at: datetime
    act_by: date | None
    unread: bool
    #: Endpoint and arguments of the page that shows more; empty = none.
    endpoint: str
    args: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bell:
    """The number on the bell and the newest lines under it."""

    count: int
    lines: tuple[Line, ...]

    @property
    def count_text(self) -> str:
        return str(self.count) if self.count <= COUNTED else f"{COUNTED}+"


@dataclass(frozen=True, slots=True)
class SwitchRow:
    """One kind in Settings; ``None`` = this channel has no switch."""

    kind: NoticeKind
    words: Said
    bell: bool | None
    mail: bool | None
    #: The bell always shows it.
    fixed: bool


def bell_of(session: Session, account_id: uuid.UUID) -> Bell:
    """What waits, and the newest of it."""
    mine = (Notice.account_id == account_id, Notice.in_bell)
    few = select(Notice.id).where(*mine, Notice.read_at.is_(None)).limit(COUNTED + 1).subquery()
    count = session.scalar(select(func.count()).select_from(few)) or 0
    return Bell(count, tuple(notices_of(session, account_id, limit=FEW)))


def notices_of(
    session: Session, account_id: uuid.UUID, *, before: datetime | None = None, limit: int = PAGE
) -> list[Line]:
    """The newest notices, or those before a moment."""
    wanted = select(Notice).where(Notice.account_id == account_id, Notice.in_bell)
    if before is not None:
        wanted = wanted.where(Notice.created_at < before)
    rows = session.scalars(wanted.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(limit))
    return [_line(row) for row in rows]


def open_notice(session: Session, account_id: uuid.UUID, notice_id: uuid.UUID, now: datetime) -> Line:
    """Mark one as read and tell where it leads; somebody else's does not exist."""
    row = session.get(Notice, notice_id)
    if row is None or row.account_id != account_id:
        raise NotFound(say("This notice"))
    if row.read_at is None:
        row.read_at = now
    session.flush()
    return _line(row)


def read_all(session: Session, account_id: uuid.UUID, now: datetime) -> int:
    """Mark every notice as read; returns how many were not."""
    done = session.execute(
        update(Notice).where(Notice.account_id == account_id, Notice.read_at.is_(None)).values(read_at=now)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def switches_of(session: Session, account_id: uuid.UUID, role: Role) -> list[SwitchRow]:
    """Every kind this role is told of, with the person's answers."""
    rows = session.scalars(select(NoticeSwitch).where(NoticeSwitch.account_id == account_id))
    off = {(row.kind, row.channel) for row in rows if not row.is_on}
    return [
        SwitchRow(
            kind=kind,
            words=WORDS[kind],
            bell=None if kind in MAIL_ONLY else (kind.value, NoticeChannel.BELL) not in off,
            mail=(kind.value, NoticeChannel.MAIL) not in off,
            fixed=kind in ALWAYS_IN_BELL,
        )
        for kind in KINDS[role]
    ]


def _line(row: Notice) -> Line:
    return Line(
        id=row.id, text=text_of(row), icon=ICONS.get(NoticeKind(row.kind), "info-circle"), at=row.created_at,
        act_by=row.act_by, unread=row.read_at is None, endpoint=row.endpoint, args=row.link_args,
    )  # fmt: skip
