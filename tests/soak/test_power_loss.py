"""Acknowledged is durable: after a power cut every commit and document is there; without fsync it is not.

A killed process leaves what it wrote in the memory of the operating system, so a kill alone proves nothing
here: ``power_loss.c`` remembers what was not made durable, and it is taken back after the kill.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.soak.power_loss import cut_the_power
from tests.world import need
from workflow.config import ROOT
from workflow.kernel.db import Database
from workflow.kernel.documents import Vault
from workflow.kernel.secrets import MasterKey
from workflow.schema import upgrade

HERE = Path(__file__).parent
CUTS = 6


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("gcc")
    library = tmp_path_factory.mktemp("shim") / "power_loss.so"
    command = [
        "gcc",
        "-shared",
        "-fPIC",
        "-O2",
        "-Wall",
        "-o",
        library,
        HERE / "power_loss.c",
        "-ldl",
        "-lpthread",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return library


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every migration in it and nothing else."""
    path = tmp_path_factory.mktemp("empty") / "lichtbild.sqlite"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.dispose()
    return path


@dataclass(frozen=True)
class After:
    """What is there after the power came back."""

    acknowledged: int
    taken_back: int
    rows_lost: int
    documents_lost: int
    broken: str


def _cut(
    folder: Path,
    shim: Path,
    empty_database: Path,
    after: int,
    *,
    synchronous: str = "FULL",
    swallow: bool = False,
) -> After:
    """Write until ``after`` commits are acknowledged, kill, take back what was not durable, look."""
    place = folder / "disk"
    place.mkdir(parents=True)
    database, log = place / "lichtbild.sqlite", folder / "undo"
    shutil.copy(empty_database, database)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(shim), "POWER_DIR": str(place),
                   "POWER_LOG": str(log)} | ({"POWER_SWALLOW": "1"} if swallow else {})  # fmt: skip
    command = [sys.executable, HERE / "writing.py", f"sqlite:///{database}", place / "vault", synchronous]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout and writer.stderr
        acknowledged = [int(writer.stdout.readline() or b"-1") for _ in range(after)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout.read().split()]
        assert acknowledged == list(range(len(acknowledged))), writer.stderr.read()
    taken_back = cut_the_power(log)
    return _look(database, place / "vault", len(acknowledged), taken_back)


def _look(database: Path, vault: Path, acknowledged: int, taken_back: int) -> After:
    connection = sqlite3.connect(database)
    try:
        broken = connection.execute("PRAGMA integrity_check").fetchone()[0]
        keys = {key for (key,) in connection.execute("SELECT key FROM outbox")}
    except sqlite3.DatabaseError as damage:
        return After(acknowledged, taken_back, acknowledged, acknowledged, str(damage))
    finally:
        connection.close()
    opened = Database(f"sqlite:///{database}")
    with opened.reading() as session:
        unreadable = Vault(vault, MasterKey(bytes(32))).check(session)
    opened.dispose()
    lost = sum(f"number:{number}" not in keys for number in range(acknowledged))
    return After(acknowledged, taken_back, lost, len(unreadable), "" if broken == "ok" else broken)


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_power_cut(tmp_path: Path, shim: Path, empty_database: Path) -> None:
    chance = random.Random(17)
    for number in range(CUTS):
        found = _cut(tmp_path / str(number), shim, empty_database, chance.randint(5, 60))
        assert found.acknowledged >= 5
        assert (found.rows_lost, found.documents_lost, found.broken) == (0, 0, "")


@pytest.mark.slow
def test_with_synchronous_normal_acknowledged_commits_are_lost(
    tmp_path: Path, shim: Path, empty_database: Path
) -> None:
    found = _cut(tmp_path, shim, empty_database, 30, synchronous="NORMAL")
    assert found.taken_back > 0 and found.rows_lost > 0


@pytest.mark.slow
def test_without_fsync_everything_is_lost(tmp_path: Path, shim: Path, empty_database: Path) -> None:
    found = _cut(tmp_path, shim, empty_database, 30, swallow=True)
    assert found.taken_back > 0 and found.rows_lost > 0
