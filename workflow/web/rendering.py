"""What every template can use: filters for money, dates and sizes, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from flask import current_app, g
from jinja2 import StrictUndefined

from workflow.kernel.money import Money, format_money
from workflow.web.current import now, runtime, signed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask

    from workflow.web.current import SignedIn

    NavLoader = Callable[[SignedIn | None], Sequence["NavItem"]]

NOTHING = "–"
KILO = 1000


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the rail; ``count`` of 0 is not shown."""

    endpoint: str
    label: str
    icon: str
    count: int = 0


def money_text(amount: Money | None) -> str:
    """``1.234,50 €``; a dash for nothing."""
    return format_money(amount) if amount is not None else NOTHING


def date_text(moment: date | datetime | None) -> str:
    """``22 Nov 2026``, in the instance's time zone."""
    if moment is None:
        return NOTHING
    if isinstance(moment, datetime):
        moment = moment.astimezone(zone()).date()
    return format_date(moment, "d MMM yyyy", locale="en")


def datetime_text(moment: datetime | None) -> str:
    """``22 Nov 2026, 14:05``, in the instance's time zone."""
    if moment is None:
        return NOTHING
    return format_datetime(moment, "d MMM yyyy, HH:mm", tzinfo=zone(), locale="en")


def filesize_text(size: int | None) -> str:
    """``3.4 MB``: powers of a thousand, one decimal from MB on."""
    if size is None:
        return NOTHING
    if size < KILO:
        return f"{size} bytes" if size != 1 else "1 byte"
    if size < KILO**2:
        return f"{round(size / KILO)} kB"
    return f"{size / KILO**2:.1f} MB" if size < KILO**3 else f"{size / KILO**3:.1f} GB"


def zone() -> ZoneInfo:
    """The instance's time zone, asked once per request."""
    if "zone" not in g:
        ask: Callable[[], str] = current_app.extensions["zone"]
        g.zone = _zone(ask())
    found: ZoneInfo = g.zone
    return found


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def install(app: Flask, *, nav: NavLoader, zone_name: Callable[[], str]) -> None:
    """Give the templates of ``app`` their filters and names; an unknown name is an error."""
    app.extensions["zone"] = zone_name
    app.extensions["nav"] = nav
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=money_text, date=date_text, datetime=datetime_text, filesize=filesize_text
    )

    @app.context_processor
    def names() -> dict[str, Any]:
        me = signed_in()
        return {"me": me, "demo": runtime().config.demo, "nav": nav(me), "now": now()}
