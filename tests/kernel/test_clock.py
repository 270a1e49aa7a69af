"""The clocks: business time moves on a demo only, wall time never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workflow.building import clock_for
from workflow.config import ConfigError, load_config
from workflow.kernel.clock import DemoClock, FrozenClock, SystemClock

DAY = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
MOMENT = timedelta(seconds=20)


def test_a_demo_moves_its_business_and_nothing_else(tmp_path: Path) -> None:
    clock = DemoClock(tmp_path / "clock.json")
    assert abs(clock.business() - clock.wall()) < MOMENT
    clock.move_to(DAY)
    other = DemoClock(tmp_path / "clock.json")  # another process
    assert DAY <= other.business() < DAY + MOMENT
    assert abs(other.wall() - SystemClock().wall()) < MOMENT
    clock.advance(timedelta(days=95))
    assert DAY + timedelta(days=95) <= other.business() < DAY + timedelta(days=95) + MOMENT
    with pytest.raises(ValueError, match="forward"):
        clock.advance(timedelta(seconds=-1))
    assert [path.name for path in tmp_path.iterdir()] == ["clock.json"]


def test_only_a_demo_has_a_movable_clock(tmp_path: Path) -> None:
    environment = {"LICHTBILD_INSTANCE_DIR": str(tmp_path)}
    assert isinstance(clock_for(load_config("demo", environment)), DemoClock)
    assert isinstance(clock_for(load_config("main", environment)), SystemClock)
    (tmp_path / "main" / "clock.json").write_text("{}")
    with pytest.raises(ConfigError, match="clock"):
        load_config("main", environment)


def test_a_frozen_clock_stands_still() -> None:
    clock = FrozenClock(DAY)
    assert clock.business() == clock.wall() == DAY
    clock.advance(timedelta(hours=1))
    assert clock.business() == clock.wall() == DAY + timedelta(hours=1)
    with pytest.raises(AssertionError):
        FrozenClock(DAY.replace(tzinfo=None))
