"""A desk with photographs and a small crawled web: real tables, store, decoder, matcher, forms; CSRF on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.databases import Mould, Moulds
from tests.dialects import Cast
from tests.parts import make_runtime
from tests.warm import desk_of
from tests.world import config_at
from workflow.accounts import passwords
from workflow.kernel.actors import Actor
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.kernel.runtime import Runtime
from workflow.works.decoding import UploadDecoder

from .made import IMPRINT, NOON, PASSWORD, Browser, Inbox, People, Web, altered


@pytest.fixture(scope="session")
def decoder() -> Iterator[UploadDecoder]:
    decoder = UploadDecoder()
    yield decoder
    decoder.close()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def stocked(moulds: Moulds, founded: Mould, decoder: UploadDecoder, password_hash: str) -> Mould:
    """One photograph on four pages of a blog and on one of a shop, taken in once for all tests."""

    def fill(folder: Path, url: str) -> None:
        clock = FrozenClock(NOON)
        runtime = _runtime(folder, url, decoder, clock)
        box = Inbox(runtime, People(runtime, password_hash).person("ada@example.org", "Ada Example"))
        web = Web(runtime, clock)
        box.upload("work-01.jpg")
        web.page("http://blog.example.org/impressum", IMPRINT, "Impressum")
        for number, how in enumerate(("resized", "cropped", "grey", "text")):
            web.picture(f"http://blog.example.org/{number}/", altered("work-01.jpg", how))
        web.picture("http://shop.example.net/a/", altered("work-01.jpg", "large"))
        box.take_in()
        runtime.database.dispose()

    return moulds.get(founded.dialect, "stocked", fill, of=founded)


@pytest.fixture
def runtime(
    request: pytest.FixtureRequest, tmp_path: Path, founded: Mould, cast: Cast, decoder: UploadDecoder,
    clock: FrozenClock,
) -> Iterator[Runtime]:  # fmt: skip
    """An empty instance, or a copy of the stocked one for tests that ask for ``filled``."""
    mould = request.getfixturevalue("stocked") if "filled" in request.fixturenames else founded
    runtime = _runtime(tmp_path, cast(mould, tmp_path), decoder, clock)
    yield runtime
    runtime.database.dispose()


def _runtime(folder: Path, url: str, decoder: UploadDecoder, clock: FrozenClock) -> Runtime:
    config = config_at(folder, LICHTBILD_DATABASE_URL=url)
    return make_runtime(config, Database(config.database_url), clock, decoder)


@pytest.fixture
def people(runtime: Runtime, password_hash: str) -> People:
    return People(runtime, password_hash)


@pytest.fixture
def owner(people: People) -> Actor:
    return people.person("ada@example.org", "Ada Example")


@pytest.fixture
def desk(runtime: Runtime) -> Iterator[Flask]:
    app = desk_of(runtime)
    yield app
    views = app.extensions.get("hit_views")
    if views is not None:
        views.close()


@pytest.fixture
def browser(desk: Flask, owner: Actor) -> Browser:
    return Browser(desk).log_in("ada@example.org")


@pytest.fixture
def web(runtime: Runtime, clock: FrozenClock) -> Web:
    return Web(runtime, clock)


@pytest.fixture
def box(runtime: Runtime, owner: Actor) -> Inbox:
    return Inbox(runtime, owner)


@pytest.fixture
def filled(box: Inbox) -> Inbox:
    """What ``stocked`` holds, in a copy of its own."""
    return box
