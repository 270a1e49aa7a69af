"""Working days: known dates of the German calendar, and properties that hold for every date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.kernel.calendar import WorkingDays, answer_by, due_instant, local_date, morning
from workflow.kernel.errors import Refused

BERLIN = WorkingDays("DE", "BE")
BAVARIA = WorkingDays("DE", "BY")
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "America/Santiago", "UTC"]
DATES = st.dates(date(1995, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("place", "on", "working"),
    [
        (BERLIN, date(2026, 11, 23), True),
        (BERLIN, date(2026, 11, 22), False),  # Sunday
        (BERLIN, date(2026, 11, 21), False),  # Saturday
        (BERLIN, date(2026, 12, 25), False),
        (BERLIN, date(2024, 3, 8), False),  # Women's Day, Berlin only
        (BAVARIA, date(2024, 3, 8), True),
        (BAVARIA, date(2025, 1, 6), False),  # Epiphany, not in Berlin
        (BERLIN, date(2025, 1, 6), True),
        (BERLIN, date(2025, 5, 8), False),  # once, in Berlin
        (BERLIN, date(2024, 12, 24), True),  # Christmas Eve is no public holiday
        (WorkingDays("DE", "SN"), date(2026, 11, 18), False),  # Day of Repentance, Saxony only
        (WorkingDays("DE"), date(2026, 11, 18), True),
        (WorkingDays("AT", "9"), date(2026, 10, 26), False),
        (WorkingDays("gb", "eng"), date(2026, 8, 31), False),
    ],
)
def test_known_days(place: WorkingDays, on: date, working: bool) -> None:
    assert place.is_working(on) is working


@pytest.mark.parametrize(
    ("on", "moved"),
    [
        (date(2026, 4, 15), date(2026, 4, 15)),
        (date(2026, 5, 1), date(2026, 5, 4)),  # holiday on Friday, then the week-end
        (date(2026, 2, 28), date(2026, 3, 2)),
        (date(2026, 4, 3), date(2026, 4, 7)),  # Good Friday to Tuesday after Easter
        (date(2026, 12, 25), date(2026, 12, 28)),
    ],
)
def test_forward_move_of_bgb_193(on: date, moved: date) -> None:
    assert BERLIN.next_working(on) == moved


def test_ten_working_days_over_christmas() -> None:
    assert BERLIN.add(date(2026, 12, 18), 10) == date(2027, 1, 5)
    assert BERLIN.between(date(2026, 12, 18), date(2027, 1, 5)) == 10
    assert BERLIN.add(date(2026, 12, 19), 0) == date(2026, 12, 21)


@given(on=DATES)
def test_the_next_working_day_is_the_first_one(on: date) -> None:
    moved = BERLIN.next_working(on)
    assert moved >= on
    assert BERLIN.is_working(moved)
    assert not any(BERLIN.is_working(on + timedelta(days=n)) for n in range((moved - on).days))
    assert BERLIN.next_working(moved) == moved


@given(on=DATES, days=st.integers(0, 60))
def test_adding_and_counting_agree(on: date, days: int) -> None:
    end = BERLIN.add(on, days)
    assert BERLIN.is_working(end)
    if days:
        assert BERLIN.between(on, end) == days
        assert BERLIN.between(on, end - timedelta(days=1)) == days - 1


@given(on=DATES, first=st.integers(1, 30), second=st.integers(1, 30))
def test_adding_twice_is_adding_the_sum(on: date, first: int, second: int) -> None:
    assert BERLIN.add(BERLIN.add(on, first), second) == BERLIN.add(on, first + second)


@given(on=DATES)
def test_nothing_lies_between_a_day_and_itself_or_before(on: date) -> None:
    assert BERLIN.between(on, on) == 0
    assert BERLIN.between(on, on - timedelta(days=9)) == 0


@pytest.mark.parametrize(("country", "region"), [("XX", None), ("", None), ("DE", "ZZ"), ("Germany", None)])
def test_an_unknown_place_is_refused(country: str, region: str | None) -> None:
    with pytest.raises(Refused, match="are not known"):
        WorkingDays(country, region)


@pytest.mark.parametrize("year", [1950, 2200])
def test_a_year_without_known_holidays_is_refused_not_guessed(year: int) -> None:
    days = [date(year, 6, 1) + timedelta(days=n) for n in range(7)]
    with pytest.raises(Refused, match=f"in {year} are not known"):
        [BERLIN.is_working(day) for day in days]


def test_our_deadlines_fire_at_eight_where_the_recipient_lives() -> None:
    assert morning(date(2026, 7, 1), "Europe/Berlin") == datetime(2026, 7, 1, 6, tzinfo=UTC)
    assert morning(date(2026, 12, 1), "Europe/Berlin") == datetime(2026, 12, 1, 7, tzinfo=UTC)
    assert morning(date(2026, 3, 29), "Europe/Berlin") == datetime(
        2026, 3, 29, 6, tzinfo=UTC
    )  # clocks change
    assert due_instant(date(2026, 7, 1), "America/New_York") == datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_an_answer_is_in_time_until_the_end_of_the_day() -> None:
    assert answer_by(date(2026, 7, 1), "Europe/Berlin") == datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC)
    # Santiago sets its clock back at midnight: the day's last hour comes twice, the later one counts
    assert answer_by(date(2026, 4, 4), "America/Santiago") == datetime(2026, 4, 5, 3, 59, 59, tzinfo=UTC)


@given(on=DATES, zone=st.sampled_from(ZONES))
def test_both_moments_lie_on_their_day(on: date, zone: str) -> None:
    if zone == "Pacific/Apia" and on == date(2011, 12, 30):
        return  # the day that Samoa skipped
    assert local_date(morning(on, zone), zone) == on
    assert local_date(answer_by(on, zone), zone) == on
    assert local_date(answer_by(on, zone) + timedelta(seconds=1), zone) > on
    assert morning(on, zone) < answer_by(on, zone)


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "/etc/passwd", "Europe", "a\0b"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(Refused, match="is not a time zone"):
        morning(date(2026, 7, 1), zone)
