"""Behind a proxy everybody has an address of their own again, or one guesser locks all others out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, request

from tests.world import World
from workflow.app import create_desk, create_portal
from workflow.config import ConfigError, load_config


def address_seen(app: Flask) -> str:
    seen: list[str] = []
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: seen.append(request.remote_addr or ""))
    app.test_client().get("/", headers={"X-Forwarded-For": "203.0.113.7"})
    return seen[0]


def test_the_address_is_the_proxys_word_only_where_one_is_named(world: World) -> None:
    behind = replace(world.runtime, config=replace(world.runtime.config, proxies=1))
    for create in (create_desk, create_portal):
        assert address_seen(create(world.runtime)) == "127.0.0.1"
        assert address_seen(create(behind)) == "203.0.113.7"


def test_a_strange_number_of_proxies_stops_the_start(tmp_path: Path) -> None:
    for wrong in ("many", "-1", "99"):
        with pytest.raises(ConfigError, match="LICHTBILD_PROXIES"):
            load_config("demo", {"LICHTBILD_PROXIES": wrong, "LICHTBILD_INSTANCE_DIR": str(tmp_path)})
