"""Several ``lichtbild worker`` and ``lichtbild web`` on one PostgreSQL: every message has one effect.

One worker is stopped (SIGSTOP) while it holds a message, longer than its lease; the others go on, and what
it wants to write down when it wakes is refused.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from tests.world import World
from workflow.cases.models import Case, Letter
from workflow.cases.pricing import from_stored
from workflow.cases.services import move, set_price
from workflow.cases.states import CaseState, CaseTrigger, LetterState
from workflow.checks import problems
from workflow.config import ROOT
from workflow.kernel import outbox
from workflow.kernel.inbox import InboxMessage
from workflow.kernel.ledger import JournalEntry
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.money.stripe_standin.courier import sign

MAILS, CASES, LEASE_SECONDS = 200, 3, 3
NOTE = {
    "reference": "K7M3PQ-X", "received_on": "2024-03-01", "what": "Your message", "files": [],
    "reply_by": "2024-03-08", "handler_name": "Kim", "sender_name": "Example", "sender_phone": "",
    "sender_email": "licensing@example.org",
}  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.postgresql_only("on SQLite there is one worker by design")]


def test_every_message_has_one_effect_though_a_worker_is_stopped_past_its_lease(
    world: World, tmp_path: Path
) -> None:
    paid = world.offered(12_345)
    world.pay(world.recipient(paid))
    reports = world.reports()
    with webs(world, tmp_path, 2) as ports:
        _tell_each_many_times(world, ports, reports)
    assert world.count(InboxMessage) == len(reports)
    made = [world.submitted() for _ in range(CASES)]
    with world.runtime.database.transaction() as session:
        for each in made:
            facts = from_stored(session.get_one(Case, each.id).uses[0].match_facts["fee_facts"])
            set_price(session, each.id, facts, world.operator, world.now)
            move(session, each.id, CaseTrigger.OFFER, world.operator, world.now)
        for number in range(MAILS):
            payload = {"to": f"n{number}@example.org", "template": "receipt_of_answer", "context": NOTE}
            outbox.post(session, "mail", payload, key=f"mail:many:{number}", now=world.now)
    done = _in(world, OutboxState.DONE)
    told = tmp_path / "stopped.log"
    stopped = _worker(world, told, LICHTBILD_FAILPOINTS="outbox.after_claim=sleep:15@3")
    others = []
    try:
        _wait(lambda: _in(world, OutboxState.DONE) == done + 2 and _in(world, OutboxState.CLAIMED) == 1)
        stopped.send_signal(signal.SIGSTOP)
        [held] = [row for row in world.all(OutboxMessage) if row.state is OutboxState.CLAIMED]
        others = [_worker(world, tmp_path / f"other{number}.log") for number in range(2)]
        _wait(lambda: not _in(world, OutboxState.PENDING) and not _in(world, OutboxState.CLAIMED))
        stopped.send_signal(signal.SIGCONT)
        _wait(lambda: f"{held.key}: another worker has it now" in told.read_text())
    finally:
        for process in (stopped, *others):
            process.send_signal(signal.SIGCONT)
            process.terminate()
        codes = [process.wait(30) for process in (stopped, *others)]
    assert codes == [0, 0, 0]
    assert world.troubles() == []
    [row] = [row for row in world.all(OutboxMessage) if row.key == held.key]
    assert row.fence == held.fence + 1 and row.attempts == held.attempts + 1
    _each_effect_once(world, paid.id)


def _each_effect_once(world: World, paid: object) -> None:
    assert [letter.state for letter in world.all(Letter) if letter.case_id != paid] == [
        LetterState.SENT
    ] * CASES
    mailbox = world.runtime.mail.list()  # type: ignore[attr-defined]
    to = Counter(mail.to for mail in mailbox)
    assert [to[f"n{number}@example.org"] for number in range(MAILS)] == [1] * MAILS
    mails = world.mails()
    assert len({mail.text for mail in mails}) == len(mails), "no letter came twice"
    assert world.case(paid).state is CaseState.PAID  # type: ignore[arg-type]
    assert sum(entry.key.startswith("payin:") for entry in world.all(JournalEntry)) == 1
    assert sum(world.balances().values()) == 0 and problems(world.runtime) == []


def _tell_each_many_times(world: World, ports: list[int], reports: list[bytes]) -> None:
    """Each report three times to each process, all at the same moment."""
    answers: list[int] = []
    host = world.runtime.config.portal_url.split("://")[1]

    def tell(port: int, body: bytes) -> None:
        signature = sign(body, world.runtime.config.stripe_webhook_secret, int(time.time()))
        headers = {"Host": host, "Content-Type": "application/json", "Stripe-Signature": signature}
        answers.append(
            requests.post(
                f"http://127.0.0.1:{port}/webhooks/stripe", body, headers=headers, timeout=30
            ).status_code
        )

    threads = [
        threading.Thread(target=tell, args=(port, body))
        for body in reports
        for port in ports
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [200] * len(threads)


@contextmanager
def webs(world: World, folder: Path, many: int, **environment: str) -> Iterator[list[int]]:
    """Several ``lichtbild web`` of the same instance, each on a port of its own, under the same names."""
    config = world.runtime.config
    running: list[subprocess.Popen[bytes]] = []
    ports: list[int] = []
    try:
        for number in range(many):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                ports.append(probe.getsockname()[1])
            running.append(_lichtbild(
                world, folder / f"web{number}.log", "web", LICHTBILD_PORT=str(ports[-1]),
                LICHTBILD_DESK_URL=config.desk_url, LICHTBILD_PORTAL_URL=config.portal_url, **environment,
            ))  # fmt: skip
        host = {"Host": config.portal_url.split("://")[1]}
        for port in ports:
            _wait(lambda port=port: _answers(port, host))  # type: ignore[misc]
        yield ports
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def _answers(port: int, headers: dict[str, str]) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", headers=headers, timeout=5).ok
    except requests.ConnectionError:
        return False


def _worker(world: World, log: Path, **environment: str) -> subprocess.Popen[bytes]:
    return _lichtbild(world, log, "worker", "--lease", str(LEASE_SECONDS), **environment)


def _lichtbild(world: World, log: Path, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "workflow.cli", "--instance", "demo", *words],
            cwd=ROOT, env={**world.environment, **environment}, stdout=output, stderr=output,
        )  # fmt: skip


def _in(world: World, state: OutboxState) -> int:
    with world.runtime.database.reading() as session:
        question = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state == state)
        return session.scalar(question) or 0


def _wait(true: Callable[[], bool], seconds: float = 400) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.05)
