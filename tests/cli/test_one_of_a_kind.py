"""What runs once: a second ticker anywhere, and on SQLite a second worker, end with a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import World
from workflow.config import ROOT
from workflow.kernel.db import Database
from workflow.kernel.single_run import single_run


def lichtbild(world: World, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workflow.cli", "--instance", "demo", *words],
        cwd=ROOT, env={**world.environment, **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.sqlite_only("PostgreSQL takes as many as one likes")
def test_a_second_worker_is_refused_on_sqlite(world: World) -> None:
    with single_run(world.runtime.database, "worker", "unused"):
        ended = lichtbild(world, "worker", "--drain")
    assert ended.returncode == 2 and "one worker by design" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert lichtbild(world, "worker", "--drain").returncode == 0


@pytest.mark.postgresql_only("SQLite belongs to one box")
def test_a_ticker_on_another_box_is_refused(world: World, tmp_path: Path) -> None:
    another_box = {"LICHTBILD_INSTANCE_DIR": str(tmp_path / "elsewhere")}
    other = Database(world.runtime.config.database_url)
    with single_run(other, "ticker", "unused"):
        ended = lichtbild(world, "ticker", **another_box)
    other.dispose()
    assert ended.returncode == 2 and "Another ticker of this database is running." in ended.stderr
    assert "Traceback" not in ended.stderr
