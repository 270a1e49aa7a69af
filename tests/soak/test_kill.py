"""Real processes, really killed: the short form of ``make soak``."""

from __future__ import annotations

import pytest

from workflow.kernel.kills import Moment
from workflow.soak import campaign
from workflow.soak.points import PLACES
from workflow.soak.runs import Outcome, Rehearsal

#: One point of each kind of work, and moments that go round with them.
SPREAD = (
    ("letter.after_submit", Moment.AT),
    ("outbox.before_commit", Moment.FLUSH),
    ("file.after_fsync", Moment.NEXT),
    ("deadline.before_commit", Moment.AT),
    ("webhook.after_insert", Moment.AT),
    ("book.after_journal", Moment.LATER),
    ("checkout.after_call", Moment.AT),
    ("upload.before_commit", Moment.FLUSH),
    ("crawl.before_image_commit", Moment.AT),
    ("migration.after_step", Moment.AT),
)


@pytest.mark.slow
def test_killed_anywhere_nothing_is_lost_and_nothing_doubled(rehearsal: Rehearsal) -> None:
    """Half of the spread on each database, the halves exchanged; every run must have its kill."""
    half = campaign.DATABASES.index(rehearsal.scenes.databases.name)
    results = [rehearsal.kill(point, moment, 1) for point, moment in SPREAD[half::2]]
    assert all(point in PLACES for point, _ in SPREAD)
    assert [campaign.line(result) for result in results if result.outcome is not Outcome.WELL] == []
