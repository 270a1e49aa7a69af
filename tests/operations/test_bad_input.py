"""What goes wrong around an instance: a sentence, a safe state, and nothing lost."""

from __future__ import annotations

import base64
import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.world import Visitor, World, changed, picture
from workflow.cases.models import Case
from workflow.checks import check_at_start, look, problems
from workflow.cli import cli
from workflow.cli.doctor import Verdict, examine
from workflow.config import ROOT
from workflow.housekeeping import housekeeping
from workflow.kernel import checks, deadlines, outbox, pulses
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.kernel.documents import Document
from workflow.kernel.errors import Unavailable
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.ticker import tick
from workflow.wiring import handlers
from workflow.worker import Worker
from workflow.works.models import Work

KEY = base64.b64encode(bytes(32)).decode()


def environment(world: World) -> dict[str, str]:
    config = world.runtime.config
    return {
        "LICHTBILD_INSTANCE_DIR": str(config.instance_dir.parent), "LICHTBILD_DATABASE_URL": config.database_url,
        "LICHTBILD_MASTER_KEY": KEY,
    }  # fmt: skip


# --- the clock ------------------------------------------------------------------------------------------


def real(world: World, mail: object) -> World:
    """The same rows, as a real instance works on them."""
    runtime = replace(world.runtime, config=replace(world.runtime.config, demo=False), mail=mail)
    return World(runtime, world.clock, world.owner, world.operator, world.standin)


def test_a_clock_set_back_two_days_fires_no_date_and_sends_no_letter(world: World) -> None:
    case = world.offered()
    with world.runtime.database.transaction() as session:
        pulses.beat(session, pulses.TICKER, world.clock.wall() + timedelta(days=2))
        outbox.post(
            session,
            "mail",
            {"to": "a@example.org", "template": "paid", "context": {}},
            key="m",
            now=world.now,
        )
    with world.runtime.database.transaction() as session:
        for row in session.query(DeadlineRow).where(DeadlineRow.state == DeadlineState.OPEN):
            row.due_at = world.now - timedelta(hours=1)
    assert tick(world.runtime.database, world.now) >= 1
    set_back = real(world, world.runtime.mail)
    worker = Worker(set_back.runtime, handlers(None))
    for _ in range(4):
        worker.run_once()
    waiting = {
        row.key: row
        for row in world.all(OutboxMessage)
        if row.kind in ("deadline", "mail") and row.state is OutboxState.PENDING
    }
    assert len(waiting) >= 2
    assert all("Set the clock" in row.last_error for row in waiting.values()), {
        k: r.last_error for k, r in waiting.items()
    }
    assert [letter[0] for letter in world.letters(case)] == ["offer"]
    # set right again (or trusted by a person), everything goes on
    with world.runtime.database.transaction() as session:
        assert pulses.clock_trouble(session, world.clock.wall())
        assert pulses.trust_clock(session, world.clock.wall()) == 1
        assert pulses.clock_trouble(session, world.clock.wall()) is None


def test_a_moment_that_was_noted_never_moves_back(world: World) -> None:
    noon = world.clock.wall()
    with world.runtime.database.transaction() as session:
        pulses.beat(session, pulses.WORKER, noon)
        pulses.beat(session, pulses.WORKER, noon - timedelta(days=2))
        assert pulses.newest_moment(session) == noon
        assert pulses.clock_trouble(session, noon - timedelta(minutes=4)) is None
        assert "lichtbild doctor --trust-clock" in str(
            pulses.clock_trouble(session, noon - timedelta(days=2))
        )


# --- the disk -------------------------------------------------------------------------------------------


def upload(visitor: Visitor, data: bytes) -> int:
    import io

    to, fields = visitor.form("/photographs/upload", {"photographs": []})
    sent = [*fields, ("photographs", (io.BytesIO(data), "harbour.jpg"))]
    return visitor.send(to, sent, content_type="multipart/form-data").status_code


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While the event is set, nothing can be made durable: the disk is full."""
    full = threading.Event()
    real_write = os.fdopen

    def fdopen(descriptor: int, mode: str = "r", *more: object, **named: object) -> object:
        if full.is_set() and "w" in mode:
            os.close(descriptor)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, mode, *more, **named)

    monkeypatch.setattr(os, "fdopen", fdopen)
    return full


def test_a_full_disk_refuses_a_photograph_and_leaves_neither_row_nor_file(
    world: World, full_disk: threading.Event
) -> None:
    owner = world.as_owner()
    files = set(world.runtime.config.vault_dir.rglob("*"))
    full_disk.set()
    assert upload(owner, picture(3)) in (422, 503)
    full_disk.clear()
    assert world.count(Work) == 0 and world.count(Document) == 0
    assert {path for path in world.runtime.config.vault_dir.rglob("*") if path.is_file()} <= files
    assert problems(world.runtime) == []
    assert upload(owner, picture(3)) == 303
    assert world.count(Work) == 1


def test_a_full_disk_keeps_a_letter_waiting_until_there_is_room(
    world: World, full_disk: threading.Event
) -> None:
    made = world.submitted()
    from workflow.cases.pricing import from_stored
    from workflow.cases.services import move, set_price
    from workflow.cases.states import CaseTrigger

    with world.runtime.database.transaction() as session:
        facts = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        set_price(session, made.id, facts, world.operator, world.now)
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    full_disk.set()
    Worker(world.runtime, handlers(world.gateway)).drain(10)
    full_disk.clear()
    assert [letter[3] for letter in world.letters(made)] == ["queued"]
    assert problems(world.runtime) == [], "the letter waits, and something carries it"
    world.clock.advance(timedelta(hours=2))
    world.work()
    assert [letter[3] for letter in world.letters(made)] == ["sent"]
    assert len(world.mails()) == 1


@pytest.mark.sqlite_only("the disk is the same for both")
def test_a_really_full_disk_is_a_sentence(tmp_path: Path) -> None:
    """A file system of one megabyte; where none can be mounted a limit on file size stands in for it."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True
    )
    program = (
        "import resource, sys, pathlib\n"
        "if sys.argv[2] == 'limit':\n"
        "    import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "from workflow.kernel.files import write_once\n"
        "root = pathlib.Path(sys.argv[1])\n"
        "for n in range(3):\n"
        "    write_once(root / f'{n}', bytes(100_000))\n"
        "try:\n"
        "    write_once(root / 'large', bytes(2_000_000))\n"
        "except OSError as full:\n"
        "    print(full.errno, sorted(p.name for p in root.iterdir()))\n"
    )
    how = "mount" if mounted.returncode == 0 else "limit"
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, str(small), how], cwd=ROOT, capture_output=True, text=True
        )
    finally:
        if how == "mount":
            subprocess.run(["umount", str(small)], check=True)
    number = errno.ENOSPC if how == "mount" else errno.EFBIG
    assert done.stdout.strip() == f"{number} ['0', '1', '2']", done.stderr


# --- folders --------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only("folders are the same for both")
def test_a_folder_that_cannot_be_written_to_stops_the_start_with_a_sentence() -> None:
    """As an ordinary user: root may write anywhere."""
    top = Path(mkdtemp(prefix="lichtbild-test-"))
    top.chmod(0o755)
    folder = top / "main"
    folder.mkdir()
    folder.chmod(0o555)
    program = (
        "import os, sys\n"
        "from workflow.config import ConfigError, load_config\n"
        "if os.getuid() == 0:\n"
        "    os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    load_config('main', {'LICHTBILD_INSTANCE_DIR': sys.argv[1]})\n"
        "except ConfigError as wrong:\n"
        "    print(wrong)\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, str(top)], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
    finally:
        shutil.rmtree(top)
    assert done.stdout.strip() == f"The folder {folder} cannot be written to by this user.", done.stderr


# --- the database ---------------------------------------------------------------------------------------


@pytest.mark.sqlite_only("about the file")
def test_a_database_file_of_garbage_is_a_sentence_everywhere(world: World) -> None:
    path = Path(str(world.runtime.database.url.database))
    world.runtime.database.dispose()
    for extra in ("-wal", "-shm"):
        Path(f"{path}{extra}").unlink(missing_ok=True)
    path.write_bytes(b"not a database at all " * 1000)
    for words in (["self-check"], ["db", "check"], ["worker", "--drain"], ["doctor"]):
        done = subprocess.run(
            [sys.executable, "-m", "workflow.cli", *words], cwd=ROOT, capture_output=True, text=True, timeout=90,
            env={**os.environ, **environment(world), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode != 0 and "Traceback" not in done.stderr, (words, done.stderr[-600:])
        assert "database" in done.stderr + done.stdout


def test_tables_of_another_version_stop_every_process_with_the_command_to_run(world: World) -> None:
    for revision, word in (("0002", "lichtbild db upgrade"), ("9999", "")):
        with world.runtime.database.transaction() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
        for words in (["worker", "--drain"], ["crawl", "https://example.org/"]):
            told = CliRunner().invoke(cli, words, env=environment(world))
            assert told.exception is not None and word in str(told.exception), told.output


@pytest.mark.postgresql_only("about its settings")
def test_a_real_instance_does_not_start_on_a_postgresql_that_forgets(world: World) -> None:
    """The tests' own server runs without fsync, which is just what must be refused."""
    with world.runtime.database.reading() as session:
        told = checks.commits_are_durable(session)
    assert [sentence.split("=")[0].split()[-1] for sentence in told] == [
        "fsync",
        "synchronous_commit",
        "full_page_writes",
    ]
    check_at_start(world.runtime)  # a demo may
    with pytest.raises(Unavailable, match="fsync=off"):
        check_at_start(replace(world.runtime, config=replace(world.runtime.config, demo=False)))


# --- two people -----------------------------------------------------------------------------------------


def test_two_operators_press_the_same_button_and_it_happens_once(world: World) -> None:
    made = world.submitted()
    page = f"/operator/cases/{made.id}"
    operators = [world.as_operator(), world.as_operator()]
    forms = [changed(each.form(page, {"reason": "licensed"}), reason="licensed") for each in operators]
    answers: list[int] = []
    both = threading.Barrier(2)

    def press(visitor: Visitor, form: tuple) -> None:
        both.wait()
        answers.append(visitor.send(*form).status_code)

    threads = [threading.Thread(target=press, args=pair) for pair in zip(operators, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 409]
    assert world.history(made).count("case:reject") == 1
    assert problems(world.runtime) == []


# --- what is forgotten ----------------------------------------------------------------------------------


def test_a_mail_that_left_says_nothing_any_more(world: World) -> None:
    with world.runtime.database.transaction() as session:
        mail = {
            "to": "a@example.org",
            "template": "contact_request",
            "context": {
                "name": "A",
                "email": "a@example.org",
                "topic": "x",
                "message": "planted-secret",
                "received_on": "2024-03-01",
            },
        }
        outbox.post(session, "mail", mail, key="mail:secret", now=world.now)
    world.work()
    [row] = [row for row in world.all(OutboxMessage) if row.key == "mail:secret"]
    assert row.state is OutboxState.DONE and row.payload == {}
    assert len(world.mails("a@example.org")) == 1


def test_what_is_long_done_is_pruned_and_told_again_it_does_nothing(world: World) -> None:
    world.offered()
    with world.runtime.database.transaction() as session:
        outbox.post(session, "psp.reconcile", {}, key="psp.reconcile:20240301T0900", now=world.now)
        outbox.post(session, "nobody knows", {"kept": 1}, key="failed", now=world.now)
    Worker(world.runtime, handlers(world.gateway)).drain()
    before = {row.key for row in world.all(OutboxMessage)}
    world.clock.advance(timedelta(days=8))
    housekeeping(world.runtime, {})
    left = {row.key: row for row in world.all(OutboxMessage)}
    assert before - set(left) == {"psp.reconcile:20240301T0900"}
    letter = next(key for key in left if key.startswith("letter:"))
    assert left[letter].payload
    world.clock.advance(timedelta(days=85))
    housekeeping(world.runtime, {})
    left = {row.key: row for row in world.all(OutboxMessage)}
    assert left[letter].payload == {} and left["failed"].payload == {"kept": 1}
    with world.runtime.database.transaction() as session:
        assert not outbox.post(session, "letter", {}, key=letter, now=world.now), "the key is still known"
    assert [each for each in look(world.runtime) if each.grave] == []
    world.clock.advance(timedelta(days=320))
    housekeeping(world.runtime, {})
    assert {row.key for row in world.all(OutboxMessage)} == {"failed"}, "what waits for a person stays"
    with world.runtime.database.reading() as session:
        assert deadlines.live(session, "case", world.all(Case)[0].id)


# --- the doctor -----------------------------------------------------------------------------------------


def test_the_doctor_names_what_is_wrong_with_a_remedy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICHTBILD_MASTER_KEY", KEY)
    world.submitted()
    config = world.runtime.config
    told = {line.what: line for line in examine(config)}
    assert {line.verdict for line in told.values()} <= {Verdict.OK, Verdict.ATTENTION}, told
    assert told["keys"].verdict is Verdict.OK and told["truths"].verdict is Verdict.OK
    assert told["processes"].verdict is Verdict.ATTENTION and "lichtbild up" in told["processes"].remedy
    assert set(told) == {"versions", "disk", "permissions", "cards", "mail", "database", "durability", "schema", "keys",
                         "clock", "people", "processes", "messages", "truths"}  # fmt: skip
    away = {line.what: line for line in examine(replace(config, mail_url="smtp://127.0.0.1:9"))}
    assert away["mail"].verdict is Verdict.FAILURE and away["mail"].remedy
    monkeypatch.setenv("LICHTBILD_MASTER_KEY", base64.b64encode(b"1" * 32).decode())
    assert {line.what: line.verdict for line in examine(config)}["keys"] is Verdict.FAILURE
    monkeypatch.setenv("LICHTBILD_MASTER_KEY", KEY)
    (config.instance_dir / "secret.key").chmod(0o644)
    with world.runtime.database.transaction() as session:
        session.execute(text("UPDATE cases SET state = 'settled'"))
        outbox.post(session, "nobody knows", {}, key="x", now=world.now)
    Worker(world.runtime, handlers(None)).drain()
    told = {line.what: line for line in examine(config)}
    assert told["permissions"].verdict is Verdict.FAILURE and told["permissions"].remedy.startswith(
        "chmod 600"
    )
    assert told["truths"].verdict is Verdict.FAILURE and told["messages"].verdict is Verdict.ATTENTION
    printed = CliRunner().invoke(cli, ["doctor"], env=environment(world))
    assert printed.exit_code == 1 and "failure" in printed.output and "→" in printed.output
