"""Every revision with thousands of mixed rows before it: up, down, up again, and killed in the middle; on both
databases."""

from __future__ import annotations

import ast
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.migrations.before import HISTORY, VERSIONS, Filled, Load, at, before_of, opened
from tests.migrations.conftest import New
from tests.migrations.revisions import DATA_TESTS
from tests.migrations.rows import Loader
from tests.migrations.shape import rows_of, shape
from workflow.kernel import failpoints
from workflow.kernel.db import Database
from workflow.migrating import changes
from workflow.schema import current_head, differences, downgrade, revision_of, upgrade


def test_every_revision_has_its_data_test() -> None:
    assert set(HISTORY) == set(DATA_TESTS)
    assert HISTORY[-1] == current_head()


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("*.py")), ids=lambda path: path.stem)
def test_a_migration_does_not_change_with_the_code(path: Path) -> None:
    """Nothing of the application is imported: a model of next year would rewrite what was done this year."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."] if isinstance(node, ast.ImportFrom) else []
        )  # fmt: skip
        for name in names:
            top = name.split(".")[0]
            assert top in {"alembic", "sqlalchemy"} | set(sys.stdlib_module_names), (
                f"{path.name} imports {name}"
            )


@pytest.mark.parametrize("revision", HISTORY)
def test_up_down_and_up_again_keeps_every_row(
    revision: str, filled: Filled, loaded: Load, new_database: New
) -> None:
    special = DATA_TESTS[revision]
    database = loaded(revision)
    columns, rows = filled(revision).columns, filled(revision).rows
    with opened(database) as connection:
        shape_before = shape(connection)
    done = upgrade(database, revision)
    assert done.revisions == (revision,)
    kept = {name: rows[name] for name in rows if name not in special.emptied}
    with opened(database) as connection:
        shape_after = shape(connection)
        now = rows_of(connection, {name: columns[name] for name in kept})
        assert now == kept
        special.after(connection)
    _add_rows_of_now(database)
    downgrade(database, before_of(revision))
    with opened(database) as connection:
        assert shape(connection) == shape_before
        _all_there(kept, rows_of(connection, {name: columns[name] for name in kept}))
    upgrade(database, revision)
    with opened(database) as connection:
        assert shape(connection) == shape_after
        _all_there(kept, rows_of(connection, {name: columns[name] for name in kept}))
    if revision == HISTORY[-1]:
        assert differences(database) == []
        with opened(at(new_database(), revision)) as connection:
            assert shape(connection) == shape_after


def _all_there(wanted: dict[str, dict[str, str]], found: dict[str, dict[str, str]]) -> None:
    for name, rows in wanted.items():
        assert rows.items() <= found[name].items(), f"{name} lost or changed rows"


def _add_rows_of_now(database: Database) -> None:
    """Rows that only the newer revision can hold: a downgrade has to cope with them."""
    if database.dialect == "sqlite":
        with opened(database) as connection:
            Loader(connection, seed=99).fill(600, {})


@pytest.mark.parametrize("revision", HISTORY)
def test_killed_in_the_middle_and_tried_again(revision: str, filled: Filled, loaded: Load) -> None:
    database = loaded(revision)
    columns, rows = filled(revision).columns, filled(revision).rows
    with opened(database) as connection:
        shape_before = shape(connection)
    for point in _points(_statements(database, revision)):
        _killed_upgrading(database, revision, point)
        with opened(database) as connection:
            assert shape(connection) == shape_before, point
    upgrade(database, revision)
    kept = {name: rows[name] for name in rows if name not in DATA_TESTS[revision].emptied}
    with opened(database) as connection:
        assert rows_of(connection, {name: columns[name] for name in kept}) == kept


def _statements(database: Database, revision: str) -> int:
    """How many statements of the upgrade change something: counted in a try that is undone at its end."""
    passed: list[str] = []

    def heard(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if changes(statement):
            passed.append(statement)

    event.listen(database.engine, "before_cursor_execute", heard)
    try:
        with failpoints.armed("migration.before_commit=raise"), pytest.raises(failpoints.FailpointReached):
            upgrade(database, revision)
    finally:
        event.remove(database.engine, "before_cursor_execute", heard)
    return len(passed)


def _points(last: int) -> list[str]:
    nths = sorted({1, max(1, last // 3), max(1, last - 1)})
    return [
        *(f"migration.statement=kill@{nth}" for nth in nths),
        "migration.after_step=kill",
        "migration.before_commit=kill",
    ]


def _killed_upgrading(database: Database, revision: str, point: str) -> None:
    """A child of ours upgrades and dies by SIGKILL, with all that it had in its memory."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        failpoints.arm(point)
        own = Database(database.url.render_as_string(hide_password=False))
        try:
            upgrade(own, revision)
        finally:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"{point}: it lived ({status})"
    assert revision_of(database) == (None if before_of(revision) == "base" else before_of(revision))
