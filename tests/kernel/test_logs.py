"""Log lines: data, numbered, one a line, and never a secret in one."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from workflow.config import load_config
from workflow.kernel import logs
from workflow.kernel.db import Database

TOKEN = "hQ3vYp9sKd7LmN2xWb8RtZc4Jf6GaVe1Uo5Ii0TyPqS"
#: What is planted, and how it may come into a line.
PLANTED = {
    "stripe": "sk_live_51PlantedPlantedPlanted",
    "webhook": "whsec_PlantedPlanted",
    "case code": "34567-ABCDE-FGHJK-MNPQR",
    "link": f"http://desk.example.org/confirm/{TOKEN}",
    "database": "postgresql+psycopg://app:hunter2-planted@db.example.org/prints",
    "bearer": "Authorization: Bearer planted.header.value",
    "form": "email=a@example.org&password=planted-sentence&csrf_token=planted-csrf",
    "hash": "$argon2id$v=19$m=65536,t=3,p=4$cGxhbnRlZA$cGxhbnRlZHBsYW50ZWQ",
    "fragment": "https://portal.example.org/c/K7M3PQ-X#code=planted-code",
}
HOST = "example.org"
LEAKS = ("lanted", TOKEN, "ABCDE-FGHJK", "cGxhbnRlZA")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    level, handlers = logging.getLogger().level, list(logging.getLogger().handlers)
    yield
    logging.getLogger().setLevel(level)
    logging.getLogger().handlers[:] = handlers


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_reaches_a_line(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    logs.install(level=logging.INFO, as_json=as_json, known=["Planted known word"])
    log = logging.getLogger("lichtbild.test")
    for what, secret in PLANTED.items():
        log.error("%s: %s", what, secret)
        log.error("as data", extra={"found": {"inside": [secret]}})
        try:
            raise RuntimeError(f"it broke at {secret}")  # noqa: TRY301
        except RuntimeError:
            log.exception("broke")
    log.error("known: %s", "Planted known word")
    for name in ("password", "token", "body", "payload", "text", "code", "csrf_token", "cookie", "iban"):
        log.error("by name", extra={name: "planted value"})
    told = capsys.readouterr().err
    assert told.count("broke") >= len(PLANTED) and "db.example.org" in told and "RuntimeError" in told
    for leak in LEAKS:
        assert leak not in told, next(line for line in told.splitlines() if leak in line)


def test_what_a_statement_was_given_is_struck_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    logs.install(level=logging.INFO)
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    given = {"e": f"planted@{HOST}"}
    try:
        with database.reading() as session:
            session.execute(text("SELECT * FROM nowhere WHERE email = :e"), given)
    except DBAPIError:
        logging.getLogger("lichtbild.test").exception("the database refused")
    database.dispose()
    told = capsys.readouterr().err
    assert "nowhere" in told and "no such table" in told and "planted@" not in told


def test_a_line_is_data_with_the_number_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    logs.install(level=logging.INFO, as_json=True)
    logs.bind(request="4f2a")
    logging.getLogger("lichtbild.web").warning("two\nlines", extra={"status": 503})
    [line] = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert {name: told[name] for name in ("event", "request", "status", "level", "logger")} == {
        "event": "two\nlines", "request": "4f2a", "status": 503, "level": "warning", "logger": "lichtbild.web",
    }  # fmt: skip
    assert told["at"].endswith("Z")
    logs.install(level=logging.INFO)
    logs.bind(outbox="mail:1")
    logging.getLogger("other.library").warning("forged\n2024-03-01T00:00:00Z error lichtbild.web: paid")
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("(outbox=mail:1)") and "4f2a" not in line


def test_a_hash_in_a_line_stays_readable(capsys: pytest.CaptureFixture[str]) -> None:
    logs.install(level=logging.INFO)
    logging.getLogger("lichtbild.test").error(
        "document %s, hit %s", "ab12" * 16, "01890f3a-7c1e-7abc-8def-0123456789ab"
    )
    told = capsys.readouterr().err
    assert "ab12" * 16 in told and "01890f3a-7c1e-7abc-8def-0123456789ab" in told


def test_an_instance_chooses_form_and_loudness(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = {"LICHTBILD_INSTANCE_DIR": str(tmp_path)}
    chosen = {
        ("main", ""): "json info", ("demo", ""): "lines warning", ("main", "lines"): "lines info",
        ("demo", "json"): "json warning",
    }  # fmt: skip
    for (instance, form), expected in chosen.items():
        config = load_config(instance, {**base, "LICHTBILD_LOG_FORMAT": form})
        logs.install_for(config)
        logging.getLogger("lichtbild.test").info("quiet one")
        logging.getLogger("lichtbild.test").warning("secret key: %s", config.secret_key.decode())
        lines = capsys.readouterr().err.splitlines()
        assert config.secret_key.decode() not in "".join(lines)
        found = "json" if lines[-1].startswith("{") else "lines"
        assert f"{found} {'info' if len(lines) == 2 else 'warning'}" == expected
    assert sys.stderr
