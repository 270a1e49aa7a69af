"""A PostgreSQL of one's own for a rehearsal: made in a folder, on loopback, ended and taken away with it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workflow.kernel.errors import Unavailable

#: PostgreSQL refuses to run as root; Debian's package brings this account.
ACCOUNT = "postgres"
WAIT_SECONDS = 60


@contextmanager
def private_cluster() -> Iterator[str]:
    """The address of its administration database; ``fsync`` stays on, as in earnest."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="lichtbild-pg-"))
    owner = _owner(folder)
    data, port = folder / "data", _free_port()
    try:
        _run(owner, programs / "initdb", "--pgdata", data, "--username", "soak", "--auth", "trust",
             "--encoding", "UTF8", "--locale", "C.UTF-8")  # fmt: skip
        settings = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=60"
        )
        control = ("--pgdata", data, "--wait", "--timeout", WAIT_SECONDS, "--log", folder / "log")
        _run(owner, programs / "pg_ctl", "start", *control, "--options", settings)
        try:
            yield f"postgresql+psycopg://soak@127.0.0.1:{port}/postgres"
        finally:
            _run(owner, programs / "pg_ctl", "stop", "--pgdata", data, "--mode", "immediate", "--wait")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        raise Unavailable(
            "PostgreSQL is not installed here. Install it, or name one with --database-url (its user must be "
            "allowed to create databases)."
        )
    return installed[-1].parent


def _owner(folder: Path) -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    try:
        owner = pwd.getpwnam(ACCOUNT)
    except KeyError as missing:
        raise Unavailable(
            f"PostgreSQL does not run as root, and there is no account “{ACCOUNT}”."
        ) from missing
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return owner


def _run(owner: pwd.struct_passwd | None, *command: object) -> None:
    words = [str(word) for word in command]
    who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    done = subprocess.run(  # noqa: S603 - the database's own programs
        words, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, check=False, **who,  # type: ignore[call-overload]
    )  # fmt: skip
    if done.returncode:
        raise Unavailable(f"{Path(words[0]).name} failed: {done.stderr.strip()[-400:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
