"""The command line: sentences instead of tracebacks, exit codes that mean something, what belongs to the demo only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from tests.world import World
from workflow.cli import cli
from workflow.cli.processes import _welcome
from workflow.config import ROOT, load_config
from workflow.kernel.db import Database
from workflow.kernel.errors import DomainError, Refused


def run(world: World, *words: str, instance: str = "demo") -> Result:
    folder = str(world.runtime.config.instance_dir.parent)
    environment = world.environment if instance == "demo" else {"LICHTBILD_INSTANCE_DIR": folder}
    return CliRunner().invoke(cli, ["--instance", instance, *words], env=environment)


def test_the_database_is_checked(world: World) -> None:
    assert run(world, "db", "check").exit_code == 0
    with world.runtime.database.transaction() as session:
        session.execute(text("ALTER TABLE case_holds ADD COLUMN surprise INTEGER"))
    found = run(world, "db", "check")
    assert found.exit_code == 1 and "surprise" in found.output


def test_an_empty_database_is_brought_up(tmp_path: Path) -> None:
    environment = {"LICHTBILD_INSTANCE_DIR": str(tmp_path)}
    result = CliRunner().invoke(cli, ["--instance", "office", "db", "upgrade"], env=environment)
    assert result.exit_code == 0 and "went from nothing to" in result.output
    config = load_config("office", environment)
    assert (config.instance_dir / "lichtbild.sqlite").exists() and not config.demo
    database = Database(config.database_url)
    with database.reading() as session:
        assert session.execute(text("SELECT COUNT(*) FROM accounts")).scalar_one() == 0
    database.dispose()


def test_all_is_well_prints_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICHTBILD_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    world.offered()
    quiet = run(world, "self-check")
    assert (quiet.exit_code, quiet.output) == (0, "")
    piece = next(path for path in world.runtime.config.vault_dir.rglob("*") if path.is_file())
    piece.unlink()
    loud = run(world, "self-check", "--json")
    assert loud.exit_code == 1 and json.loads(loud.stdout)


def test_what_belongs_to_the_demo_is_refused_elsewhere(world: World) -> None:
    for words in (("demo", "--fresh"), ("demo", "--advance", "3d"), ("psp-standin",), ("demo-web",)):
        result = run(world, *words, instance="main")
        assert isinstance(result.exception, Refused), (words, result.output)
    assert run(world, "demo", "--advance", "never").exit_code == 2


def test_an_operator_is_made_once_and_with_a_real_password(world: World) -> None:
    def make(email: str, password: str) -> Result:
        return run(
            world, "operator", "create", "--email", email, "--name", "Kim Example", "--password", password
        )

    assert make("kim@example.org", "a calm harbour at dawn").exit_code == 0
    assert isinstance(make("kim@example.org", "a calm harbour at dawn").exception, DomainError)
    assert isinstance(make("lee@example.org", "short").exception, Refused)


def test_a_refusal_is_a_sentence_and_exit_code_two(tmp_path: Path) -> None:
    environment = {**os.environ, "LICHTBILD_INSTANCE_DIR": str(tmp_path), "LICHTBILD_PORT": "99"}
    done = subprocess.run(
        [sys.executable, "-m", "workflow.cli", "--instance", "demo", "db", "check"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("lichtbild: LICHTBILD_PORT=99") and "Traceback" not in done.stderr


def test_every_address_of_the_welcome_answers(world: World) -> None:
    told = _welcome(world.runtime.config)
    config = world.runtime.config
    paths = [
        word.removeprefix(config.desk_url) or "/" for word in told.split() if word.startswith(config.desk_url)
    ]
    assert len(paths) >= 2
    for path in paths:
        assert world.anybody().get(path).status_code in (200, 308), path


def test_the_diagrams_are_those_of_the_tables(world: World) -> None:
    if not (ROOT / "README.md").exists():
        pytest.skip("README.md is not written yet")
    result = run(world, "diagrams", "--check")
    assert result.exit_code == 0, result.output
