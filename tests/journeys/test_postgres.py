"""The same migrations, rules and services on PostgreSQL: a private cluster on a socket, once."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.migrations.test_migrations import keeps_entries_whole, refuses_unbalanced
from tests.world import START, World, config_at, make_runtime, need
from workflow.accounts.models import Account
from workflow.cases.states import CaseState
from workflow.checks import problems
from workflow.demo import people
from workflow.kernel import outbox
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.kernel.money import Currency
from workflow.money.models import Payin
from workflow.money.stripe_standin import start_standin
from workflow.schema import current_head, differences, downgrade, revision_of, upgrade
from workflow.works.decoding import UploadDecoder

BIN = Path("/usr/lib/postgresql/15/bin")
SETTINGS = "listen_addresses=''\nfsync=off\nsynchronous_commit=off\nfull_page_writes=off\n"


def run(*command: str | Path) -> None:
    """As the user ``postgres`` when we are root: the server refuses root."""
    before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*before, *map(str, command)], cwd="/", check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Database]:
    need(str(BIN / "initdb"))
    folder = Path(mkdtemp(prefix="lbpg."))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    run(
        BIN / "initdb", "-D", data, "-U", "app", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"
    )
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(f"{SETTINGS}unix_socket_directories='{folder}'\n")
    run(BIN / "pg_ctl", "-D", data, "-w", "-s", "-l", folder / "log", "start")
    try:
        run("createdb", "-h", folder, "-U", "app", "app")
        database = Database(f"postgresql+psycopg://app@/app?host={folder}")
        yield database
        database.dispose()
    finally:
        run(BIN / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_the_whole_on_postgres(postgres: Database, tmp_path: Path, shared_decoder: UploadDecoder) -> None:
    upgrade(postgres)
    assert revision_of(postgres) == current_head() and differences(postgres) == []
    clock = FrozenClock(START)
    standin = start_standin(
        tmp_path / "standin.sqlite", "http://127.0.0.1:9/", "whsec_demo", "sk_test_demo", wall=clock.wall
    )
    config = replace(
        config_at(tmp_path, LICHTBILD_STRIPE_API_BASE=standin.url),
        database_url=postgres.url.render_as_string(hide_password=False),
    )
    runtime = make_runtime(config, postgres, clock, shared_decoder)
    try:
        people.settle_in(runtime)
        with postgres.reading() as session:
            found = {person.email: person.actor for person in session.scalars(select(Account))}
        world = World(runtime, clock, found[people.OWNER.email], found[people.OPERATOR.email], standin)
        paid, silent = world.offered(12_345), world.offered()
        world.paid(paid)
        assert world.balances()["owner_held"] == -6_790
        world.until(date(2024, 3, 18))
        assert world.case(paid).state is CaseState.CLOSED
        assert world.letters(silent)[1] == ("friendly_reminder", "2024-03-18", "2024-04-02", "sent")
        assert world.balances()["owner_available"] == -6_790 and sum(world.balances().values()) == 0
        assert world.count(Payin) == 1 and problems(runtime) == []
    finally:
        standin.close()
    refuses_unbalanced(postgres, [(100, Currency.EUR), (-99, Currency.EUR)])
    keeps_entries_whole(postgres)
    for table in ("audit_entries", "audit_seals", "journal_lines", "journal_entries"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DBAPIError, match="append-only"), postgres.transaction() as session:
                session.execute(text(statement))
    with pytest.raises(DBAPIError, match="read-only"), postgres.reading() as session:
        session.execute(text("UPDATE accounts SET name = 'x'"))
    _four_workers_share(postgres)
    _down_and_up(postgres)


def _four_workers_share(database: Database) -> None:
    """``SKIP LOCKED``: each message has one holder."""
    with database.transaction() as session:
        for n in range(60):
            outbox.post(session, "mail", {}, key=f"share:{n}", now=START)
    held: list[str] = []

    def work() -> None:
        while True:
            with database.transaction() as session:
                message = outbox.claim(session, START)
                if message is None:
                    return
                outbox.finish(session, message, START)
            held.append(message.key)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(held) == sorted(f"share:{n}" for n in range(60))


def _down_and_up(database: Database) -> None:

    downgrade(database, "base")
    assert revision_of(database) is None
    upgrade(database)
    assert differences(database) == []
