"""The way back: refuse what does not fit, unpack beside, verify each byte, then put it in place."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from workflow.backups import databases
from workflow.backups.manifest import MAX_BYTES, NAME, Entry, Manifest, check_key, read_manifest
from workflow.building import build_runtime
from workflow.checks import problems
from workflow.config import Config
from workflow.kernel.db import Database
from workflow.kernel.errors import Refused, Unavailable
from workflow.kernel.files import sync_folder
from workflow.kernel.secrets import MasterKey
from workflow.schema import alembic_config, current_head, upgrade

#: What an instance that was never used may hold already.
MADE_BEFORE = {"secret.key", "master.key"}
PIECE = 1024 * 1024


def read(source: Path) -> tuple[Manifest, dict[str, Any]]:
    """The table of contents; :class:`Refused` for a file that is no whole backup."""
    try:
        with tarfile.open(source, "r:") as archive:
            info = archive.getmember(NAME)
            file = archive.extractfile(info) if info.isreg() and info.size <= MAX_BYTES else None
            if file is None:
                raise Refused("The backup is damaged: its table of contents cannot be read.")
            return read_manifest(file.read())
    except FileNotFoundError as missing:
        raise Refused(f"There is no file {source}.") from missing
    except (tarfile.TarError, KeyError, OSError) as broken:
        raise Refused(f"{source} is not a whole backup: it is damaged or was cut off.") from broken


def restore(config: Config, source: Path, *, key_file: Path | None = None) -> Manifest:
    """Bring the instance of ``config`` back from ``source``. Nothing that is there is ever overwritten."""
    manifest, raw = read(source)
    _refuse_what_does_not_fit(config, manifest)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=config.instance_dir.parent) as folder:
        unpacked = Path(folder)
        _unpack(source, manifest, unpacked)
        key, text = _key(config, manifest, unpacked, key_file)
        check_key(manifest, raw, key)
        _put_in_place(config, manifest, unpacked, text)
    database = Database(config.database_url)
    try:
        if manifest.revision != current_head():
            upgrade(database)
    finally:
        database.dispose()
    return manifest


def verify(config: Config, source: Path) -> list[str]:
    """Restore into an empty place, look at every truth there, take the place away; what does not hold."""
    with tempfile.TemporaryDirectory(prefix=".verifying-", dir=source.parent) as folder:
        # under the key the instance has, wherever it has it from
        key_path = Path(folder) / "master.key"
        home = Path(folder) / "instance"
        home.mkdir()
        with databases.passing_place(make_url(config.database_url), home) as url:
            place = replace(
                config, instance_dir=home, database_url=url.render_as_string(hide_password=False),
                master_key_path=config.master_key_path if config.master_key_path.exists() else key_path,
            )  # fmt: skip
            restore(place, source)
            runtime = build_runtime(place)
            try:
                return problems(runtime)
            finally:
                runtime.database.dispose()


def _refuse_what_does_not_fit(config: Config, manifest: Manifest) -> None:
    url = make_url(config.database_url)
    if manifest.demo != config.demo:
        kind = "a demo" if manifest.demo else "a real instance"
        raise Refused(f"The backup is of {kind}; “{config.instance}” is not. Choose another --instance.")
    if url.get_backend_name() != manifest.database:
        raise Refused(
            f"The backup holds a {manifest.database} database, LICHTBILD_DATABASE_URL names a "
            f"{url.get_backend_name()} one: restore it into the same kind."
        )
    known = {script.revision for script in ScriptDirectory.from_config(_scripts(config)).walk_revisions()}
    if manifest.revision not in known:
        raise Refused(
            f"The backup was made by a newer version (revision {manifest.revision}, {manifest.version}): "
            "install that version first."
        )
    there = (
        {path.name for path in config.instance_dir.iterdir()} - MADE_BEFORE
        if config.instance_dir.exists()
        else set()
    )
    if there or not databases.is_empty(url):
        raise Refused(
            f"The instance “{config.instance}” is not empty; a restore never overwrites. Use another."
        )


def _scripts(config: Config) -> Any:
    database = Database(config.database_url)
    try:
        return alembic_config(database)
    finally:
        database.dispose()


def _unpack(source: Path, manifest: Manifest, folder: Path) -> None:
    """Every file of the manifest, verified; a member that the manifest does not name is damage."""
    wanted = {entry.name: entry for entry in manifest.entries}
    try:
        with tarfile.open(source, "r:") as archive:
            for member in archive:
                if member.name == NAME:
                    continue
                entry = wanted.pop(member.name, None)
                if entry is None or not member.isreg() or member.size != entry.size:
                    raise Refused(f"The backup holds a file it does not name: {member.name[:80]!r}.")
                _write(archive, member, entry, _within(folder, entry.name))
    except (tarfile.TarError, EOFError) as broken:
        raise Refused("The backup is damaged or was cut off.") from broken
    if wanted:
        raise Refused(f"The backup lacks {len(wanted)} files, the first is {min(wanted)}.")


def _within(folder: Path, name: str) -> Path:
    """Where a file belongs (``tarfile.data_filter`` is not there in the Python of Debian 12)."""
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise tarfile.TarError(f"{name[:80]!r} leads outside")
    return target


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, entry: Entry, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    file = archive.extractfile(member)
    assert file is not None, "a regular file has content"
    seen = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while piece := file.read(PIECE):
            seen.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if seen.hexdigest() != entry.sha256:
        raise Refused(f"The backup is damaged: {entry.name} is not what was written.")


def _key(
    config: Config, manifest: Manifest, unpacked: Path, key_file: Path | None
) -> tuple[MasterKey, bytes | None]:
    """The master key, and its bytes when the instance does not have it yet."""
    if key_file is not None:
        return MasterKey.load(key_file, {}), key_file.read_bytes()
    if manifest.with_keys and not config.master_key_path.exists():
        path = unpacked / "keys" / "master.key"
        return MasterKey.load(path, {}), path.read_bytes()
    try:
        return MasterKey.load(config.master_key_path), None
    except Unavailable as missing:
        raise Refused(
            "The backup was made without its master key. Bring the key: --key-file FILE, or set "
            "LICHTBILD_MASTER_KEY."
        ) from missing


def _put_in_place(config: Config, manifest: Manifest, unpacked: Path, key: bytes | None) -> None:
    """Files first, the database last: a restore that is cut off leaves no database that looks whole."""
    home = config.instance_dir
    home.mkdir(parents=True, exist_ok=True)
    if key is not None and not config.master_key_path.exists():
        path = config.master_key_path
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
    if (kept := unpacked / "keys" / "secret.key").exists():
        kept.replace(home / "secret.key")
    moved: list[Path] = []
    try:
        for name in ("vault", "crawl"):
            if (unpacked / name).is_dir():
                (unpacked / name).rename(home / name)
                moved.append(home / name)
        if (unpacked / "demo").is_dir():
            for path in sorted((unpacked / "demo").iterdir()):
                path.rename(home / path.name)
                moved.append(home / path.name)
        databases.load(unpacked / databases.FILES[manifest.database], make_url(config.database_url))
    except BaseException:
        for path in moved:
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    sync_folder(home)
