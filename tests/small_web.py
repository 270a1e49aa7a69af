"""A tiny web on loopback with a copy of a photograph on it, and the crawl that finds it."""

from __future__ import annotations

import io
import json
import subprocess
import sys

from PIL import Image

from tests.detection.site import Site
from tests.world import Visitor, World, words
from workflow.config import ROOT

PHOTOGRAPHS = ROOT / "workflow" / "demo" / "photographs"
HOST = "walks.localhost"
IMPRINT = """<h1>Impressum</h1><p>Wanderfreunde Beispiel UG<br>Beispielweg 12<br>10115 Berlin</p>
<p>E-Mail: <a href="mailto:office@example.org">office@example.org</a></p><p>USt-IdNr.: DE000000001</p>"""
CRAWL = """
import json, sys
from pathlib import Path
from detection.crawl.job import CrawlJob
from detection.crawl.run import run_crawl
from detection.egress import EgressPolicy
words = json.loads(sys.argv[1])
run_crawl(CrawlJob(
    database_url=words["database"], store_dir=Path(words["store"]), seeds=(words["seed"],),
    user_agent="LichtbildTest/1.0 (+https://example.org/bot)", wall=lambda: words["wall"], delay=0.0, autothrottle=False,
    policy=EgressPolicy(allowed={(words["host"], words["port"]): "127.0.0.1"}, ports=(80, 443)),
))
"""


def copy_of(name: str) -> bytes:
    """The photograph as somebody else might show it: cropped, smaller, compressed again."""
    with Image.open(PHOTOGRAPHS / name) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    image = image.crop((width // 10, height // 10, width, height))
    image.thumbnail((640, 640))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=80)
    return data.getvalue()


def other_picture(name: str) -> bytes:
    with Image.open(PHOTOGRAPHS / name) as opened:
        image = opened.convert("RGB")
    image.thumbnail((700, 700))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=80)
    return data.getvalue()


def crawl(world: World, site: Site) -> None:
    config = world.runtime.config
    job = {
        "database": config.database_url, "store": str(config.crawl_dir), "host": HOST, "port": site.port,
        "seed": f"http://{HOST}:{site.port}/", "wall": world.clock.wall().timestamp(),
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", CRAWL, json.dumps(job)], cwd=ROOT, check=True, timeout=120)


def upload(world: World, *names: str) -> Visitor:
    owner = world.as_owner()
    to, fields = owner.form("/photographs/upload", {"photographs": []})
    files = [("photographs", (io.BytesIO((PHOTOGRAPHS / name).read_bytes()), name)) for name in names]
    answer = owner.send(to, [*fields, *files], content_type="multipart/form-data")
    assert answer.status_code == 303, words(answer.text)
    return owner


def small_web() -> Site:
    """A blog with one copy of ``work-01.jpg``, one other picture and an imprint."""
    site = Site()
    site.html("/", '<a href="/walk">Five walks</a> <a href="/impressum">Impressum</a>')
    site.html(
        "/walk", '<h1>Five walks</h1><img src="/a.jpg" alt="The ridge"><img src="/b.jpg" alt="Another">'
    )
    site.html("/impressum", IMPRINT)
    site.file("/a.jpg", copy_of("work-01.jpg"))
    site.file("/b.jpg", other_picture("work-05.jpg"))
    return site
