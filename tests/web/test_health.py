"""Is it well? Alive, ready, and the figures, told to those they concern."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from tests.world import Visitor, World
from workflow.app import create_desk, create_portal
from workflow.kernel import findings, pulses
from workflow.kernel.db import Database
from workflow.kernel.findings import Found
from workflow.kernel.runtime import Runtime

TOKEN = "a-token-that-is-long-enough"


def ready(app: Flask) -> tuple[int, dict[str, bool]]:
    answer = app.test_client().get("/ready")
    told = answer.get_json()
    assert all(isinstance(value, bool) for value in told.values()), "outsiders learn yes or no, nothing else"
    return answer.status_code, told


def test_a_settled_instance_is_alive_and_ready(world: World) -> None:
    for app in (world.desk, world.portal):
        assert app.test_client().get("/live").text == "ok\n"
        status, told = ready(app)
        assert status == 200 and all(told.values())
        assert set(told) == {"ready", "database", "schema", "disk", "keys", "ticker", "clock", "truths"}


def test_a_ticker_that_fell_silent_is_told(world: World) -> None:
    with world.runtime.database.transaction() as session:
        pulses.beat(session, pulses.TICKER, world.clock.wall())
    world.clock.advance(timedelta(minutes=2))
    assert ready(world.desk)[0] == 200
    world.clock.advance(timedelta(minutes=2))
    status, told = ready(world.desk)
    assert status == 503 and [name for name, met in told.items() if not met] == ["ready", "ticker"]


def test_a_full_disk_and_an_old_schema_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(100, 100, 0))
    assert ready(world.desk)[1]["disk"] is False
    monkeypatch.undo()
    with world.runtime.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    status, told = ready(world.desk)
    assert status == 503 and told["schema"] is False and told["disk"] is True


def test_a_truth_that_does_not_hold_is_told_but_the_pages_stay(world: World) -> None:
    with world.runtime.database.transaction() as session:
        findings.note(session, [Found("ledger", "Journal entry 1 is off.")], ["ledger"], world.clock.wall())
    status, told = ready(world.desk)
    assert status == 200 and told["truths"] is False
    assert world.desk.test_client().get("/live").status_code == 200


def broken(world: World, database: Database) -> Runtime:
    return replace(world.runtime, database=database)


@pytest.mark.parametrize("how", ["garbage", "gone", "refused"])
def test_without_a_database_there_are_calm_pages_and_the_process_lives(
    world: World, tmp_path: Path, how: str
) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}"
    if how == "garbage":
        (tmp_path / "x.sqlite").write_bytes(b"this is no database" * 400)
        url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    elif how == "refused":
        url = "postgresql+psycopg://nobody:planted-password@127.0.0.1:9/none?connect_timeout=2"
    database = Database(url)
    runtime = broken(world, database)
    for app, pages in (
        (create_desk(runtime), ("/", "/log-in", "/inbox")),
        (create_portal(runtime), ("/", "/verify")),
    ):
        client = app.test_client()
        assert client.get("/live").text == "ok\n"
        status, told = ready(app)
        assert status == 503 and told["database"] is False
        for page in (*pages, "/healthz"):
            answer = client.get(page)
            if answer.status_code in (200, 303) and page != "/healthz":
                continue  # a page that asks the database nothing
            assert answer.status_code == 503, (page, answer.status_code)
            assert answer.headers["X-Request-Reference"] in answer.text
            assert "does not answer" in answer.text and answer.headers["Retry-After"]
            assert not any(word in answer.text for word in ("Traceback", "sqlalchemy", "sqlite", "planted"))
    database.dispose()


def test_a_request_the_database_left_in_the_middle_can_be_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = world.as_owner()
    form = owner.form("/inbox/rules", {"domain": "friends.example.org"})
    real = world.runtime.database.engine.connect

    def away(*_: object, **__: object) -> None:
        from sqlalchemy.exc import OperationalError

        raise OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(world.runtime.database.engine, "connect", away)
    answer = owner.send(*form)
    assert answer.status_code == 503 and "send the same again" in answer.text
    monkeypatch.setattr(world.runtime.database.engine, "connect", real)
    assert owner.send(*form).status_code == 303
    assert "friends.example.org" in owner.page("/inbox/rules")


def figures(app: Flask, address: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
    answer = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    return answer.status_code, answer.text


def test_figures_are_for_this_machine_or_for_who_has_the_token(world: World) -> None:
    assert figures(world.desk)[0] == 200
    assert figures(world.desk, "::1")[0] == 200
    assert figures(world.desk, "203.0.113.7")[0] == 404
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"):
        assert figures(world.desk, **{name: "203.0.113.7"})[0] == 404, name
    assert figures(world.portal)[0] == 404, "the portal is for the public"
    told = replace(world.runtime, config=replace(world.runtime.config, metrics_token=TOKEN))
    for app in (create_desk(told), create_portal(told)):
        assert figures(app, "203.0.113.7", Authorization=f"Bearer {TOKEN}")[0] == 200
        assert figures(app, "203.0.113.7", Authorization="Bearer wrong")[0] == 404
        assert figures(app, "203.0.113.7", Authorization="Bearer ")[0] == 404
    public = replace(world.runtime.config, desk_url="https://desk.example.org")
    desk = create_desk(replace(world.runtime, config=public))
    answer = desk.test_client().get("/metrics", base_url="https://desk.example.org")
    assert answer.status_code == 404, "behind a proxy nobody told us about everybody looks local"


def test_the_figures_are_those_of_the_rows(full_world: World) -> None:
    desk = full_world.desk
    desk.test_client().get("/pricing")
    told = {}
    for line in figures(desk)[1].splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            told[name] = float(value)
    assert told['lichtbild_outbox_messages{state="pending"}'] == 0
    assert told['lichtbild_outbox_messages{state="failed"}'] == 0
    assert told["lichtbild_payments_booked"] == 3, "two by card, one by transfer"
    assert told["lichtbild_crawl_pages"] >= 1
    assert told['lichtbild_deadlines{state="due"}'] == 0 < told['lichtbild_deadlines{state="open"}']
    assert told['lichtbild_letters{state="sent"}'] >= 5
    assert told["lichtbild_self_check_problems"] == 0
    asked = [name for name in told if name.startswith("lichtbild_requests_total") and 'app="desk"' in name]
    assert any('status="200"' in name and 'endpoint="public.pricing"' in name for name in asked), asked
    assert not any("confirm/" in name for name in told), "figures name endpoints, never addresses"
    assert json.dumps(sorted(told))


def test_the_log_of_a_request_names_its_endpoint_and_number(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "lichtbild.request"):
        answer = Visitor(world.desk).get("/confirm/planted-token-of-a-link")
    [record] = [record for record in caplog.records if record.name == "lichtbild.request"]
    assert record.__dict__["status"] == answer.status_code and "planted" not in str(record.__dict__)
