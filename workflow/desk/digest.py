"""The summary of the week: new hits, open decisions, cases with their next dates, money. Empty = not sent.

Due is due: it is written on Monday at 8:00 of the person's zone, or later in the week when nothing ran
then; once per account and ISO week, whatever happens in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError

from workflow.accounts.mails import post_mail
from workflow.accounts.models import Account
from workflow.accounts.notice_tables import NoticeChannel, WeeklyDigest
from workflow.accounts.notices import NoticeKind, wants
from workflow.accounts.queries import operator_profile, zone_name
from workflow.accounts.unsubscribing import unsubscribe_url
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case
from workflow.cases.turns import turns_of
from workflow.hits.models import Hit
from workflow.hits.queries import count_open
from workflow.hits.states import HitState
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.money import Money
from workflow.kernel.runtime import Runtime
from workflow.payouts.queries import balances

MONDAY_AT = time(8)
DEFAULT_ZONE = "Europe/Berlin"
#: Accounts looked at in one transaction.
BATCH = 50
#: Cases a mail names; it says how many more there are.
NAMED = 8


@dataclass(frozen=True, slots=True)
class Week:
    """One week of one zone: its name and when its summary is due."""

    name: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """What a digest tells; amounts in the account's currency."""

    new_hits: int
    to_decide: int
    cases: tuple[dict[str, Any], ...]
    more_cases: int
    held: Money
    available: Money
    paid: Money

    @property
    def is_empty(self) -> bool:
        """Nothing to tell."""
        return not (self.new_hits or self.to_decide or self.cases or self.held.minor or self.available.minor)


def week_of(now: datetime, zone: str) -> Week:
    """The week that runs in ``zone`` and its Monday, 8:00."""
    local = now.astimezone(ZoneInfo(zone))
    year, number, weekday = local.isocalendar()
    monday = local.date() - timedelta(days=weekday - 1)
    return Week(f"{year}-W{number:02}", datetime.combine(monday, MONDAY_AT, ZoneInfo(zone)))


def summary_of(session: Session, account: Account, since: datetime) -> Summary:
    """What happened since and what stands now."""
    new_hits = session.scalar(
        select(func.count()).select_from(Hit)
        .where(Hit.owner_id == account.id, Hit.found_at >= since, Hit.state != HitState.FOUND)
    ) or 0  # fmt: skip
    alive = [state for state, row in CASE_LIFECYCLE.states.items() if row.waits_for is not None]
    mine = (Case.owner_id == account.id, Case.state.in_(alive))
    shown = list(session.scalars(select(Case).where(*mine).order_by(Case.id.desc()).limit(NAMED)))
    count = session.scalar(select(func.count()).select_from(Case).where(*mine)) or 0
    turns = turns_of(session, shown, account.actor)
    money = balances(session, account.id)
    return Summary(
        new_hits=new_hits,
        to_decide=count_open(session, account.actor),
        cases=tuple(
            {
                "reference": case.reference,
                "host": case.host,
                "stage": CASE_LIFECYCLE.states[case.state].owner,
                "next": turns[case.id].date_words,
            }
            for case in shown
        ),
        more_cases=count - len(shown),
        held=money.held,
        available=money.available,
        paid=money.paid,
    )


def write_due(session: Session, runtime: Runtime, now: datetime) -> int:
    """Decide on the digests that are due, at most :data:`BATCH` a zone; returns how many were decided."""
    decided = 0
    for zone, of_zone in _zones(session):
        week = week_of(now, zone)
        if now < week.due:
            continue
        known = select(WeeklyDigest.account_id).where(WeeklyDigest.week == week.name)
        waiting = session.scalars(
            select(Account)
            .where(
                Account.role == Role.RIGHTS_HOLDER,
                Account.email_confirmed_at.is_not(None),
                Account.created_at < week.due,
                Account.id.not_in(known),
                of_zone,
            )
            .order_by(Account.id)
            .limit(BATCH)
        ).all()
        decided += sum(_decide(session, runtime, account, week, now) for account in waiting)
    return decided


def _zones(session: Session) -> list[tuple[str, ColumnElement[bool]]]:
    """The zones people live in, each with the condition that picks its accounts."""
    chosen = session.scalars(select(Account.time_zone).where(Account.role == Role.RIGHTS_HOLDER).distinct())
    instance = zone_name(session) or DEFAULT_ZONE
    return [(zone or instance, Account.time_zone == zone) for zone in chosen]


def _decide(session: Session, runtime: Runtime, account: Account, week: Week, now: datetime) -> int:
    """Note the decision and post the mail in one transaction; the unique row is the lock."""
    try:
        with session.begin_nested():
            row = WeeklyDigest(account_id=account.id, week=week.name, decided_at=now, sent=False)
            session.add(row)
    except IntegrityError:  # decided before, or by another round in this very moment
        return 0
    if not wants(session, account.id, NoticeKind.DIGEST, NoticeChannel.MAIL):
        return 1
    summary = summary_of(session, account, week.due - timedelta(days=7))
    if summary.is_empty:
        return 1
    post_mail(
        session, account, "digest", mail_context(session, runtime, account, summary, week), now,
        key=f"mail:digest:{account.id}:{week.name}",
        unsubscribe_url=unsubscribe_url(runtime.config, account.id, NoticeKind.DIGEST),
    )  # fmt: skip
    row.sent = True
    session.flush()
    return 1


def mail_context(
    session: Session, runtime: Runtime, account: Account, summary: Summary, week: Week
) -> dict[str, Any]:
    """What fills ``mails/digest.txt``, as plain JSON."""
    profile = operator_profile(session)
    desk = runtime.config.desk_url
    return {
        "name": account.name,
        "week_on": week.due.date().isoformat(),
        "new_hits": summary.new_hits,
        "to_decide": summary.to_decide,
        "cases": list(summary.cases),
        "more_cases": summary.more_cases,
        **{
            name: {"minor": amount.minor, "currency": amount.currency.value}
            for name, amount in (
                ("held", summary.held), ("available", summary.available), ("paid", summary.paid),
            )
        },
        "inbox_url": f"{desk}/inbox",
        "cases_url": f"{desk}/cases/",
        "money_url": f"{desk}/money/",
        "settings_url": f"{desk}/settings/notices",
        "sender_name": profile.name if profile else "Lichtbild",
    }  # fmt: skip
