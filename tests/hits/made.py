"""What the tests of hits are made of: people, a crawled web, altered photographs, a browser."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from PIL import Image, ImageDraw
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from detection.crawl.store import ContentStore
from detection.crawl.tables import crawl_images, crawl_pages, crawl_sightings
from tests.second_step import pass_second_step
from workflow.accounts.models import Account
from workflow.accounts.queries import account_by_email, current_terms
from workflow.accounts.states import AccountKind, Capacity, TaxState
from workflow.config import ROOT
from workflow.hits import queries
from workflow.hits.intake import take_in
from workflow.hits.models import Hit
from workflow.hits.writing import page_key
from workflow.kernel.actors import Actor, Role
from workflow.kernel.clock import FrozenClock
from workflow.kernel.ids import new_id
from workflow.kernel.runtime import Runtime
from workflow.works import intake as works_intake

NOON = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "a calm harbour at dawn"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PHOTOGRAPHS = ROOT / "workflow" / "demo" / "photographs"
IMPRINT = """<!doctype html><html><head><title>Impressum</title></head><body><h1>Impressum</h1>
<p>Küstenblog Beispiel UG<br>Beispielweg 12<br>00000 Musterhafen</p>
<p>E-Mail: <a href="mailto:blog@example.org">blog@example.org</a></p><p>USt-IdNr.: DE000000001</p></body></html>"""


@dataclass
class People:
    """Makes rights-holders that can sign in."""

    runtime: Runtime
    password_hash: str

    def person(self, email: str, name: str) -> Actor:
        with self.runtime.database.transaction() as session:
            known = account_by_email(session, email)
            if known:
                return known.actor
            account = Account(
                id=new_id(), email=email, name=name, role=Role.RIGHTS_HOLDER, kind=AccountKind.PHOTOGRAPHER,
                capacity=Capacity.AUTHOR, password_hash=self.password_hash, email_confirmed_at=NOON,
                country="DE", tax_state=TaxState.PRIVATE,
                terms_version=current_terms(session, NOON.date()).version, terms_accepted_at=NOON,
                created_at=NOON,
            )  # fmt: skip
            session.add(account)
            session.flush()
            return account.actor


class Browser:
    """A client that brings a page's token along, as a browser does."""

    def __init__(self, desk: Flask) -> None:
        self.client = desk.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.get_data(as_text=True)[:2000])
        return answer.get_data(as_text=True)

    def post(self, path: str, data: dict[str, Any], *, on: str = "") -> TestResponse:
        """Press a button of the page ``on`` (default: the path itself)."""
        token = TOKEN.search(self.page(on or path))
        assert token, f"{on or path} has no form"
        return self.client.post(path, data=data | {"csrf_token": token[1]})

    def log_in(self, email: str) -> Browser:
        answer = self.post("/log-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 303
        pass_second_step(self.client, answer, email)
        return self


@dataclass
class Web:
    """What a crawl would have left behind: pages, pictures and sightings, in its tables and its store."""

    runtime: Runtime
    clock: FrozenClock
    pages: dict[str, int] = field(default_factory=dict)

    def page(
        self, url: str, html: str = "<html><head><title>A page</title></head></html>", title: str = "A page"
    ) -> None:
        store = ContentStore(self.runtime.config.crawl_dir)
        seen = self.clock.wall().timestamp()
        row = {
            "url_key": page_key(url), "url": url, "host": url.split("/")[2].split(":", maxsplit=1)[0], "title": title,
            "status": 200, "sha256": store.put(html.encode()), "first_seen": seen, "last_seen": seen,
        }  # fmt: skip
        with self.runtime.database.transaction() as session:
            done = session.execute(insert(crawl_pages).values(row))
            self.pages[url] = int(done.inserted_primary_key[0])

    def picture(
        self, url: str, data: bytes, *, alt: str = "", credit: str = "", media_type: str = "image/jpeg"
    ) -> str:
        """The picture stands on the page ``url``; returns its hash."""
        if url not in self.pages:
            self.page(url)
        sha256 = ContentStore(self.runtime.config.crawl_dir).put(data)
        try:
            width, height = Image.open(io.BytesIO(data)).size
        except OSError:
            width, height = 100, 100
        seen = self.clock.wall().timestamp()
        with self.runtime.database.transaction() as session:
            known = session.execute(select(crawl_images.c.sha256).where(crawl_images.c.sha256 == sha256))
            if known.first() is None:
                session.execute(
                    insert(crawl_images).values(
                        sha256=sha256,
                        media_type=media_type,
                        width=width,
                        height=height,
                        size=len(data),
                        first_seen=seen,
                    )
                )
            session.execute(
                insert(crawl_sightings).values(
                    page_id=self.pages[url],
                    image_sha256=sha256,
                    image_url=f"{url}{sha256[:8]}.jpg",
                    channel="img-src",
                    xpath="/html/body/img",
                    alt=alt,
                    credit=credit,
                    first_seen=seen,
                    last_seen=seen,
                )
            )
        return sha256

    def see_again(self) -> None:
        """The crawl fetched everything once more, now."""
        with self.runtime.database.transaction() as session:
            session.execute(update(crawl_sightings).values(last_seen=self.clock.wall().timestamp()))


def photograph(name: str) -> bytes:
    return (PHOTOGRAPHS / name).read_bytes()


def altered(name: str, how: str = "resized") -> bytes:
    """A copy of a photograph as the web may show it; every kind is another file."""
    with Image.open(io.BytesIO(photograph(name))) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    if how == "cropped":
        image = image.crop((width // 8, height // 8, width * 7 // 8, height * 7 // 8))
    if how == "grey":
        image = image.convert("L").convert("RGB")
    if how == "text":
        ImageDraw.Draw(image).rectangle((0, height * 9 // 10, width, height), fill="black")
    side = {"thumb": 300, "tiny": 130, "large": 1000}.get(how, 640)
    image.thumbnail((side, side))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=82)
    return target.getvalue()


@dataclass
class Inbox:
    """Takes photographs and finds in, and looks at the hits without HTTP."""

    runtime: Runtime
    owner: Actor

    def upload(self, name: str, owner: Actor | None = None) -> None:
        sent = works_intake.Sent(name, io.BytesIO(photograph(name)), new_id())
        record = works_intake.take_in(self.runtime, sent, owner or self.owner, NOON)
        assert record.work_id, record.sentence

    def take_in(self) -> Any:
        return take_in(self.runtime, pool_size=1)

    def hits(self, **where: Any) -> list[Hit]:
        with self.runtime.database.reading() as session:
            rows = session.scalars(select(Hit).filter_by(**where).order_by(Hit.id)).all()
            for row in rows:
                assert row.work.title
                assert row.case is None or row.case.reference
            return list(rows)

    def hit(self, hit_id: Any) -> Hit:
        with self.runtime.database.reading() as session:
            return queries.own_hit(session, self.owner, hit_id)
