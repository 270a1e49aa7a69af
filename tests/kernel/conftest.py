"""An empty, migrated database for each test of the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Mould
from tests.dialects import Cast
from workflow.kernel.db import Database


@pytest.fixture
def database(tmp_path: Path, migrated: Mould, cast: Cast) -> Iterator[Database]:
    database = Database(cast(migrated, tmp_path))
    yield database
    database.dispose()
