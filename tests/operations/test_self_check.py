"""Every truth is silent in a life in which everything happened, and says its one sentence when it is broken."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.world import World
from workflow import checks
from workflow.checks import TRUTHS, look, self_check
from workflow.kernel import document_checks, findings, pulses
from workflow.kernel.db import Session
from workflow.wiring import LIFECYCLES

APPEND_ONLY = ("audit_entries", "audit_seals", "journal_lines", "journal_entries")


def unlock(world: World, session: Session) -> None:
    """Take the locks off, as somebody with the database in hand could."""
    if world.runtime.database.dialect == "postgresql":
        session.execute(text("SET session_replication_role = replica"))
        return
    for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        session.execute(text(f"DROP TRIGGER {name}"))


def tamper(world: World, *statements: str) -> None:
    with world.runtime.database.transaction() as session:
        unlock(world, session)
        if world.runtime.database.dialect == "sqlite":
            session.execute(text("PRAGMA defer_foreign_keys=ON"))
        for statement in statements:
            changed = session.execute(text(statement)).rowcount
            assert changed >= 1 or statement.startswith("DROP"), f"nothing was changed by {statement}"


def found(world: World) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for each in look(world.runtime):
        told.setdefault(each.truth, []).append(each.sentence)
    return told


def test_all_truths_hold_in_a_life_in_which_everything_happened(lived: World) -> None:
    assert look(lived.runtime) == []
    assert set(checks.LIFECYCLES) == set(LIFECYCLES.values())
    assert len({truth.name for truth in TRUTHS}) == len(TRUTHS)


ONE = "(SELECT {0} FROM {1} {2} ORDER BY id LIMIT 1)"
RECEIVED = "received_at IS NOT NULL"
GUESSED = (
    "INSERT INTO portal_attempts (id, source_hash, reference_hash, at) SELECT '{new}', source_hash, "
    "reference_hash, at FROM portal_attempts ORDER BY at DESC LIMIT 1"
)

#: Truth, what breaks it, and the sentence it says.
BROKEN: dict[str, tuple[tuple[str, ...], str]] = {
    "schema": (("UPDATE alembic_version SET version_num = '0002'",), r"The tables are not at the newest revision"),
    "transfers": (
        ("UPDATE bank_transfers SET amount_minor = amount_minor + 1 WHERE case_id IS NULL",),
        r"The transfer of .* from Example Walks Ltd is not booked\.",
    ),
    "ledger": (
        (("UPDATE journal_lines SET amount_minor = amount_minor + 1 WHERE id = (SELECT id FROM journal_lines WHERE "
         "account = 'psp_fees' ORDER BY id LIMIT 1)"),),
        r"Journal entry [0-9a-f-]{36} is off by 1 EUR\.",
    ),
    "claims": (
        ("UPDATE claim_lines SET net_minor = net_minor + 5 WHERE id = (SELECT id FROM claim_lines ORDER BY id LIMIT 1)",),
        r"Case \S+: the lines of offer 1 are not its sum\.",
    ),
    "bookings": (
        (("UPDATE journal_lines SET account = 'costs_advanced' WHERE id = (SELECT id FROM journal_lines WHERE account = "
         "'commission' ORDER BY id LIMIT 1)"),),
        r"Case \S+: the booking of the payment differs in commission\.",
    ),
    "journal": (
        ("UPDATE payins SET received_at = NULL WHERE id = (SELECT id FROM payins WHERE received_at IS NOT NULL ORDER BY id LIMIT 1)",),
        r"The booking payin:[0-9a-f-]{36} belongs to no payment that was received\.",
    ),
    "paid cases": (
        ("UPDATE payins SET received_at = NULL WHERE id = (SELECT id FROM payins WHERE received_at IS NOT NULL ORDER BY id DESC LIMIT 1)",),
        r"Case \S+ is paid, but no payment of it was received\.",
    ),
    "payouts": (
        ("UPDATE payouts SET amount_minor = amount_minor + 1 WHERE id = (SELECT id FROM payouts ORDER BY id LIMIT 1)",),
        r"Case \S+: the payout is not the booked share\.",
    ),
    "case history": (
        ("UPDATE cases SET state = 'settled' WHERE id = (SELECT id FROM cases ORDER BY id LIMIT 1)",),
        r"The case [0-9a-f-]{36} is “settled”, but its history ends with “\w+”\.",
    ),
    "hit history": (
        ("UPDATE hits SET state = 'shown', verdict = NULL WHERE id = (SELECT id FROM hits WHERE state = 'reviewed' ORDER BY id LIMIT 1)",),
        r"The hit [0-9a-f-]{36} is “shown”, but its history ends with “reviewed”\.",
    ),
    "payin history": (
        ("UPDATE payins SET state = 'won' WHERE id = (SELECT id FROM payins WHERE state = 'received' LIMIT 1)",),
        r"The payin [0-9a-f-]{36} is “won”, but its history ends with “received”\.",
    ),
    "payout history": (
        ("UPDATE payouts SET state = 'approved' WHERE id = (SELECT id FROM payouts WHERE state = 'available' LIMIT 1)",),
        r"The payout [0-9a-f-]{36} is “approved”, but its history ends with “available”\.",
    ),
    "audit chain": (
        ("UPDATE audit_entries SET note = 'never said' WHERE id = (SELECT id FROM audit_entries ORDER BY id LIMIT 1)",),
        r"Audit chain of \w+ [0-9a-f-]{36} breaks at 1\.",
    ),
    "dates": (
        ("DROP INDEX one_live_deadline_per_kind",
         ("INSERT INTO deadlines (id, subject_type, subject_id, kind, trigger, due_at, ours, state, reasons, claims, opened_at) "
         "SELECT '{new}', subject_type, subject_id, kind, trigger, due_at, ours, state, reasons, claims, opened_at "
         "FROM deadlines WHERE state = 'open' LIMIT 1")),
        r"The case [0-9a-f-]{36} has 2 live dates of the kind “\w+”\.",
    ),
    "next dates": (
        ("UPDATE deadlines SET state = 'ended' WHERE id = (SELECT id FROM deadlines WHERE state = 'open' ORDER BY id LIMIT 1)",),
        r"Case \S+ is “[\w ]+” and has no next date\.",
    ),
    "holds": (
        (("UPDATE deadlines SET state = 'open' "
          "WHERE id = (SELECT id FROM deadlines WHERE state = 'paused' ORDER BY id LIMIT 1)"),),
        r"Case \S+: the date “\w+” runs although the case is held\.",
    ),
    "taken dates": (
        (("UPDATE deadlines SET state = 'claimed', claims = claims + 1 WHERE id = (SELECT id FROM deadlines WHERE state = 'open' "
         "ORDER BY id LIMIT 1)"),),
        r"The date [0-9a-f-]{36} was taken, but no message fires it\.",
    ),
    "letters": (
        ("UPDATE letters SET state = 'queued' WHERE id = (SELECT id FROM letters WHERE state = 'sent' ORDER BY id LIMIT 1)",),
        r"Case \S+: the letter “\w+” waits, but no message carries it\.",
    ),
    "received": (
        ("UPDATE inbox SET state = 'received' WHERE id = (SELECT id FROM inbox ORDER BY id LIMIT 1)",),
        r"The message evt_\S+ of stripe came in, but nothing reads it\.",
    ),
    "abandoned": (
        (("UPDATE outbox SET state = 'claimed', lease_until = '2024-03-02 09:00:00' WHERE id = (SELECT id FROM outbox WHERE "
         "kind = 'event' ORDER BY id LIMIT 1)"),),
        r"The message event:\S+ was taken by a worker that fell silent, and no worker took it over\.",
    ),
    "sessions": (
        ("UPDATE desk_sessions SET expires_at = '2031-01-01 00:00:00'",),
        r"\d+ browsers are signed in for longer than anybody may be\.",
    ),
    "stuck payments": (
        ("UPDATE payins SET state = 'pending', asked_at = '2024-03-02 09:00:00' WHERE id = (SELECT id FROM payins ORDER BY id LIMIT 1)",),
        r"Case \S+: a payment has been open for more than two days; ask the payment service\.",
    ),
    "messages": (
        (("UPDATE outbox SET state = 'failed', created_at = '2024-03-02 09:00:00' WHERE id = (SELECT id FROM outbox WHERE kind = "
         "'mail' ORDER BY id LIMIT 1)"),),
        r"1 messages have been “failed” for more than a day: see the queue\.",
    ),
    "guessing": (
        (GUESSED,) * 200,
        r"Somebody guesses codes of the portal",
    ),
    "ended sessions": (
        ("UPDATE desk_sessions SET expires_at = '2024-03-04 00:00:00', created_at = '2024-03-03 20:00:00'",),
        r"\d+ sessions ended days ago and are still kept: does a worker run\?",
    ),
}  # fmt: skip


def test_each_truth_is_broken_and_says_its_one_sentence(
    lived: World, settle_again: Callable[[], None]
) -> None:
    told_in_all: dict[str, list[str]] = {}
    amiss: dict[str, dict[str, list[str]]] = {}
    for truth, (statements, sentence) in BROKEN.items():
        if "sessions" in truth:
            lived.as_owner()
        tamper(lived, *(each.replace("{new}", _new_id(lived)) for each in statements))
        told = found(lived)
        told_in_all[truth] = told.get(truth, [])
        if len(told_in_all[truth]) != 1 or not re.match(sentence, told_in_all[truth][0]):
            amiss[truth] = told
        settle_again()
    assert amiss == {}
    assert look(lived.runtime) == []
    by_rows = {truth.name for truth in TRUTHS} - {
        "durable",
        "pages",
        "references",
        "documents",
        document_checks.RE_READ,
        "beside",
    }
    assert set(told_in_all) == by_rows, "a new truth needs a line that breaks it"


def _new_id(world: World) -> str:
    return uuid.uuid4().hex if world.runtime.database.dialect == "sqlite" else str(uuid.uuid4())


@pytest.fixture
def settle_again(lived: World) -> Callable[[], None]:
    """Bring the database back to where it was."""
    from sqlalchemy import create_engine

    url = lived.runtime.database.url
    if lived.runtime.database.dialect == "sqlite":
        import sqlite3

        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with sqlite3.connect(url.database or "") as now:
            now.backup(kept)

        def back() -> None:
            lived.runtime.database.dispose()
            with sqlite3.connect(url.database or "") as now:
                kept.backup(now)

        return back
    template = f"{url.database}_kept"
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    lived.runtime.database.dispose()
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{template}" TEMPLATE "{url.database}"'))

    def again() -> None:
        lived.runtime.database.dispose()
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{url.database}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{url.database}" TEMPLATE "{template}"'))

    return again


def test_a_document_that_is_gone_changed_or_cut_is_named(lived: World) -> None:
    files = sorted(path for path in lived.runtime.config.vault_dir.rglob("*") if path.is_file())
    whole = {path: path.read_bytes() for path in files[:3]}
    for what, path in zip(("gone", "cut", "changed"), files, strict=False):
        data = whole[path]
        if what == "gone":
            path.unlink()
        else:
            path.chmod(0o600)
            path.write_bytes(data[:-5] if what == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
        told = found(lived)
        [read] = told.pop(document_checks.RE_READ)
        assert re.search(r"document [0-9a-f-]{36}", read)
        if what == "changed":
            assert told == {}, "only reading the bytes shows this"
        else:
            assert len(told.pop("documents")) == 1 and told == {}
        path.write_bytes(data)
    assert look(lived.runtime) == []


def test_what_lies_beside_the_documents_is_a_notice_once_it_is_old(world: World) -> None:
    world.submitted()
    folder = next(path for path in world.runtime.config.vault_dir.rglob("*") if path.is_file()).parent
    for name in ("f" * 64, ".draft.0123.part"):
        (folder / name).write_bytes(b"left")
        os.utime(folder / name, (world.now.timestamp(),) * 2)
    assert look(world.runtime) == [], "somebody may be writing it now"
    world.clock.advance(timedelta(hours=2))
    told = [each for each in look(world.runtime) if each.truth == "beside"]
    assert [each.grave for each in told] == [False, False]
    assert told[0].sentence.startswith("1 unfinished files") and told[1].sentence.startswith(
        "1 files lie in the vault"
    )


def test_the_worker_reads_every_document_in_slices_and_tells_where_people_look(
    lived: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(document_checks, "SMALLEST_SLICE", 5)
    runtime = lived.runtime
    victim = min(path for path in runtime.config.vault_dir.rglob("*") if path.is_file())
    data = victim.read_bytes()
    victim.chmod(0o600)
    victim.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    total = sum(path.is_file() for path in runtime.config.vault_dir.rglob("*"))
    for _ in range(total // 5 + 1):
        self_check(runtime, {})
    with runtime.database.reading() as session:
        [row] = findings.standing(session)
        pulse = pulses.last(session, pulses.SELF_CHECK)
        assert pulse is not None and pulse.at == lived.clock.wall()
    assert row.truth == document_checks.RE_READ and row.grave and row.sentence in caplog.text
    assert "What self-check found" in (page := lived.as_operator().page("/operator/queue"))
    assert row.sentence.split(" were ")[0].split(" document ")[0] in page
    assert lived.desk.test_client().get("/ready").get_json()["truths"] is False
    assert lived.desk.test_client().get("/live").status_code == 200
    victim.write_bytes(data)
    self_check(runtime, {})
    with runtime.database.reading() as session:
        assert findings.standing(session) == [], "what is right again is not told any more"


def test_by_hand_it_is_silent_or_exits_one(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from workflow.cli import cli

    if world.runtime.database.dialect == "sqlite":
        environment = {
            "LICHTBILD_INSTANCE_DIR": str(world.runtime.config.instance_dir.parent),
            "LICHTBILD_MASTER_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        }
        world.offered()
        for words in ([], ["--fast"]):
            quiet = CliRunner().invoke(cli, ["self-check", *words], env=environment)
            assert (quiet.exit_code, quiet.output) == (0, "")
        tamper(world, "UPDATE deadlines SET state = 'ended' WHERE state = 'open'")
        loud = CliRunner().invoke(cli, ["self-check", "--fast", "--json"], env=environment)
        assert loud.exit_code == 1 and len(json.loads(loud.stdout)) == 1
        assert "Not looked at: references, audit chain, document bytes, beside." in loud.stderr
