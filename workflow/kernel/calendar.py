"""Working days of a place, and the moments at which our own dates begin and end there.

A date that falls on a Saturday, Sunday or public holiday of the place moves forward to the next working
day (BGB § 193). Deadlines of ours fire at eight in the morning of the recipient; "answer by" a day means
until the end of that day where the recipient lives.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

MORNING = time(8, 0)
_LAST_SECOND = time(23, 59, 59)
_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


class WorkingDays:
    """The calendar of one place: ``country`` as ISO 3166-1 (``DE``), ``region`` as its subdivision (``BE``).

    Without a region only holidays of the whole country count. An unknown place is :class:`Refused`, and
    so is a date outside the years for which the holidays of the place are known.
    """

    def __init__(self, country: str, region: str | None = None) -> None:
        self.country = country.upper()
        self.region = region.upper() if region else None
        try:
            self._holidays = holidays.country_holidays(self.country, subdiv=self.region)
        except NotImplementedError as unknown:
            place = f"{country}-{region}" if region else country
            raise Refused(
                say("The public holidays of “{place}” are not known.", place=place[:40])
            ) from unknown
        self._first = self._holidays.start_year
        self._last = self._holidays.end_year

    def __repr__(self) -> str:
        return f"WorkingDays({self.country!r}, {self.region!r})"

    def is_working(self, on: date) -> bool:
        """Neither Saturday nor Sunday nor public holiday."""
        return on.weekday() < _SATURDAY and self.holiday(on) is None

    def holiday(self, on: date) -> str | None:
        """The name of the public holiday on that day."""
        if not self._first <= on.year <= self._last:
            raise Refused(
                say(
                    "The public holidays of {country} in {year} are not known.",
                    country=self.country,
                    year=on.year,
                )
            )
        name: str | None = self._holidays.get(on)
        return name

    def next_working(self, on: date) -> date:
        """``on`` itself if it is a working day, else the first one after it (BGB § 193)."""
        while not self.is_working(on):
            on += _ONE_DAY
        return on

    def add(self, on: date, days: int) -> date:
        """The working day that is ``days`` working days after ``on``; 0 moves forward to a working day."""
        assert days >= 0, "working days are counted forward"
        if days == 0:
            return self.next_working(on)
        while days:
            on += _ONE_DAY
            days -= self.is_working(on)
        return on

    def between(self, start: date, end: date) -> int:
        """How many working days lie after ``start``, ``end`` included; 0 when ``end`` is not later."""
        return sum(self.is_working(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def regions_of(country: str) -> tuple[str, ...]:
    """The codes of the regions of a country that have holidays of their own; empty where none are known."""
    return tuple(holidays.list_supported_countries(include_aliases=False).get(country.upper(), ()))


def morning(on: date, zone: str) -> datetime:
    """Eight o'clock of that day in the zone, as UTC: when a deadline of ours fires."""
    return _moment(on, MORNING, zone)


#: When a deadline row of ours is due.
due_instant = morning


def answer_by(on: date, zone: str) -> datetime:
    """The last second of that day in the zone, as UTC: until then an answer is in time."""
    return _moment(on, _LAST_SECOND, zone)


def local_date(moment: datetime, zone: str) -> date:
    """Which day it is in the zone at that moment."""
    assert moment.tzinfo is not None, "a moment without a time zone"
    return moment.astimezone(_zone(zone)).date()


def _moment(on: date, at: time, zone: str) -> datetime:
    # fold=1: where clocks go back over this hour, the later of the two, so that nobody loses time
    return datetime.combine(on, at, tzinfo=_zone(zone)).replace(fold=1).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise Refused(
            say("“{name}” is not a time zone; write it like Europe/Berlin.", name=name[:40])
        ) from unknown
