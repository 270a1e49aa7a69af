"""The rehearsal can fail: without the unique index the same story books a report twice, and it says so."""

from __future__ import annotations

import http.client
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.world import in_ci
from workflow.kernel.errors import Unavailable
from workflow.money.stripe_standin.courier import sign
from workflow.money.stripe_standin.objects import visible
from workflow.soak import campaign
from workflow.soak.points import Life
from workflow.soak.runs import Rehearsal, harm
from workflow.soak.stages import Stage

NURSERY = (sys.executable, "-m", "workflow.cli", "soak", "nursery")
UNIQUE = (
    "ALTER TABLE inbox DROP CONSTRAINT uq_inbox_source_foreign_id",
    "ALTER TABLE outbox DROP CONSTRAINT uq_outbox_key",
)


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    try:
        with campaign.rehearsal("postgresql", NURSERY) as made:
            yield made
    except Unavailable as missing:
        if in_ci():
            raise
        pytest.skip(str(missing))


@pytest.mark.slow
@pytest.mark.parametrize("unique", [True, False], ids=["with the index", "without it"])
def test_two_deliveries_at_once_are_one_report_because_of_the_unique_index(
    rehearsal: Rehearsal, unique: bool
) -> None:
    stage = rehearsal.copy(Life.REPORTS)
    try:
        if not unique:
            with stage.plain_sql() as database:
                for statement in UNIQUE:
                    database.change(statement)
        web = rehearsal.company.start(stage, "web", "webhook.after_insert=sleep:1.5")
        assert rehearsal.company.serving(stage, web), web.log.read_text()
        body = _a_report(stage)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: _deliver(stage, body), range(2)))
        assert 200 in answers
        rehearsal.company.end_all()
        rehearsal.end_well(stage, Life.REPORTS)
        lost, doubled = harm(stage)
        assert lost == []
        if unique:
            assert doubled == []
        else:
            assert [told.split(":")[0] for told in doubled] == [f"reported {json.loads(body)['id']}"]
    finally:
        rehearsal.company.end_all()
        stage.discard()


def _a_report(stage: Stage) -> bytes:
    """A report that the payment service has not been able to deliver."""
    connection = sqlite3.connect(stage.instance_dir / "standin.sqlite")
    try:
        [(text,)] = connection.execute(
            "SELECT body FROM objects JOIN deliveries ON event_id = id WHERE NOT delivered ORDER BY seq LIMIT 1"
        )
    finally:
        connection.close()
    return json.dumps(visible(json.loads(text))).encode()


def _deliver(stage: Stage, body: bytes) -> int:
    secret = stage.config().stripe_webhook_secret
    headers = {
        "Host": f"localhost:{stage.ports.web}",
        "Content-Type": "application/json",
        "Stripe-Signature": sign(body, secret, int(time.time())),
    }
    connection = http.client.HTTPConnection("127.0.0.1", stage.ports.web, timeout=60)
    try:
        connection.request("POST", "/webhooks/stripe", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
