"""Documents: sealed, written once, noticed when changed, and never a row without its bytes."""

from __future__ import annotations

import hashlib
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, select
from sqlalchemy.exc import IntegrityError

from workflow.kernel.db import Base, Database
from workflow.kernel.documents import DataKey, Document, Vault
from workflow.kernel.errors import NotFound, Unavailable
from workflow.kernel.ids import new_id
from workflow.kernel.secrets import MasterKey

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
MASTER = MasterKey(bytes(range(32)))
CASE = "case:018f0000-0000-7000-8000-000000000001"
OWNER = "owner:018f0000-0000-7000-8000-000000000002"
DATA = b"proof of a licence" * 50
KILLED = b"killed" * 999


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'test.sqlite'}")
    tables = [Base.metadata.tables["data_keys"], Base.metadata.tables["documents"]]
    Base.metadata.create_all(found.engine, tables)
    yield found
    found.dispose()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", MASTER)


def put(database: Database, vault: Vault, scope: str | None = CASE, data: bytes = DATA) -> Document:
    with database.transaction() as session:
        return vault.put(session, scope, data, media_type="application/pdf", name="proof.pdf", now=NOW)


def get(database: Database, vault: Vault, document: Document) -> bytes:
    with database.reading() as session:
        return vault.get(session, document.id)


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("scope", [CASE, OWNER, None])
@pytest.mark.parametrize("data", [DATA, b"", bytes(300_000)])
def test_what_goes_in_comes_out(database: Database, vault: Vault, scope: str | None, data: bytes) -> None:
    document = put(database, vault, scope, data)
    assert document.address == hashlib.sha256(data).hexdigest()
    assert (document.size, document.media_type, document.name) == (len(data), "application/pdf", "proof.pdf")
    assert document.created_at == NOW
    assert get(database, vault, document) == data
    with database.reading() as session:
        assert vault.check(session) == []
        assert vault.orphans(session) == []


def test_scoped_bytes_are_sealed_and_private_plain_ones_are_plain(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    put(database, vault, CASE)
    [sealed] = files(tmp_path / "vault")
    assert b"licence" not in sealed.read_bytes()
    assert sealed.stat().st_mode & 0o077 == 0
    assert sealed.parent.stat().st_mode & 0o077 == 0
    put(database, vault, None)
    assert (tmp_path / "vault" / "plain" / sealed.name[:2] / sealed.name).read_bytes() == DATA
    with database.reading() as session:
        assert b"".join(session.scalars(select(DataKey.wrapped))).count(MASTER.derive("x")) == 0


def test_the_same_bytes_are_one_document_per_scope(database: Database, vault: Vault, tmp_path: Path) -> None:
    assert put(database, vault, CASE).id == put(database, vault, CASE).id
    assert put(database, vault, None).id == put(database, vault, None).id
    assert len({put(database, vault, scope).id for scope in (CASE, OWNER, None)}) == 3
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DataKey)) == 2
    sealed = [path.read_bytes() for path in files(tmp_path / "vault")]
    assert len(sealed) == len(set(sealed)) == 3


@pytest.mark.parametrize("scope", [CASE, None])
def test_the_database_itself_refuses_a_second_row(
    database: Database, vault: Vault, scope: str | None
) -> None:
    first = put(database, vault, scope)
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(
            Document(
                id=new_id(),
                address=first.address,
                key_id=first.key_id,
                media_type="a/b",
                name="",
                size=1,
                created_at=NOW,
            )
        )


@pytest.mark.parametrize("scope", [CASE, None])
@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "grow", "swap", "remove"])
def test_every_change_is_noticed(
    database: Database, vault: Vault, tmp_path: Path, scope: str | None, harm: str
) -> None:
    other = put(database, vault, scope, b"another document")
    document = put(database, vault, scope)
    [path] = [path for path in files(tmp_path / "vault") if path.name == document.address]
    [other_path] = [path for path in files(tmp_path / "vault") if path.name == other.address]
    good = path.read_bytes()
    if harm == "remove":
        path.unlink()
    else:
        path.write_bytes(
            {
                "flip": good[:40] + bytes([good[40] ^ 1]) + good[41:],
                "cut": good[:-1],
                "empty": b"",
                "grow": good + b"\0",
                "swap": other_path.read_bytes(),
            }[harm]
        )
    with pytest.raises(Unavailable, match="missing" if harm == "remove" else "changed or are damaged"):
        get(database, vault, document)
    with database.reading() as session:
        [problem] = vault.check(session)
    assert str(document.id) in problem
    assert get(database, vault, other) == b"another document"
    # the owner brings the same file again: whole once more, the damaged one kept aside
    assert put(database, vault, scope).id == document.id
    assert get(database, vault, document) == DATA
    with database.reading() as session:
        assert [".damaged-" in path.name for path in vault.orphans(session)] == [True] * (harm != "remove")


def test_another_master_key_opens_nothing(database: Database, vault: Vault, tmp_path: Path) -> None:
    document = put(database, vault)
    with pytest.raises(Unavailable):
        get(database, Vault(tmp_path / "vault", MasterKey(bytes(32))), document)


def test_a_destroyed_key_forgets_the_document(database: Database, vault: Vault) -> None:
    document = put(database, vault)
    raw = database.engine.raw_connection()
    raw.cursor().execute("PRAGMA foreign_keys=OFF")
    raw.cursor().execute("DELETE FROM data_keys")
    raw.commit()
    raw.close()
    with pytest.raises(Unavailable, match="was destroyed"):
        get(database, vault, document)


def test_a_key_in_use_cannot_be_deleted_by_mistake(database: Database, vault: Vault) -> None:
    put(database, vault)
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.execute(delete(DataKey))


def test_an_unknown_document_is_not_found(database: Database, vault: Vault) -> None:
    with pytest.raises(NotFound), database.reading() as session:
        vault.get(session, uuid.UUID(int=0))


def test_a_transaction_rolled_back_leaves_an_orphan_that_is_taken_up(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    put(database, vault, CASE, b"so that the scope has its key")
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        vault.put(session, CASE, DATA, media_type="a/b", name="x", now=NOW)
        _ = 1 // 0
    with database.reading() as session:
        [orphan] = vault.orphans(session)
    assert orphan.name == hashlib.sha256(DATA).hexdigest()
    inode = orphan.stat().st_ino
    document = put(database, vault)
    assert orphan.stat().st_ino == inode
    assert get(database, vault, document) == DATA
    with database.reading() as session:
        assert vault.orphans(session) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=2000), scope=st.sampled_from([CASE, OWNER, None]))
def test_any_bytes(database: Database, vault: Vault, data: bytes, scope: str | None) -> None:
    document = put(database, vault, scope, data)
    assert get(database, vault, document) == data


# --- killed and interrupted ------------------------------------------------------------------------


def child_puts(folder: Path, die_at: int) -> int:
    """A child process puts one document and dies by SIGKILL at the n-th touch of the disk; its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        _put_counting(folder, die_at)
    finally:
        os._exit(1)


def _put_counting(folder: Path, die_at: int) -> None:
    calls: list[str] = []

    def touch(name: str) -> None:
        calls.append(name)
        if len(calls) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            touch(name)
            result = real(*arguments, **options)
            touch(f"{name} done")
            return result

        return call

    for name in ("mkdir", "open", "fsync", "link", "unlink", "rename"):
        setattr(os, name, watched(name, getattr(os, name)))
    database = Database(f"sqlite:///{folder / 'test.sqlite'}")
    event.listen(database.engine, "before_cursor_execute", lambda *told: touch(f"sql {told[2].split()[0]}"))
    event.listen(
        database.engine, "after_cursor_execute", lambda *told: touch(f"sql {told[2].split()[0]} done")
    )
    event.listen(database.engine, "commit", lambda _connection: touch("sql COMMIT"))
    put(database, Vault(folder / "vault", MASTER), CASE, KILLED)
    touch("returned")
    (folder / "calls").write_text("\n".join(calls))
    os._exit(0)


def test_the_order_on_disk(database: Database, tmp_path: Path) -> None:
    database.dispose()
    assert child_puts(tmp_path, 0) == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    insert = len(calls) - 1 - calls[::-1].index("sql INSERT")
    link = calls.index("link")
    before, after = calls[:link], calls[link:insert]
    assert "fsync done" in before[before.index("open") :]  # the bytes are durable before they get their name
    assert after.count("fsync done") >= 3  # and their name, and the folders', before the row is written
    assert "rename" not in calls


def test_killed_at_every_step_there_is_no_row_without_bytes(tmp_path: Path) -> None:
    left_behind, survived, step = 0, False, 0
    while not survived:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        database = Database(f"sqlite:///{folder / 'test.sqlite'}")
        tables = [Base.metadata.tables["data_keys"], Base.metadata.tables["documents"]]
        Base.metadata.create_all(database.engine, tables)
        database.dispose()
        code = child_puts(folder, step)
        assert code in (0, -signal.SIGKILL)
        survived = code == 0
        vault = Vault(folder / "vault", MASTER)
        with database.reading() as session:
            assert vault.check(session) == []
            rows = session.scalar(select(func.count()).select_from(Document))
            left_behind += bool(vault.orphans(session))
        assert rows == 1 or code == -signal.SIGKILL
        document = put(database, vault, CASE, KILLED)  # the retry works, whatever was left
        assert get(database, vault, document) == KILLED
        database.dispose()
    assert step > 30  # the kills really went through all of it
    assert left_behind > 5


def test_a_vault_that_cannot_write_makes_no_row(database: Database, tmp_path: Path) -> None:
    (tmp_path / "vault").write_text("a file where the folder should be")
    with pytest.raises(NotADirectoryError), database.transaction() as session:
        Vault(tmp_path / "vault", MASTER).put(session, CASE, DATA, media_type="a/b", name="x", now=NOW)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 0
    assert (tmp_path / "vault").is_file()
