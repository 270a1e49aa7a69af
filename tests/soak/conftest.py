"""One rehearsal per kind of database for all tests of this folder: its scenes are built once."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.world import in_ci
from workflow.kernel.errors import Unavailable
from workflow.soak import campaign
from workflow.soak.runs import Rehearsal

NURSERY = (sys.executable, "-m", "workflow.cli", "soak", "nursery")


@pytest.fixture(scope="module", params=campaign.DATABASES)
def rehearsal(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    """A place to kill processes in."""
    try:
        with campaign.rehearsal(request.param, NURSERY) as made:
            yield made
    except Unavailable as missing:
        if in_ci():
            raise
        pytest.skip(str(missing))
