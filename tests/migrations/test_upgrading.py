"""``lichtbild db upgrade`` as people run it: killed and tried again, refused with a sentence, told what it did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.migrations.before import LONG_WAY, MANY, Filled, Load, at, before_of, opened
from tests.migrations.conftest import New
from tests.migrations.revisions import DATA_TESTS
from tests.migrations.shape import rows_of
from workflow.kernel.db import Database
from workflow.kernel.errors import Refused, Unavailable
from workflow.schema import current_head, differences, require_current, revision_of, upgrade

ROOT = Path(__file__).parents[2]
#: Five points over the whole way from the second revision to the newest.
POINTS = (
    "migration.statement=kill",
    "migration.statement=kill@7",
    "migration.after_step=kill@2",
    "migration.after_step=kill@4",
    "migration.before_commit=kill",
)


def lichtbild(
    folder: Path, database: Database, *words: str, failpoints: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LICHTBILD_")}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "LICHTBILD_INSTANCE_DIR": str(folder / "instances"),
        "LICHTBILD_DATABASE_URL": database.url.render_as_string(hide_password=False),
    }
    if failpoints:
        environment["LICHTBILD_FAILPOINTS"] = failpoints
    return subprocess.run(
        [sys.executable, "-m", "workflow.cli", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_command_killed_five_times_loses_nothing(filled: Filled, loaded: Load, tmp_path: Path) -> None:
    before = filled(LONG_WAY)
    database = loaded(LONG_WAY)
    for point in POINTS:
        killed = lichtbild(tmp_path, database, "db", "upgrade", failpoints=point)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stdout, killed.stderr)
        assert revision_of(database) == before_of(LONG_WAY)
        with pytest.raises(Unavailable, match="Run: lichtbild db upgrade"):
            require_current(database)
    given_up = {
        name for revision, special in DATA_TESTS.items() if revision >= LONG_WAY for name in special.emptied
    }
    kept = {name: columns for name, columns in before.columns.items() if name not in given_up}
    with opened(database) as connection:
        assert rows_of(connection, kept) == {name: before.rows[name] for name in kept}
    done = upgrade(database)
    assert (done.start, done.end) == (before_of(LONG_WAY), current_head()) and done.rows >= MANY
    with opened(database) as connection:
        found = rows_of(connection, kept)
    for name in kept:
        assert before.rows[name].keys() <= found[name].keys(), name
    assert differences(database) == []


@pytest.mark.parametrize("command", ["web", "worker", "ticker"])
def test_nothing_starts_on_tables_of_another_time(command: str, tmp_path: Path) -> None:
    database = at(Database(f"sqlite:///{tmp_path / 'old.sqlite'}"), "0002")
    refused = lichtbild(tmp_path, database, command)
    assert refused.returncode == 2
    assert refused.stderr == (
        "lichtbild: The database is not up to date: it stands at revision 0002, the code at "
        f"{current_head()}. Run: lichtbild db upgrade\n"
    )
    database.dispose()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "revision 9999, which this version"),
        ("DELETE FROM alembic_version", "but no revision"),
        ("INSERT INTO alembic_version VALUES ('0001')", "several revisions at once"),
    ],
)
def test_a_database_nobody_can_know_is_left_alone(new_database: New, statement: str, says: str) -> None:
    database = at(new_database(), "0002")
    with opened(database) as connection:
        connection.execute(text(statement))
    with pytest.raises(Refused, match=says):
        upgrade(database)
    with pytest.raises(Refused, match=says):
        require_current(database)


def test_an_upgrade_goes_forward_to_what_there_is(new_database: New) -> None:
    database = at(new_database(), "0002")
    with pytest.raises(Refused, match="no revision “0815”"):
        upgrade(database, "0815")
    with pytest.raises(Refused, match="never goes back"):
        upgrade(database, "0001")
    assert upgrade(database, "0002").revisions == () and revision_of(database) == "0002"
