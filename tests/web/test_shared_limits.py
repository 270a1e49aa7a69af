"""Several web processes count together in a real Redis; without it each counts for itself and goes on."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.journeys.test_many_processes import webs
from tests.world import World, need

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
#: Wrong passwords for one account in five minutes; see ``accounts_public.log_in``.
TRIES = 5


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a Redis on a socket of its own, and its process."""
    need("redis-server")
    place = tmp_path / "redis.sock"
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 20
    while not place.exists() and time.monotonic() < until:
        time.sleep(0.02)
    yield f"redis+unix://{place}", server
    server.terminate()
    server.wait(20)


@pytest.mark.slow
@pytest.mark.sqlite_only("counters of rate limits do not lie in the database")
def test_two_processes_count_together_and_go_on_alone(
    world: World, tmp_path: Path, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, server = redis
    with webs(world, tmp_path, 2, LICHTBILD_REDIS_URL=url) as (one, other):
        host = world.runtime.config.desk_url.split("://")[1]
        together = [_try(port, host, "ada@example.org") for port in (one, other, one, other, one, other, one)]
        assert together[:TRIES] == [together[0]] * TRIES and together[0] < 429
        assert together[TRIES:] == [429, 429]
        server.terminate()
        server.wait(20)
        alone = [_try(one, host, "ben@example.org") for _ in range(TRIES + 1)]
        assert alone == [together[0]] * TRIES + [429]
        assert _try(other, host, "ben@example.org") == together[0]  # it counts for itself now
    assert "Traceback" not in (tmp_path / "web0.log").read_text()


def _try(port: int, host: str, email: str) -> int:
    """A wrong password; the answer's code."""
    browser = requests.Session()
    browser.headers["Host"] = host
    page = browser.get(f"http://127.0.0.1:{port}/log-in", timeout=20)
    assert page.ok, page.text
    token = TOKEN.search(page.text)
    assert token
    form = {"csrf_token": token[1], "email": email, "password": "not this one, certainly"}
    # the cookie belongs to the instance's name, not to 127.0.0.1
    cookies = {name: value for name, value in page.cookies.items()}
    answer = browser.post(
        f"http://127.0.0.1:{port}/log-in", form, cookies=cookies, timeout=20, allow_redirects=False
    )
    return answer.status_code
