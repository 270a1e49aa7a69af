"""``make check``: the migrations, run on an empty database, give exactly what the models say."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from workflow.kernel.db import Database
from workflow.schema import current_head, differences, revision_of, upgrade


def main() -> int:
    """Exit code 0 when there is one head and nothing differs."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'check.sqlite'}")
        upgrade(database)
        assert revision_of(database) == current_head()
        found = differences(database)
        database.dispose()
    for line in found:
        sys.stderr.write(f"models and migrations differ: {line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
