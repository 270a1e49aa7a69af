"""``kill -9`` of web, ticker, worker and crawler during a crawl and a payment by hand: the end is the same."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from workflow.demo.portal_visit import TEST_CARD
from workflow.soak import campaign, oracle
from workflow.soak.browser import Browser
from workflow.soak.company import FINISH_SECONDS, reports_taken, time_passes
from workflow.soak.life import until
from workflow.soak.nursery import Child
from workflow.soak.points import Life
from workflow.soak.runs import Rehearsal
from workflow.soak.stages import Stage

NURSERY = (sys.executable, "-m", "workflow.cli", "soak", "nursery")
PARTS = ("web", "ticker", "worker")


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    with campaign.rehearsal("sqlite", NURSERY) as made:
        yield made


@pytest.mark.slow
def test_killed_during_crawl_and_payment_the_end_state_is_the_same(rehearsal: Rehearsal) -> None:
    """Equal but for references, ids and times, which are left out of what is compared."""
    undisturbed = _live(rehearsal, killed=False)
    assert [case["state"] for case in undisturbed["cases"]] == ["paid", "offered"]
    assert len(undisturbed["hits"]) == 3
    assert _live(rehearsal, killed=True) == undisturbed


def _live(rehearsal: Rehearsal, *, killed: bool) -> dict[str, Any]:
    """Two offers are out. The small web is crawled, the first recipient pays by card."""
    stage = rehearsal.copy(Life.WISH)
    hands = _Hands(rehearsal, stage, killed)
    try:
        hands.company.start(stage, "standin")
        hands.start_all()
        crawl = hands.company.start(stage, "crawl")
        assert until(lambda: hands.one("SELECT count(*) FROM crawl_requests WHERE state = 'done'") >= 2,
                     FINISH_SECONDS)  # fmt: skip
        hands.kill_all_and_start_again(crawl)
        if killed:
            hands.company.to_its_end(stage, "crawl")

        reference, code = (stage.instance_dir / "codes").read_text().split()[:2]
        payer = Browser(f"http://localhost:{stage.ports.web}")
        payer.submit(f"/c/{reference}", {"reference": reference, "code": code})
        assert payer.submit("/pay", {}, action="/pay").status == 303
        hands.kill_all_and_start_again()
        assert until(lambda: hands.one("SELECT count(*) FROM payins WHERE checkout_url IS NOT NULL") == 1,
                     FINISH_SECONDS)  # fmt: skip
        site, _, path = hands.one("SELECT checkout_url FROM payins").partition("//")[2].partition("/")
        assert Browser(f"http://{site}").submit(f"/{path}", TEST_CARD).location
        hands.kill_all_and_start_again()
        assert until(lambda: reports_taken(stage), FINISH_SECONDS)
        left = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'claimed')"
        assert until(lambda: hands.one(left) == 0, FINISH_SECONDS)
        hands.company.end_all()
        return _state(stage)
    finally:
        hands.company.end_all()
        stage.discard()


class _Hands:
    """Somebody at the machine."""

    def __init__(self, rehearsal: Rehearsal, stage: Stage, killing: bool) -> None:
        self.company, self._stage, self._killing = rehearsal.company, stage, killing
        self._running: list[Child] = []

    def one(self, query: str) -> Any:
        with self._stage.plain_sql() as database:
            return database.one(query)

    def start_all(self) -> None:
        self._running = [self.company.start(self._stage, part) for part in PARTS]
        assert self.company.serving(self._stage, self._running[0]), self._running[0].log.read_text()

    def kill_all_and_start_again(self, *more: Child) -> None:
        """``kill -9`` of everything but the payment service; five minutes later somebody starts it again."""
        if not self._killing:
            for child in more:
                assert self.company.nursery.wait(child, FINISH_SECONDS) == 0, child.log.read_text()[-1500:]
            return
        for child in (*self._running, *more):
            os.killpg(child.pid, signal.SIGKILL)
            assert self.company.nursery.wait(child, 20) == -signal.SIGKILL
        time_passes(self._stage)
        self.start_all()


def _state(stage: Stage) -> dict[str, Any]:
    """The end state in words and cents."""
    with stage.plain_sql() as database:
        facts = {
            "cases": _named("recipient state", database.rows(
                "SELECT recipient_email, state FROM cases ORDER BY recipient_email")),
            "history": database.rows(
                "SELECT c.recipient_email, a.action FROM audit_entries a JOIN cases c ON c.id = a.subject_id"
                " ORDER BY c.recipient_email, a.sequence"),
            "letters": database.rows(
                "SELECT c.recipient_email, l.kind, l.step, l.state, count(d.id) FROM letters l"
                " JOIN cases c ON c.id = l.case_id LEFT JOIN letter_documents d ON d.letter_id = l.id"
                " GROUP BY c.recipient_email, l.kind, l.step, l.state ORDER BY 1, 2, 3"),
            "payments": database.rows("SELECT state, amount_minor, fee_minor FROM payins"),
            "payouts": database.rows("SELECT state, amount_minor FROM payouts"),
            "journal": database.rows(
                "SELECT account, sum(amount_minor) FROM journal_lines GROUP BY account ORDER BY account"),
            "hits": database.rows(
                "SELECT h.page_url, w.file_name, h.state, h.verdict FROM hits h"
                " JOIN works w ON w.id = h.work_id ORDER BY 1, 2"),
            "pictures": database.one("SELECT count(*) FROM crawl_images"),
            "sightings": database.one("SELECT count(*) FROM crawl_sightings"),
            "deadlines": database.rows("SELECT kind, state FROM deadlines ORDER BY 1, 2"),
            "outbox": database.rows(
                "SELECT kind, state, count(*) FROM outbox WHERE kind NOT IN ('self_check', 'psp.reconcile',"
                " 'notices', 'housekeeping') GROUP BY kind, state ORDER BY 1, 2"),
        }  # fmt: skip
    mails = sorted(
        (to, count) for (to, _subject), count in oracle.mails(stage.instance_dir / "mailbox").items()
    )
    return {**facts, "mails": mails}


def _named(names: str, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(names.split(), row, strict=True)) for row in rows]
