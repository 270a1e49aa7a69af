"""Writing a backup: the database as of one moment, then every file it names, then the table of contents."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO

from sqlalchemy import create_engine, select
from sqlalchemy.engine import Engine

from detection.crawl.store import ContentStore
from detection.crawl.tables import crawl_images, crawl_pages
from workflow.backups import databases
from workflow.backups.manifest import NAME, Entry, Manifest, key_mark
from workflow.config import ROOT
from workflow.kernel.documents import PLAIN_FOLDER, Document
from workflow.kernel.errors import Refused
from workflow.kernel.files import UNFINISHED, sync_folder
from workflow.kernel.runtime import Runtime
from workflow.schema import require_current, revision_of

BATCH = 1000
DEMO_FILES = ("clock.json", "ready")
DEMO_FOLDERS = ("mailbox", "world")


def write_backup(runtime: Runtime, target: Path, *, with_keys: bool) -> Manifest:
    """Write ``target`` beside and put it in place when it is whole and durable; never over another file."""
    if target.exists():
        raise Refused(f"{target} exists already; a backup never replaces another.")
    require_current(runtime.database)
    if not target.parent.is_dir():
        raise Refused(f"There is no folder {target.parent}.")
    draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}{UNFINISHED}")
    try:
        with tempfile.TemporaryDirectory(prefix=".lichtbild-", dir=target.parent) as folder:
            copy = Path(folder) / databases.FILES[runtime.database.dialect]
            before = set(_crawled(runtime.database.engine))
            databases.save(runtime.database, copy)
            manifest = _pack(runtime, copy, draft, before, with_keys=with_keys)
        os.link(draft, target)
        sync_folder(target.parent)
    except FileExistsError as there:
        raise Refused(f"{target} exists already; a backup never replaces another.") from there
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _pack(runtime: Runtime, copy: Path, draft: Path, crawled: set[str], *, with_keys: bool) -> Manifest:
    config = runtime.config
    entries: list[Entry] = []
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            entries.append(_add(archive, copy.name, copy))
            for name, path in _files(runtime, copy, crawled, with_keys=with_keys):
                entries.append(_add(archive, name, path))
            manifest = Manifest(
                instance=config.instance, demo=config.demo, made_at=runtime.clock.wall().isoformat(),
                version=version("lichtbild"), commit=_commit(), database=runtime.database.dialect,
                revision=revision_of(runtime.database) or "", key_mark=key_mark(runtime.secrets),
                with_keys=with_keys, entries=tuple(entries),
            )  # fmt: skip
            data = manifest.to_bytes(runtime.secrets)
            info = tarfile.TarInfo(NAME)
            info.size, info.mode = len(data), 0o600
            archive.addfile(info, io.BytesIO(data))
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _files(runtime: Runtime, copy: Path, crawled: set[str], *, with_keys: bool) -> Iterator[tuple[str, Path]]:
    """Name and place of every further file: what the copied database names, not what happens to lie about."""
    config = runtime.config
    # the live database may know more by now: files are only ever added, so the copy's files are all there
    engine = create_engine(f"sqlite:///{copy}") if copy.suffix == ".sqlite" else runtime.database.engine
    try:
        for address, key_id in _documents(engine):
            folder = PLAIN_FOLDER if key_id is None else key_id.hex
            yield f"vault/{folder}/{address[:2]}/{address}", runtime.vault.file_of(address, key_id)
        store = ContentStore(config.crawl_dir)
        # a page fetched anew meanwhile names other bytes: those before and after are both taken
        for address in sorted(crawled | set(_crawled(engine))):
            if store.path(address).exists():
                yield f"crawl/{address[:2]}/{address[2:4]}/{address}", store.path(address)
    finally:
        if engine is not runtime.database.engine:
            engine.dispose()
    if with_keys:
        for name, path in (
            ("master", config.master_key_path),
            ("secret", config.instance_dir / "secret.key"),
        ):
            if not path.exists():
                raise Refused(f"There is no {path}: the key is given by the environment; keep it yourself.")
            yield f"keys/{name}.key", path
    if config.demo:
        yield from _demo_files(config.instance_dir, copy.parent)


def _demo_files(folder: Path, spare: Path) -> Iterator[tuple[str, Path]]:
    """What a demo has besides: its clock, its mailbox, its small web, its stand-in for cards."""
    for name in DEMO_FILES:
        if (folder / name).is_file():
            yield f"demo/{name}", folder / name
    for name in DEMO_FOLDERS:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield f"demo/{path.relative_to(folder)}", path
    if (folder / "standin.sqlite").exists():
        databases.copy_sqlite(folder / "standin.sqlite", spare / "standin.sqlite")
        yield "demo/standin.sqlite", spare / "standin.sqlite"


def _documents(engine: Engine) -> Iterator[tuple[str, uuid.UUID | None]]:
    asked = select(Document.address, Document.key_id).distinct().execution_options(yield_per=BATCH)
    with engine.connect().execution_options(lichtbild_mode="read") as connection:
        for row in connection.execute(asked):
            yield row[0], row[1]


def _crawled(engine: Engine) -> Iterator[str]:
    asked = select(crawl_pages.c.sha256).union(select(crawl_images.c.sha256))
    with engine.connect().execution_options(lichtbild_mode="read") as connection:
        for (address,) in connection.execute(asked.execution_options(yield_per=BATCH)):
            yield address


class _Counting(io.RawIOBase):
    """Reads a file and counts and hashes what it reads."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.hash, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        self.size += len(data)
        return data


def _add(archive: tarfile.TarFile, name: str, path: Path) -> Entry:
    try:
        with path.open("rb") as file:
            info = tarfile.TarInfo(name)
            info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
            reading = _Counting(file)
            archive.addfile(info, reading)
    except FileNotFoundError as missing:
        raise Refused(
            f"{path} is missing although the database names it: run lichtbild self-check."
        ) from missing
    return Entry(name, reading.size, reading.hash.hexdigest())


def _commit() -> str:
    """The commit of the code, where it is a clone."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except OSError:
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""
