"""Run as a process of its own: add one prepared photograph and be killed on the way.

`python killed_adding.py PREPARED_FILE DATABASE_URL VAULT OWNER MOMENT`; MOMENT is the number of the
fsync before which the process dies, or `flushed` (before the commit), or `committed` (after it).
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Database
from workflow.kernel.documents import Vault
from workflow.kernel.secrets import MasterKey
from workflow.works import services


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(prepared_file: str, url: str, vault: str, owner: str, moment: str) -> None:
    prepared = pickle.loads(Path(prepared_file).read_bytes())  # noqa: S301 - written by the test
    synced, real_fsync = 0, os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal synced
        synced += 1
        if moment == str(synced):
            die()
        real_fsync(descriptor)

    os.fsync = fsync
    actor = Actor(Role.RIGHTS_HOLDER, owner, "Ada")
    with Database(url).transaction() as session:
        sealed = Vault(Path(vault), MasterKey(bytes(32)))
        services.add_work(session, sealed, prepared, actor, datetime(2026, 3, 2, tzinfo=UTC))
        if moment == "flushed":
            die()
    if moment == "committed":
        die()
    print(synced)  # noqa: T201 - the test asks how many there are


if __name__ == "__main__":
    main(*sys.argv[1:])
