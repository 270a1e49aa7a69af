"""How facts are written on pages, by the reader's language and zone: money, dates, sizes."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import current_app, g

from workflow.kernel.money import Money, format_money
from workflow.web.current import signed_in
from workflow.web.languages import language

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING = "–"
KILO = 1000
DAY = {"en": "d MMM yyyy", "de": "d. MMM yyyy"}


def money_text(amount: Money | None) -> str:
    """``1.234,50 €`` in every language; a dash for nothing."""
    return format_money(amount) if amount is not None else NOTHING


def date_text(moment: date | datetime | None) -> str:
    """``22 Nov 2026``, ``22. Nov. 2026``; a moment's day is the day in the reader's time zone."""
    if moment is None:
        return NOTHING
    if isinstance(moment, datetime):
        moment = moment.astimezone(zone()).date()
    return format_date(moment, DAY[language()], locale=language())


def datetime_text(moment: datetime | None) -> str:
    """``22 Nov 2026, 14:05 CET``: in the reader's time zone, which it names."""
    if moment is None:
        return NOTHING
    local = moment.astimezone(zone())
    return f"{format_datetime(local, f'{DAY[language()]}, HH:mm', locale=language())} {local.tzname()}"


def number_text(number: float) -> str:
    """``1,234.5``, in German ``1.234,5``; at most two decimals."""
    return str(format_decimal(number, format="#,##0.##", locale=language()))


def filesize_text(size: int | None) -> str:
    """``3.4 MB``: powers of a thousand, one decimal from MB on."""
    if size is None:
        return NOTHING
    if size < KILO:
        unit = {"en": ("byte", "bytes"), "de": ("Byte", "Bytes")}[language()]
        return f"{size} {unit[size != 1]}"
    if size < KILO**2:
        return f"{round(size / KILO)} kB"
    large, unit_name = (size / KILO**2, "MB") if size < KILO**3 else (size / KILO**3, "GB")
    return f"{format_decimal(round(large, 1), format='#,##0.0', locale=language())} {unit_name}"


def zone() -> ZoneInfo:
    """The reader's time zone, else the instance's; asked once per request."""
    if "zone" not in g:
        me = signed_in()
        ask: Callable[[], str] = current_app.extensions["zone"]
        g.zone = zone_named((me.time_zone if me else "") or ask())
    found: ZoneInfo = g.zone
    return found


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The zone with this IANA name."""
    return ZoneInfo(name)
