"""Real crawls over loopback HTTP, each in its own process."""

from __future__ import annotations

import hashlib
import os
import signal
import time

import pytest

from detection.crawl.store import ContentStore
from tests.detection.conftest import Crawl, encoded, opened, photographs
from tests.detection.site import Site, served

HOST = "bilder.example.org"


def opening(site: Site, *hosts: str) -> list[tuple[str, int, str]]:
    return [(host, site.port, "127.0.0.1") for host in hosts or (HOST,)]


def address(site: Site, path: str, host: str = HOST) -> str:
    return f"http://{host}:{site.port}{path}"


FETCHING = "about fetching; what two databases do differently is in the frontier and in the killed crawl"


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    return [encoded(opened(path, 400)) for path in photographs("work-*.jpg")[:4]]


@pytest.mark.sqlite_only(FETCHING)
def test_a_small_site_is_read_and_read_again(crawl: Crawl, pictures: list[bytes]) -> None:
    site = Site()
    site.html(
        "/",
        '<a href="/two">two</a> <a href="/private/no">no</a> <a href="http://elsewhere.example.org/">out</a>'
        '<figure><img src="/a.jpg" alt="A lake"><figcaption>Foto: Ada Muster</figcaption></figure>'
        '<img srcset="/b.jpg?w=1 1x, /b.jpg?w=2 2x"><img src="/logo.svg">',
    )
    site.html("/two", '<a href="/">home</a><div style="background:url(/a.jpg)"></div><a href="/old">old</a>')
    site.redirect("/old", "/three")
    site.html("/three", '<script type="application/ld+json">{"image": "/c.jpg"}</script>')
    site.answers["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /private/")
    site.file("/a.jpg", pictures[0])
    site.file("/b.jpg", pictures[1])
    site.file("/c.jpg", pictures[2])
    site.file("/logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
    with served(site):
        summary = crawl.run(seeds=[address(site, "/")], allowed=opening(site))
        again = crawl.run(seeds=[address(site, "/")], allowed=opening(site))
    assert summary["pages"] == 3 and summary["images"] == 3
    assert summary["sightings"] == 4  # a.jpg on two pages; b.jpg once, though under two addresses
    assert summary["refused"] == 2 and summary["failed"] == 0  # robots.txt and the drawing
    assert "/private/no" not in site.paths()
    assert not any("elsewhere" in line for line in site.asked)
    assert {**again, "seconds": 0} == {**summary, "seconds": 0}
    sightings = crawl.rows("SELECT channel, alt, credit, xpath FROM crawl_sightings ORDER BY id")
    assert ("img-src", "A lake", "Foto: Ada Muster", "/html/body/figure/img") in sightings
    assert {row[0] for row in sightings} == {"img-src", "img-srcset", "css-inline", "jsonld"}
    assert crawl.rows("SELECT count(*) FROM crawl_sightings WHERE last_seen > first_seen") == [(4,)]
    store = ContentStore(crawl.folder / "store")
    for data in pictures[:3]:
        assert store.get(hashlib.sha256(data).hexdigest()) == data


@pytest.mark.sqlite_only(FETCHING)
def test_redirects_into_the_house_reach_nothing(crawl: Crawl, pictures: list[bytes]) -> None:
    inside = Site()
    inside.html("/", "secret")
    inside.file("/a.jpg", pictures[0])
    site = Site()
    with served(inside), served(site):
        secret = f"127.0.0.1:{inside.port}"
        number = f"2130706433:{inside.port}"
        links = [f"http://{place}/" for place in (secret, number, f"0x7f.1:{inside.port}")]
        site.redirect("/go", links[0])
        site.redirect("/go2", f"http://localhost:{inside.port}/")
        site.redirect("/pic.jpg", f"http://{secret}/a.jpg")
        site.redirect("/pic2.jpg", f"http://{HOST}:{inside.port}/a.jpg")
        pictures_inside = "".join(f'<img src="{link}a.jpg">' for link in links)
        site.html(
            "/",
            f'<a href="/go">1</a><a href="/go2">2</a><img src="/pic.jpg"><img src="/pic2.jpg">'
            f'{pictures_inside}<img src="http://[::ffff:127.0.0.1]:{inside.port}/a.jpg">',
        )
        hosts = [HOST, "127.0.0.1", "localhost"]
        summary = crawl.run(seeds=[address(site, "/")], hosts=hosts, allowed=opening(site))
    assert inside.asked == []
    assert summary["pages"] == 1 and summary["images"] == 0
    assert summary["refused"] + summary["failed"] == 8


@pytest.mark.sqlite_only(FETCHING)
def test_a_redirect_to_another_allowed_site_is_followed(crawl: Crawl) -> None:
    site = Site()
    other = "zweite.example.org"
    with served(site):
        site.redirect("/", f"http://{other}:{site.port}/there")
        site.html("/there", "arrived")
        summary = crawl.run(
            seeds=[address(site, "/")], hosts=[HOST, other], allowed=opening(site, HOST, other)
        )
    assert summary["pages"] == 1
    assert crawl.rows("SELECT host FROM crawl_pages") == [(other,)]


@pytest.mark.sqlite_only(FETCHING)
def test_limits_on_depth_and_pages(crawl: Crawl) -> None:
    site = Site()
    for number in range(30):
        site.html(f"/{number}", f'<a href="/{number + 1}">on</a>')
    with served(site):
        assert crawl.run(seeds=[address(site, "/0")], allowed=opening(site), max_depth=3)["pages"] == 4
        assert (
            crawl.run(seeds=[address(site, "/0")], allowed=opening(site), max_depth=50, max_pages=10)["pages"]
            == 10
        )


@pytest.mark.slow
def test_a_killed_crawl_loses_nothing(crawl: Crawl, pictures: list[bytes]) -> None:
    site = Site(delay=0.02)
    for number in range(40):
        links = "".join(
            f'<a href="/p{next_}">x</a>' for next_ in (2 * number + 1, 2 * number + 2) if next_ < 40
        )
        site.html(f"/p{number}", f'{links}<img src="/i{number}.jpg">')
        site.file(f"/i{number}.jpg", pictures[number % 4] + bytes([number]))
    with served(site):
        job = {
            "seeds": [address(site, "/p0")],
            "allowed": opening(site),
            "lease_seconds": 3.0,
            "max_depth": 9,
        }
        process = crawl.start(**job)
        deadline = time.monotonic() + 40
        while len(site.asked) < 35 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        done_before = crawl.rows("SELECT count(*) FROM crawl_requests WHERE state = 'done'")[0][0]
        summary = crawl.run(**job)
    assert 0 < done_before < 80
    assert (summary["pages"], summary["images"], summary["sightings"]) == (40, 40, 40)
    assert summary["refused"] == summary["failed"] == 0
    assert crawl.rows("SELECT count(*) FROM crawl_requests WHERE state <> 'done'") == [(0,)]
    store = ContentStore(crawl.folder / "store")
    for (sha256,) in crawl.rows("SELECT sha256 FROM crawl_images"):
        store.get(sha256)
    assert len({path for path in site.paths() if path.startswith("/i")}) == 40
