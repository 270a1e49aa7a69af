"""A life in which everything happened, and the day's housekeeping came."""

from __future__ import annotations

import pytest

from tests.world import World
from workflow.housekeeping import housekeeping


@pytest.fixture
def lived(full_world: World) -> World:
    housekeeping(full_world.runtime, {})
    return full_world
