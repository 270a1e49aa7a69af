"""The configuration: everything that is wrong is named at once, nothing secret is printed, no typo passes."""

from __future__ import annotations

import json
import multiprocessing
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from workflow.cli import cli
from workflow.config import ROOT, ConfigError, effective, load_config
from workflow.settings import BY_NAME, NOT_OURS, SETTINGS

WRONG = {
    "LICHTBILD_INSTANCE": "../etc",
    "LICHTBILD_DATABASE_URL": "mysql://root:hunter2-password@host/name",
    "LICHTBILD_DESK_URL": "desk.example.org",
    "LICHTBILD_PORTAL_URL": "https://portal.example.org/somewhere",
    "LICHTBILD_HOST": "everywhere",
    "LICHTBILD_PORT": "80a",
    "LICHTBILD_PROXIES": "-1",
    "LICHTBILD_MAIL_URL": "mail.example.org",
    "LICHTBILD_MAIL_SENDER": "Office",
    "LICHTBILD_STRIPE_SECRET_KEY": "pk_live_this-is-the-wrong-key",
    "LICHTBILD_STRIPE_WEBHOOK_SECRET": "not-a-signing-secret",
    "LICHTBILD_STRIPE_API_BASE": "stripe",
    "LICHTBILD_REDIS_URL": "localhost:6379",
    "LICHTBILD_MASTER_KEY": "c2hvcnQ=",
    "LICHTBILD_SECRET_KEY": "short-secret-key",
    "LICHTBILD_LOG_FORMAT": "xml",
    "LICHTBILD_LOG_LEVEL": "loud",
    "LICHTBILD_METRICS_TOKEN": "guess-me",
    "LICHTBILD_KEEP_DAYS": "0",
}
#: Free text: nothing can be wrong about its form.
FREE = {"LICHTBILD_INSTANCE_DIR", "LICHTBILD_MASTER_KEY_FILE", "LICHTBILD_FAILPOINTS"}


def refused(environment: dict[str, str], instance: str | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(instance, environment)
    return caught.value.problems


def test_every_wrong_value_is_named_in_one_go_and_no_secret_with_it(tmp_path: Path) -> None:
    assert set(BY_NAME) <= set(WRONG) | FREE, "a new setting needs a wrong value here"
    told = refused({**WRONG, "LICHTBILD_INSTANCE_DIR": str(tmp_path)})
    for name, value in WRONG.items():
        [sentence] = [line for line in told if line.startswith((f"{name} ", f"{name}="))]
        assert sentence.endswith(".")
        if BY_NAME[name].secret:
            assert value not in sentence
    assert len(told) == len(WRONG)
    assert list(tmp_path.iterdir()) == [], "a start that is refused leaves nothing behind"


def test_a_typo_is_named_with_what_was_meant(tmp_path: Path) -> None:
    told = refused(
        {"LICHTBILD_PROT": "8100", "LICHTBILD_COLOUR": "red", "LICHTBILD_INSTANCE_DIR": str(tmp_path)}
    )
    assert told == (
        "LICHTBILD_COLOUR is not a setting of ours. See “Settings” in README.md.",
        "LICHTBILD_PROT is not a setting of ours. Did you mean LICHTBILD_PORT?",
    )
    assert load_config(
        "demo", {"LICHTBILD_CI": "1", "LICHTBILD_TEST_X": "1", "LICHTBILD_INSTANCE_DIR": str(tmp_path)}
    )


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"LICHTBILD_DESK_URL": "https://a.example.org", "LICHTBILD_PORTAL_URL": "https://a.example.org:8443"}, "same host"),
        ({"LICHTBILD_MAIL_URL": "smtp://mail.example.org"}, "LICHTBILD_MAIL_SENDER is missing"),
        ({"LICHTBILD_STRIPE_SECRET_KEY": "sk_test_1"}, "LICHTBILD_STRIPE_WEBHOOK_SECRET is missing"),
        ({"LICHTBILD_STRIPE_WEBHOOK_SECRET": "whsec_1"}, "LICHTBILD_STRIPE_SECRET_KEY is missing"),
        ({"LICHTBILD_STRIPE_API_BASE": "http://127.0.0.1:9"}, "belongs to the demo"),
        ({"LICHTBILD_MAIL_URL": "local:", "LICHTBILD_MAIL_SENDER": "a@example.org"}, "belongs to the demo"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused_on_a_real_instance(
    tmp_path: Path, environment: dict[str, str], name: str
) -> None:
    [sentence] = refused({**environment, "LICHTBILD_INSTANCE_DIR": str(tmp_path)}, "main")
    assert name in sentence


def test_a_folder_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    for where in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        [sentence] = refused({"LICHTBILD_INSTANCE_DIR": str(where)}, "main")
        assert sentence.startswith(f"The folder {where / 'main'} cannot be made")
    (tmp_path / "main").mkdir()
    (tmp_path / "main" / "secret.key").mkdir()
    assert "secret.key cannot be used" in refused({"LICHTBILD_INSTANCE_DIR": str(tmp_path)}, "main")[0]
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "secret.key").write_bytes(b"")
    assert "is damaged" in refused({"LICHTBILD_INSTANCE_DIR": str(tmp_path)}, "office")[0]


def _first_key(folder: str) -> bytes:
    return load_config("main", {"LICHTBILD_INSTANCE_DIR": folder}).secret_key


def test_many_processes_that_start_at_once_read_the_same_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        for round_ in range(5):
            folder = str(tmp_path / f"round-{round_}")
            keys = set(pool.map(_first_key, [folder] * 12, chunksize=1))
            assert len(keys) == 1 and len(keys.pop()) >= 32
            assert [path.name for path in (Path(folder) / "main").iterdir()] == ["secret.key"]


def test_what_is_in_force_is_printed_without_secrets(tmp_path: Path) -> None:
    secret = {
        "LICHTBILD_DATABASE_URL": "postgresql+psycopg://app:planted-1@db.example.org:5433/prints",
        "LICHTBILD_MAIL_URL": "smtp://post:planted-2@mail.example.org:587?starttls=1",
        "LICHTBILD_STRIPE_SECRET_KEY": "sk_live_planted-3",
        "LICHTBILD_STRIPE_WEBHOOK_SECRET": "whsec_planted-4",
        "LICHTBILD_REDIS_URL": "redis://:planted-5@cache.example.org:6379/0",
        "LICHTBILD_MASTER_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "LICHTBILD_SECRET_KEY": "planted-6-planted-6-planted-6-planted-6",
        "LICHTBILD_METRICS_TOKEN": "planted-7-planted-7-planted-7",
    }
    assert set(secret) == {setting.name for setting in SETTINGS if setting.secret}
    environment = {
        **secret, "LICHTBILD_INSTANCE_DIR": str(tmp_path), "LICHTBILD_MAIL_SENDER": "Office <office@example.org>"
    }  # fmt: skip
    for words in (["config"], ["config", "--json"]):
        told = CliRunner().invoke(cli, ["--instance", "main", *words], env=environment)
        assert told.exit_code == 0, told.output
        assert "planted" not in told.output and "AAAA" not in told.output
    found = json.loads(told.stdout)
    assert set(found) == set(BY_NAME)
    assert found["LICHTBILD_DATABASE_URL"]["value"] == "postgresql+psycopg://app:…@db.example.org:5433/prints"
    assert found["LICHTBILD_PORT"] == {"value": "8000", "from": "default"}
    assert effective(load_config("main", environment), environment)


def test_the_command_line_prints_every_sentence_and_no_traceback(tmp_path: Path) -> None:
    environment = {"LICHTBILD_INSTANCE_DIR": str(tmp_path), "LICHTBILD_PORT": "1", "LICHTBILD_PROXIES": "x"}
    done = subprocess.run(
        [sys.executable, "-m", "workflow.cli", "--instance", "main", "worker", "--drain"],
        cwd=ROOT, env={"PATH": "/usr/bin", "PYTHONPATH": str(ROOT), **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2 and done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2 and all(line.startswith("lichtbild: LICHTBILD_P") for line in lines)


def test_the_table_of_the_readme_is_the_one_in_the_code(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["config", "--check"], env={"LICHTBILD_INSTANCE_DIR": str(tmp_path)})
    assert result.exit_code == 0, result.output


def test_no_variable_is_read_that_is_not_in_the_table() -> None:
    used: set[str] = set()
    for path in [
        *(ROOT / "workflow").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        ROOT / "Makefile",
        *(ROOT / ".ci").iterdir(),
    ]:
        if path.name != Path(__file__).name and path.is_file():
            used |= set(re.findall(r"LICHTBILD_[A-Z_]*[A-Z]\b(?![_*])", path.read_text(encoding="utf-8")))
    strange = {
        name
        for name in used - set(BY_NAME)
        if not f"{name}_".startswith(NOT_OURS) and not name.startswith(NOT_OURS)
    }
    assert strange == set()
