"""A backup counts when it was restored into an empty place and every truth holds there; the pages are equal."""

from __future__ import annotations

import io
import json
import re
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.parts import make_runtime
from tests.world import World, config_at
from workflow.backups import databases
from workflow.backups.manifest import NAME
from workflow.backups.restoring import restore, verify
from workflow.backups.writing import write_backup
from workflow.checks import look
from workflow.cli import cli
from workflow.config import Config
from workflow.kernel.db import Database
from workflow.kernel.errors import Refused

#: The key of every world of the tests.
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#: What differs from visit to visit: tokens of forms, numbers of requests, the browsers that are signed in.
CHANGING = re.compile(
    r'(name="csrf[^"]*"[^>]*value="|value=")[\w.=-]{40,}"|Reference [0-9a-f]{10}'
    r'|<section id="sessions">.*?</section>',
    re.DOTALL,
)
LINKS = re.compile(r'href="(/(?:operator/)?(?:cases|inbox|money|photographs)/[0-9a-f-]{36})"')
OWNER_PAGES = ("/inbox", "/photographs/", "/cases/", "/money/", "/settings")
OPERATOR_PAGES = ("/operator/queue", "/operator/cases/", "/operator/letters/", "/operator/payments/",
                  "/operator/payouts/", "/operator/set-up")  # fmt: skip


@pytest.fixture(autouse=True)
def own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICHTBILD_MASTER_KEY", KEY)


@pytest.fixture
def empty_place(tmp_path: Path, lived: World, new_database: str) -> Config:
    """An instance nobody used yet, on a database of the same kind."""
    config = config_at(tmp_path / "other", LICHTBILD_DATABASE_URL=new_database)
    return replace(config, stripe_api_base=lived.runtime.config.stripe_api_base)


def pages(world: World) -> dict[str, str]:
    """What owner, operator and recipient see, without what differs from visit to visit."""
    seen: dict[str, str] = {}
    owner, operator = world.as_owner(), world.as_operator()
    for visitor, paths in ((owner, OWNER_PAGES), (operator, OPERATOR_PAGES)):
        for path in paths:
            seen[path] = visitor.page(path)
            for link in sorted(set(LINKS.findall(seen[path])))[:8]:
                seen[link] = visitor.page(link)
    anybody = world.portal.test_client()
    for path in ("/", "/verify"):
        seen[f"portal {path}"] = anybody.get(path).text
    return {path: CHANGING.sub("", page) for path, page in seen.items()}


@pytest.mark.slow
def test_restored_into_an_empty_folder_all_truths_hold_and_the_pages_are_equal(
    lived: World, empty_place: Config, tmp_path: Path
) -> None:
    target = tmp_path / "whole.backup"
    manifest = write_backup(lived.runtime, target, with_keys=False)
    assert manifest.database == lived.runtime.database.dialect and manifest.size <= target.stat().st_size
    kinds = {entry.name.split("/")[0] for entry in manifest.entries}
    assert kinds >= {databases.FILES[manifest.database], "vault", "crawl"}
    before = pages(lived)
    assert len(before) > 12, sorted(before)
    restore(empty_place, target)
    runtime = make_runtime(
        empty_place, Database(empty_place.database_url), lived.clock, lived.runtime.decoder
    )
    assert look(runtime) == []
    after = pages(World(runtime, lived.clock, lived.owner, lived.operator, lived.standin))
    assert set(after) == set(before)
    assert [path for path in before if before[path] != after[path]] == []
    assert verify(lived.runtime.config, target) == []
    runtime.database.dispose()


def test_a_backup_taken_while_others_write_is_of_one_moment(lived: World, tmp_path: Path) -> None:
    """Somebody adds rows all the time; the copy has a moment of its own and every truth holds."""
    import threading

    from workflow.kernel import outbox

    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            with lived.runtime.database.transaction() as session:
                for _ in range(20):
                    number += 1
                    outbox.post(session, "event", {"n": number}, key=f"noise:{number}", now=lived.now)
                session.execute(
                    text("UPDATE outbox SET state = 'done' WHERE key LIKE 'noise:%' AND state <> 'done'")
                )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            target = tmp_path / f"{number}.backup"
            write_backup(lived.runtime, target, with_keys=False)
            assert verify(lived.runtime.config, target) == []
    finally:
        stop.set()
        writer.join()


@pytest.fixture
def written(world: World, tmp_path: Path) -> Path:
    world.submitted()
    target = tmp_path / "small.backup"
    write_backup(world.runtime, target, with_keys=False)
    return target


Change = Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]


def changed(source: Path, target: Path, change: Change) -> Path:
    """The archive with something else in it."""
    with tarfile.open(source) as archive:
        members = [(info, archive.extractfile(info).read()) for info in archive]
    change(members)
    with tarfile.open(target, "w") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target


def in_manifest(members: list[tuple[tarfile.TarInfo, bytes]], edit: Callable[[dict], None]) -> None:
    info, data = members.pop()
    assert info.name == NAME
    told = json.loads(data)
    edit(told)
    members.append((info, json.dumps(told).encode()))


def _altered(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    at = next(n for n, (info, _) in enumerate(members) if info.name.startswith("vault/"))
    info, data = members[at]
    members[at] = (info, data[:-1] + bytes([data[-1] ^ 1]))


def _escaping(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members[1][0].name = "../../outside"
    in_manifest(members, lambda told: told["entries"][1].update(name="../../outside"))


def _absolute(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members[1][0].name = "/outside"
    in_manifest(members, lambda told: told["entries"][1].update(name="/outside"))


def _unnamed(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members.insert(1, (tarfile.TarInfo("vault/extra"), b"extra"))


def _link(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    info = members[1][0]
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"


def _fewer(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members.pop(1)


def _newer(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    in_manifest(members, lambda told: told.update(revision="9999"))


def _another_story(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    in_manifest(members, lambda told: told.update(made_at="2031-01-01T00:00:00+00:00"))


def _another_format(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    in_manifest(members, lambda told: told.update(format=2))


@pytest.mark.sqlite_only("the archive is the same for both")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_altered, "is not what was written"), (_escaping, "does not belong"), (_absolute, "does not belong"),
        (_unnamed, "does not name"), (_link, "does not name|lacks|damaged"), (_fewer, "lacks 1 files"),
        (_newer, "newer version"), (_another_story, "was changed after"), (_another_format, "has the format 2"),
    ],
)  # fmt: skip
def test_a_damaged_or_forged_backup_is_refused_and_nothing_is_left(
    written: Path, tmp_path: Path, change: Change, sentence: str
) -> None:
    forged = changed(written, tmp_path / "forged.backup", change)
    config = config_at(tmp_path / "other")
    with pytest.raises(Refused, match=sentence):
        restore(config, forged)
    assert [path.name for path in config.instance_dir.iterdir()] == ["secret.key"]
    assert [path.name for path in config.instance_dir.parent.iterdir()] == ["demo"]


@pytest.mark.sqlite_only("the archive is the same for both")
def test_what_does_not_fit_is_refused(
    written: Path, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="is not empty"):
        restore(world.runtime.config, written)
    cut = tmp_path / "cut.backup"
    for size in (0, 100, 5000, written.stat().st_size // 2):
        cut.write_bytes(written.read_bytes()[:size])
        with pytest.raises(Refused, match="damaged|whole backup"):
            restore(config_at(tmp_path / "other"), cut)
    with pytest.raises(Refused, match="no file"):
        restore(config_at(tmp_path / "other"), tmp_path / "nowhere")
    with pytest.raises(Refused, match="exists already"):
        write_backup(world.runtime, written, with_keys=False)
    monkeypatch.setenv("LICHTBILD_MASTER_KEY", "A" * 42 + "E=")
    with pytest.raises(Refused, match="is not the one the backup was made under"):
        restore(config_at(tmp_path / "other"), written)
    monkeypatch.delenv("LICHTBILD_MASTER_KEY")
    with pytest.raises(Refused, match="without its master key"):
        restore(config_at(tmp_path / "other"), written)
    assert [path.name for path in (tmp_path / "other" / "demo").iterdir()] == ["secret.key"]


@pytest.mark.sqlite_only("about the commands")
def test_the_commands_verify_and_say_where_the_keys_are(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LICHTBILD_MASTER_KEY")
    world.submitted()
    config = world.runtime.config
    config.master_key_path.write_bytes(bytes(32))
    config.master_key_path.chmod(0o600)
    here = {"LICHTBILD_INSTANCE_DIR": str(config.instance_dir.parent)}
    there = {"LICHTBILD_INSTANCE_DIR": str(tmp_path / "other")}
    with_keys, without = tmp_path / "with.backup", tmp_path / "without.backup"
    told = CliRunner().invoke(cli, ["backup", str(without)], env=here)
    assert (
        told.exit_code == 0 and "every truth holds" in told.output and "The keys are not in it" in told.output
    )
    told = CliRunner().invoke(cli, ["backup", str(with_keys), "--with-keys"], env=here)
    assert told.exit_code == 0 and "The keys are not in it" not in told.output
    assert without.stat().st_mode & 0o077 == 0
    told = CliRunner().invoke(cli, ["restore", str(with_keys)], env=there)
    assert told.exit_code == 0, told.output
    assert CliRunner().invoke(cli, ["self-check", "--json"], env=there).stdout.strip() == "[]"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    # a truth that does not hold: the backup is not called good
    with world.runtime.database.transaction() as session:
        session.execute(text("UPDATE cases SET state = 'settled'"))
    told = CliRunner().invoke(cli, ["backup", str(tmp_path / "bad.backup")], env=here)
    assert told.exit_code == 1 and "its history ends with" in told.output
    assert not (tmp_path / "bad.backup").exists() and (tmp_path / "bad.backup.unverified").exists()


@pytest.mark.postgresql_only("about PostgreSQL's programs")
def test_a_missing_or_old_program_is_a_sentence(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(databases, "FOLDERS", tmp_path / "none")
    with pytest.raises(Exception, match="pg_dump is not installed: install postgresql-client-"):
        write_backup(world.runtime, tmp_path / "x.backup", with_keys=False)
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    old.chmod(0o700)
    monkeypatch.setattr(shutil, "which", lambda _name: str(old))
    with pytest.raises(Exception, match="is older than the server"):
        write_backup(world.runtime, tmp_path / "x.backup", with_keys=False)
    assert (
        sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name or "licht" in path.name)
        == []
    )
