"""Run as a process of its own: commit rows and store documents, and say of each when it is acknowledged.

`python writing.py DATABASE_URL VAULT SYNCHRONOUS`; prints one number per line after its commit returned.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from workflow.kernel import outbox
from workflow.kernel.db import Database
from workflow.kernel.documents import Vault
from workflow.kernel.secrets import MasterKey

NOW = datetime(2024, 3, 1, tzinfo=UTC)


def main(url: str, folder: str, synchronous: str) -> None:
    database = Database(url)
    if synchronous != "FULL":
        with database.engine.connect() as connection:  # the pool gives the same connection again
            connection.connection.cursor().execute(f"PRAGMA synchronous={synchronous}")
    vault = Vault(Path(folder), MasterKey(bytes(32)))
    for number in range(1_000_000):
        with database.transaction() as session:
            assert session.scalar(text("PRAGMA synchronous")) == {"FULL": 2, "NORMAL": 1}[synchronous]
            outbox.post(session, "mail", {"number": number}, key=f"number:{number}", now=NOW)
            data = f"document {number}".encode() * 50
            vault.put(session, None, data, media_type="text/plain", name=f"{number}.txt", now=NOW)
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
