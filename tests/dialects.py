"""Every test that has a database runs twice, on SQLite and on a real PostgreSQL; how often is said at the end.

A fixture that wants ``dialect`` makes it so. What is about one of the two only is marked
``sqlite_only("why")`` or ``postgresql_only("why")``; ``-m "not postgresql"`` leaves the second round out.
One server is started for the whole run, however many processes share the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.databases import POSTGRESQL, SQLITE, Mould, Moulds
from tests.once import shared_folder
from tests.postgres import Address, Cluster, missing, programs
from workflow.accounts.terms import seed_terms
from workflow.kernel.db import Database

PROPERTY = "database"
MARKS = {
    "postgresql": "runs on PostgreSQL",
    "sqlite_only(why)": "is about SQLite, or the same on any database",
    "postgresql_only(why)": "is about PostgreSQL, or too dear to run twice",
}
OUTCOMES = ("passed", "failed", "error", "skipped")


class Run:
    """The server of this run: started when first asked for, stopped by the process that started it."""

    def __init__(self, config: pytest.Config) -> None:
        self._cluster: Cluster | None = None
        given = getattr(config, "workerinput", {}).get("postgres")
        self._address = Address(**given) if given else None
        self._is_worker = hasattr(config, "workerinput")
        if self._address:
            self._address.use_programs()

    def address(self) -> Address | None:
        """Where PostgreSQL listens; ``None`` when there is none on this machine."""
        if self._address is None and not self._is_worker and (found := programs()):
            self._cluster = Cluster(found)
            self._address = self._cluster.address
            self._address.use_programs()
        return self._address

    @property
    def name(self) -> str:
        """What the server is called, if it was needed."""
        return self._address.name if self._address else "PostgreSQL"

    def stop(self) -> None:
        if self._cluster:
            self._cluster.stop()


RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    for mark, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    config.stash[RUN] = Run(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of tests where the server of this run is."""
    address = node.config.stash[RUN].address()
    node.workerinput["postgres"] = asdict(address) if address else None


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUN in config.stash:
        config.stash[RUN].stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run on both, unless the test says why on one."""
    if "dialect" not in metafunc.fixturenames:
        return
    only = {
        dialect for dialect in (SQLITE, POSTGRESQL)
        if any(_reason(mark) for mark in metafunc.definition.iter_markers(f"{dialect}_only"))
    }  # fmt: skip
    wanted = only or {SQLITE, POSTGRESQL}
    both = (pytest.param(SQLITE), pytest.param(POSTGRESQL, marks=pytest.mark.postgresql))
    metafunc.parametrize("dialect", [each for each in both if each.values[0] in wanted], indirect=True)


def _reason(mark: pytest.Mark) -> str:
    assert mark.args and isinstance(mark.args[0], str), f"{mark.name} wants a reason"
    return mark.args[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        chosen = getattr(item, "callspec", None)
        dialect = chosen.params.get("dialect") if chosen else None
        if dialect:
            item.user_properties.append((PROPERTY, dialect))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """How many tests ran on which database."""
    counts: dict[str, Counter[str]] = {SQLITE: Counter(), POSTGRESQL: Counter(), "": Counter()}
    for outcome in OUTCOMES:
        for report in terminalreporter.stats.get(outcome, []):
            if outcome == "passed" and report.when != "call":
                continue
            counts[dict(report.user_properties).get(PROPERTY, "")][outcome] += 1
    names = {SQLITE: "SQLite", POSTGRESQL: config.stash[RUN].name, "": "without a database"}
    told = [
        f"{names[key]}: " + ", ".join(f"{count[outcome]} {outcome}" for outcome in OUTCOMES if count[outcome])
        for key, count in counts.items() if count
    ]  # fmt: skip
    if told:
        terminalreporter.write_line(" · ".join(told))


@pytest.fixture(scope="session")
def moulds(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Moulds]:
    """Databases and instances to copy."""

    def server() -> Address:
        address = request.config.stash[RUN].address()
        if address is None:
            pytest.skip(missing())
        return address

    moulds = Moulds(shared_folder(tmp_path_factory, worker_id, "moulds"), server, worker_id)
    yield moulds
    moulds.close()


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    """Which database this test runs on."""
    return str(request.param)


Cast = Callable[[Mould, Path], str]


@pytest.fixture
def cast(moulds: Moulds) -> Iterator[Cast]:
    """Copies moulds; what was made on the server is dropped after the test."""
    urls: list[str] = []

    def copy(mould: Mould, folder: Path) -> str:
        urls.append(moulds.cast(mould, folder))
        return urls[-1]

    yield copy
    for url in urls:
        moulds.drop(url)


@pytest.fixture
def migrated(moulds: Moulds, dialect: str) -> Mould:
    """A database with every migration in it and nothing else."""
    return moulds.migrated(dialect)


@pytest.fixture
def founded(moulds: Moulds, migrated: Mould) -> Mould:
    """A migrated database with the contract's terms in it: what every desk stands on."""
    return moulds.get(migrated.dialect, "founded", _found, of=migrated)


def _found(_folder: Path, url: str) -> None:
    database = Database(url)
    with database.transaction() as session:
        seed_terms(session)
    database.dispose()


@pytest.fixture
def new_database(moulds: Moulds, dialect: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    url = moulds.empty(dialect, tmp_path)
    yield url
    moulds.drop(url)
