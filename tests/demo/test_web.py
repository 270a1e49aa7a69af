"""The demo web: what it promises to the search, and that it keeps its secret."""

from __future__ import annotations

import hashlib
import http.client
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import lxml.html
import pytest
from PIL import Image

from workflow.demo.alterations import LARGEST, SMALLEST, Kind
from workflow.demo.photographs import neighbours, others, photographs, works
from workflow.demo.web import World, WorldServer, build_world, load_world

SEED = 11


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build_world(tmp_path_factory.mktemp("world"), SEED)


@pytest.fixture(scope="module")
def port(world: World) -> Iterator[int]:
    with WorldServer(world) as server:
        yield server.port


def get(
    port: int, url: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request to loopback, without following redirects."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, parts.path or "/", headers={"Host": parts.netloc, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def walk(world: World, port: int) -> dict[str, bytes]:
    """Every page reached from the seeds by links and redirects, by its final address."""
    waiting = list(world.seeds_at(port))
    seen: set[str] = set(waiting)
    pages: dict[str, bytes] = {}
    while waiting:
        url = waiting.pop()
        status, headers, body = get(port, url)
        found = []
        if status in (301, 302):
            found = [urljoin(url, headers["Location"])]
        elif headers["Content-Type"].startswith("text/html"):
            assert status == 200, url
            pages[url] = body
            links = lxml.html.fromstring(body).iter("a")
            found = [urljoin(url, link.get("href", "")) for link in links]
        for address in found:
            if address.startswith("http") and address not in seen:
                seen.add(address)
                waiting.append(address)
    return pages


def test_the_photographs_are_listed_with_a_licence_and_small_enough() -> None:
    listed = photographs()
    assert {photo.path for photo in listed} == set(listed[0].path.parent.glob("*.jpg"))
    assert len(works()) == 16
    assert len(others()) + len(neighbours()) >= 45
    assert len(neighbours()) >= 4
    assert sum(photo.path.stat().st_size for photo in listed) <= 12_000_000
    free = re.compile(r"(CC0-1\.0|CC-BY(-SA)?-[234]\.0|Public domain)$")
    for photo in listed:
        assert free.match(photo.licence), photo.file
        assert photo.author and photo.licence_url.startswith("https://creativecommons.org/")
        with Image.open(photo.path) as picture:
            assert picture.size == (photo.width, photo.height)
            assert picture.getexif()[0x013B]


def test_there_are_enough_sites_pages_uses_and_other_pictures(world: World) -> None:
    assert len(world.hosts) >= 6
    assert all(host.endswith(".localhost") for host in world.hosts)
    assert world.page_count >= 60
    assert len(world.truth) >= 64
    assert min(Counter(use.kind for use in world.truth)[kind] for kind in Kind) >= 6
    assert {use.work_file for use in world.truth} == {photo.file for photo in works()}
    assert world.picture_count - len(world.truth) >= 110
    assert len({(use.page_url, use.work_file) for use in world.truth}) == len(world.truth)


def test_planted_files_stand_on_one_page_and_have_a_sensible_size(world: World) -> None:
    urls = [url for use in world.truth for url in use.image_urls]
    assert len(set(urls)) == len(urls)
    for url in urls:
        parts = urlsplit(url)
        file = world.file(parts.netloc, parts.path)
        assert file is not None
        with Image.open(file) as picture:
            assert SMALLEST <= max(picture.size) <= LARGEST
            assert not picture.getexif()


def test_the_same_seed_writes_the_same_bytes(world: World, tmp_path: Path) -> None:
    again = build_world(tmp_path, SEED)
    assert digests(again.folder) == digests(world.folder)
    assert load_world(tmp_path) == again


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_every_page_is_reached_by_links_and_holds_its_planted_pictures(world: World, port: int) -> None:
    pages = walk(world, port)
    kept = [url for url in pages if urlsplit(url).path.startswith("/private/")]
    assert len(kept) == 1
    assert len(pages) - len(kept) == world.page_count
    for use in world.truth_at(port):
        path = urlsplit(use.image_urls[0]).path.encode()
        assert [url for url, body in pages.items() if path in body] == [use.page_url]
        for url in use.image_urls:
            assert get(port, url)[0] == 200


def test_pages_keep_the_secret(world: World) -> None:
    """No name, title or author of a photograph and no word for what was done to it."""
    served = world.folder / "sites"
    assert not list(served.rglob("truth*"))
    words = [kind.value for kind in Kind if kind is not Kind.TEXT] + ["truth", "planted", "demo"]
    names = [text for photo in photographs() for text in (photo.file, photo.title, photo.author)]
    telling = re.compile("|".join(map(re.escape, [*names, *words])), re.IGNORECASE)
    for file in served.rglob("*"):
        assert not telling.search(str(file.relative_to(served))), file
        if file.suffix in {".html", ".xml", ".txt", ".css", ".js", ".svg"}:
            html = file.read_text(encoding="utf-8")
            html = html.replace("This site is part of a demonstration.", "")
            assert telling.search(html) is None, file


def test_dates_lie_before_the_demo_begins(world: World, port: int) -> None:
    for url, body in walk(world, port).items():
        dates = re.findall(rb"20\d\d-\d\d-\d\d", body)
        assert all(b"2021-03-01" <= day < b"2024-03-01" for day in dates), url
    _, headers, _ = get(port, world.truth_at(port)[0].image_urls[0])
    assert re.search(r" 202[1-4] ", headers["Last-Modified"])


def test_the_server_tells_hosts_apart(world: World, port: int) -> None:
    bodies = {get(port, url)[2] for url in world.seeds_at(port)}
    assert len(bodies) == len(world.hosts)
    assert get(port, f"http://stranger.localhost:{port}/")[0] == 404
    assert get(port, f"http://{world.hosts[0]}:{port}/../world.json")[0] == 404
    assert get(port, f"http://{world.hosts[0]}:{port}/%2e%2e/%2e%2e/truth.json")[0] == 404
    assert world.allowed(port)[world.hosts[0], port] == "127.0.0.1"


def test_the_server_speaks_plain_http(world: World, port: int) -> None:
    url = world.seeds_at(port)[0]
    status, headers, body = get(port, url)
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert f":{port}/".encode() in body and b"@PORT@" not in body
    head = get(port, url, "HEAD")
    assert head[2] == b"" and head[1]["Content-Length"] == str(len(body))
    assert get(port, url, headers={"If-None-Match": headers["ETag"]})[0] == 304
    assert get(port, url, headers={"If-Modified-Since": headers["Last-Modified"]})[0] == 304
    assert get(port, url + "no-such-page")[0] == 404
    assert get(port, f"http://studio-hafen.localhost:{port}/projects")[0] == 301
    status, headers, _ = get(port, f"http://studio-hafen.localhost:{port}/r/1")
    assert status == 302 and headers["Location"].startswith("/go/")


def test_robots_and_sitemap_are_there(world: World, port: int) -> None:
    for url in world.seeds_at(port):
        assert get(port, url + "robots.txt")[2].startswith(b"User-agent: *")
        sitemap = get(port, url + "sitemap.xml")
        assert sitemap[1]["Content-Type"].startswith(("application/xml", "text/xml"))
        assert url.encode() in sitemap[2]
    private = get(port, f"http://galerie-nord.localhost:{port}/robots.txt")[2]
    assert b"Disallow: /private/" in private
