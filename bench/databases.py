"""An empty migrated database of each kind for a measurement, gone afterwards.

PostgreSQL is a private cluster on a socket, with ``fsync`` and ``synchronous_commit`` on as in production.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from workflow.kernel.db import Database
from workflow.schema import upgrade

KINDS = ("SQLite", "PostgreSQL")


@contextmanager
def database(kind: str) -> Iterator[Database]:
    """A database with every table and no row."""
    folder = Path(tempfile.mkdtemp(prefix="lbbench."))
    try:
        if kind == "SQLite":
            with _ready(f"sqlite:///{folder / 'bench.sqlite'}") as made:
                yield made
        else:
            with _cluster(folder), _ready(f"postgresql+psycopg://app@/postgres?host={folder}") as made:
                yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ready(url: str) -> Iterator[Database]:
    made = Database(url)
    try:
        upgrade(made)
        yield made
    finally:
        made.dispose()


@contextmanager
def _cluster(folder: Path) -> Iterator[None]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise SystemExit("PostgreSQL is not installed (apt-get install postgresql)")
    programs = found[-1]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    _run(programs / "initdb", "-D", data, "-U", "app", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(f"listen_addresses=''\nunix_socket_directories='{folder}'\n")
    _run(programs / "pg_ctl", "-D", data, "-w", "-s", "-l", folder / "log", "start")
    try:
        yield
    finally:
        _run(programs / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop")


def _run(*command: object) -> None:
    """As the user ``postgres`` when we are root: the server refuses root."""
    before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*before, *map(str, command)], cwd="/", check=True, capture_output=True, timeout=120)
