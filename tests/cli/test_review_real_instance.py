"""A real instance that nobody set up yet: it starts, lets people in, and sends nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.world import START
from workflow.app import create_desk
from workflow.building import build_runtime
from workflow.cli import cli
from workflow.config import Config, load_config
from workflow.kernel import outbox
from workflow.kernel.mail import Mail, MailDelayed
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.kernel.runtime import Runtime
from workflow.wiring import handlers
from workflow.worker import Worker


@pytest.fixture
def config(tmp_path: Path) -> Config:
    environment = {"LICHTBILD_INSTANCE_DIR": str(tmp_path)}
    assert CliRunner().invoke(cli, ["--instance", "main", "db", "upgrade"], env=environment).exit_code == 0
    return load_config("main", environment)


def test_its_public_pages_name_the_terms(config: Config) -> None:
    desk = create_desk(build_runtime(config)).test_client()
    for page in ("/", "/pricing", "/sign-up"):
        assert desk.get(page).status_code == 200, page


def test_without_a_mail_server_everything_waits(config: Config) -> None:
    runtime = build_runtime(config)
    with pytest.raises(MailDelayed, match="LICHTBILD_MAIL_URL"):
        runtime.mail.send(Mail("a@example.org", "Hello", "Text", "key", START))


def test_without_a_card_service_nothing_piles_up(config: Config) -> None:
    runtime = build_runtime(config)
    with runtime.database.transaction() as session:
        outbox.post(session, "psp.reconcile", {}, key="psp.reconcile:1", now=START)
    assert Worker(runtime, handlers(None)).drain() == 1
    with runtime.database.reading() as session:
        assert session.query(OutboxMessage).one().state is OutboxState.DONE


def test_two_processes_may_start_first(config: Config) -> None:
    made: list[Runtime] = []
    both = threading.Barrier(2)

    def start() -> None:
        both.wait()
        made.append(build_runtime(config))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    first, second = made
    assert first.secrets.peppered("code", "x") == second.secrets.peppered("code", "x")
