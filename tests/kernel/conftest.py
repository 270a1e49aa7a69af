"""An empty, migrated database for each test of the kernel."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from workflow.kernel.db import Database


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> Iterator[Database]:
    shutil.copy(empty_database, tmp_path / "kernel.sqlite")
    database = Database(f"sqlite:///{tmp_path / 'kernel.sqlite'}")
    yield database
    database.dispose()
