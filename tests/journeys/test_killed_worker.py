"""A real ``lichtbild worker`` is killed in the middle of its work: nothing is lost and nothing doubled."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.world import World
from workflow.cases.models import Case, Letter
from workflow.cases.pricing import from_stored
from workflow.cases.services import move, set_price
from workflow.cases.states import CaseTrigger, LetterState
from workflow.checks import problems
from workflow.config import ROOT
from workflow.kernel.outbox import LEASE, OutboxMessage, OutboxState

CASES = 5


@pytest.mark.slow
def test_killed_again_and_again_it_still_sends_each_letter_once(world: World) -> None:
    made = [world.submitted() for _ in range(CASES)]
    with world.runtime.database.transaction() as session:
        for each in made:
            facts = from_stored(session.get_one(Case, each.id).uses[0].match_facts["fee_facts"])
            set_price(session, each.id, facts, world.operator, world.now)
            move(session, each.id, CaseTrigger.OFFER, world.operator, world.now)
    environment = world.environment
    for pause in (0.05, 0.6, 0.3):
        before = _done(world)
        process = _worker(environment)
        until = time.monotonic() + 60
        while _done(world) == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(pause)
        process.kill()
        assert process.wait(20) == -signal.SIGKILL
        _let_leases_end(world)
    last = subprocess.run(
        [sys.executable, "-m", "workflow.cli", "--instance", "demo", "worker", "--drain"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert last.returncode == 0, last.stderr
    assert world.troubles() == []
    letters = world.all(Letter)
    assert [letter.state for letter in letters] == [LetterState.SENT] * CASES
    assert all(len(letter.enclosures) == 2 for letter in letters), "offer and calculation"
    mails = world.mails()
    assert len(mails) == CASES and len({mail.text for mail in mails}) == CASES
    assert {each.reference for each in made} == {
        each.reference for each in made for mail in mails if each.reference in mail.subject + mail.text
    }
    assert problems(world.runtime) == []


def _worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "workflow.cli", "--instance", "demo", "worker"],
        cwd=ROOT, env=environment, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _done(world: World) -> int:
    with world.runtime.database.reading() as session:
        rows = session.scalars(select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.DONE))
        return len(rows.all())


def _let_leases_end(world: World) -> None:
    """Five minutes later: what the dead worker held may be taken by the next."""
    with world.runtime.database.transaction() as session:
        for row in session.scalars(select(OutboxMessage).where(OutboxMessage.state == OutboxState.CLAIMED)):
            assert row.lease_until is not None
            row.lease_until -= LEASE + timedelta(days=1)
