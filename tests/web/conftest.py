"""A small app on the real skeleton: its own blueprints, an empty database, a movable clock."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask import session as cookie

from tests.databases import Mould
from tests.dialects import Cast
from tests.world import config_at
from workflow.kernel.actors import Actor, Role
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.web.blueprints import RoleBlueprint, role_blueprint
from workflow.web.current import SignedInAs
from workflow.web.skeleton import Shape, make_app

if TYPE_CHECKING:
    from workflow.kernel.runtime import Runtime

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

MakeSite = Callable[..., Flask]


def signed_in_by_cookie() -> SignedInAs | None:
    """Whoever the cookie names, by role; the tests sign in by setting it."""
    role = cookie.get("role")
    return SignedInAs(Actor(Role(role), "somebody", "Somebody"), "Somebody") if role else None


@pytest.fixture
def runtime(tmp_path: Path, migrated: Mould, cast: Cast) -> Iterator[Runtime]:
    config = config_at(tmp_path, LICHTBILD_DATABASE_URL=cast(migrated, tmp_path))
    database = Database(config.database_url)
    parts = SimpleNamespace(config=config, database=database, clock=FrozenClock(NOON))
    yield typing.cast("Runtime", parts)
    database.dispose()


@pytest.fixture
def make_site(runtime: Runtime) -> MakeSite:
    """Builds an app of the given blueprints; a public ``front`` with a log-in page is added."""

    def build(*blueprints: RoleBlueprint, **changes: object) -> Flask:
        front = role_blueprint("front", __name__, role=Role.PUBLIC)

        @front.get("/log-in")
        def log_in() -> str:
            return "log in here"

        @front.get("/become/<role>")
        def become(role: str) -> str:
            cookie["role"] = role
            return "done"

        settings: dict[str, object] = {
            "site_url": "http://desk.localhost:8000",
            "cookie_name": "lb_desk",
            "signed_in_loader": signed_in_by_cookie,
            "blueprints": (front, *blueprints),
            "log_in_endpoint": "front.log_in",
            **changes,
        }
        return make_app("site", runtime, Shape(**settings))  # type: ignore[arg-type]

    return build
