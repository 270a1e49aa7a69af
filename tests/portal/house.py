"""A portal with real cases in it: real documents in a real vault, real letters, a browser that fills in forms."""

from __future__ import annotations

import html
import io
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from PIL import Image, ImageDraw
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from workflow.accounts.models import Account, OperatorProfile
from workflow.accounts.states import AccountKind, Capacity, LegalBasis, TaxState
from workflow.cases.letters import code_of
from workflow.cases.models import Case
from workflow.cases.pricing import FeeFacts, Placement, approval_of, decide_on_tariff, tariff_on
from workflow.cases.services import EvidenceFile, NewCase, UseFacts, move, set_price, submit_case
from workflow.cases.services.deciding import note_look
from workflow.cases.services.offering import RecipientFacts, note_recipient
from workflow.cases.states import CaseTrigger, EvidenceKind, UseClass
from workflow.kernel.actors import Actor, Role
from workflow.kernel.clock import FrozenClock
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency
from workflow.kernel.runtime import Runtime
from workflow.wiring import handlers
from workflow.worker import Worker
from workflow.works.models import Work

NOON = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
OPERATOR = Actor(Role.OPERATOR, "staff", "Kim Example")
PAGE_URL = "http://harbour-shop.example/en/journal/2023/a-morning-at-the-old-harbour?page=2"
HIDDEN = re.compile(r'<input(?=[^>]*type="hidden")[^>]*name="([^"]+)"[^>]*value="([^"]*)"')


def picture(width: int = 900, height: int = 600, hue: int = 0, kind: str = "JPEG") -> bytes:
    """A sea, a sun and a few boats, drawn."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        t = y / height
        sky, sea = (
            (240 - int(90 * t), 200 - int(40 * t), 150 + int(60 * t)),
            (60, 100 + hue, 140 - int(20 * t)),
        )
        draw.line((0, y, width, y), fill=sky if t < 0.55 else sea)
    draw.ellipse((width * 0.62, height * 0.34, width * 0.74, height * 0.52), fill=(255, 240, 200))
    for at in (0.15, 0.38, 0.8):
        x, y = width * at, height * 0.6
        draw.polygon([(x, y), (x + 90, y), (x + 70, y + 24), (x + 18, y + 24)], fill=(40, 40, 50))
        draw.polygon([(x + 44, y - 110), (x + 44, y - 6), (x + 88, y - 6)], fill=(245, 240, 230))
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


@dataclass(frozen=True)
class Made:
    """A case and what its letter says."""

    id: uuid.UUID
    reference: str
    code: str


class Browser:
    """Fills in forms as a browser does: token and hidden fields included."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client = app.test_client()
        self.address = {"REMOTE_ADDR": address}

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers, environ_base=self.address)

    def text(self, path: str) -> str:
        """The words of the page, as a person reads them."""
        return words(self.get(path))

    def send(self, page: str, fields: dict[str, Any], *, to: str = "") -> TestResponse:
        """Open ``page``, then post its hidden fields and ``fields`` to ``to`` (or the page)."""
        hidden = dict(HIDDEN.findall(self.get(page).get_data(as_text=True)))
        return self.client.post(
            to or page, data=hidden | fields, environ_base=self.address, content_type="multipart/form-data"
        )

    def enter(self, reference: str, code: str) -> TestResponse:
        return self.send("/", {"reference": reference, "code": code})


def words(response: TestResponse) -> str:
    """The text of a page without its tags."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", response.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


class House:
    """The portal, its database and the verbs the tests need."""

    def __init__(self, app: Flask, runtime: Runtime, clock: FrozenClock, gateway: Any = None) -> None:
        self.app, self.runtime, self.clock, self.gateway = app, runtime, clock, gateway

    def browser(self, address: str = "127.0.0.1") -> Browser:
        return Browser(self.app, address)

    def visitor(self, case: Made, address: str = "127.0.0.1") -> Browser:
        """A browser that has entered the case."""
        browser = self.browser(address)
        assert browser.enter(case.reference, case.code).status_code == 303
        return browser

    def work(self) -> int:
        """Let the worker do everything that waits."""
        return Worker(self.runtime, handlers(self.gateway)).drain()

    def later(self, **time: float) -> None:
        self.clock.advance(timedelta(**time))

    def now(self) -> datetime:
        return self.clock.business()

    def case(self, made: Made) -> Case:
        with self.runtime.database.reading() as session:
            case = session.get_one(Case, made.id)
            session.expunge_all()
        return case

    def count(self, model: type) -> int:
        with self.runtime.database.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def move(self, made: Made, trigger: CaseTrigger, actor: Actor = OPERATOR, **more: Any) -> None:
        with self.runtime.database.transaction() as session:
            move(session, made.id, trigger, actor, self.now(), **more)

    def look(self, made: Made) -> None:
        """An operator looks at the silent case before it becomes formal."""
        seen = self.case(made).version
        with self.runtime.database.transaction() as session:
            note_look(session, made.id, "Still there.", OPERATOR, self.now(), seen_version=seen)

    def set_up(self) -> None:
        """Who operates this instance."""
        with self.runtime.database.transaction() as session:
            session.merge(
                OperatorProfile(
                    id=1, name="Bildrechte Nord GmbH", legal_basis=LegalBasis.AGENCY, street="Musterweg 4",
                    postcode="20095", city="Hamburg", country="DE", register_entry="HRB 00000 Hamburg",
                    vat_id="DE000000000", contact_name="Kim Example", phone="+49 40 0000 1234",
                    sender_email="licensing@bildrechte.example", bank_holder="Bildrechte Nord GmbH",
                    iban="DE89370400440532013000", languages=["en"], currency=Currency.EUR,
                    time_zone="Europe/Berlin", updated_at=NOON,
                )
            )  # fmt: skip
            edition = tariff_on(session, NOON.date()).edition
            if approval_of(session, edition) is None:
                note = "Test"
                decide_on_tariff(session, edition, approved=True, note=note, actor=OPERATOR, now=NOON)

    def submitted(self, uses: int = 1, found: bytes | None = None, title: str = "Harbour at dawn") -> Made:
        """A case as a rights-holder hands it in."""
        with self.runtime.database.transaction() as session:
            owner = Account(
                id=new_id(), email=f"{new_id()}@example.org", name="Studio Nordlicht", role=Role.RIGHTS_HOLDER,
                kind=AccountKind.PHOTOGRAPHER, capacity=Capacity.AUTHOR, password_hash="-",
                email_confirmed_at=NOON, country="DE", tax_state=TaxState.PRIVATE, terms_version=self._terms(session),
                terms_accepted_at=NOON, created_at=NOON,
            )  # fmt: skip
            session.add(owner)
            session.flush()
            work = self._work(session, owner, title)
            new = NewCase(
                host="harbour-shop.example", attested="It is mine and no licence was given.",
                uses=[self._use(work, number, found) for number in range(uses)],
            )  # fmt: skip
            vault, keys = self.runtime.vault, self.runtime.secrets
            case = submit_case(session, vault, keys, self.runtime.randbelow, new, owner.actor, self.now())
            return Made(case.id, case.reference, code_of(session, vault, case))

    def offered(self, uses: int = 1, found: bytes | None = None, title: str = "Harbour at dawn") -> Made:
        """A case whose offer left: 90.00 for the licence at 50 %, doubled for the missing name, plus VAT."""
        self.set_up()
        made = self.submitted(uses, found, title)
        facts = RecipientFacts("Harbour Shop Ltd", "office@harbour-shop.example", "Quay 1\n20095 Hamburg", "DE", "HH",
                               "http://harbour-shop.example/imprint")  # fmt: skip
        fee = FeeFacts(UseClass.COMMERCIAL, "website", placement=Placement.SUB_PAGE, longest_side_px=640,
                       first_seen=date(2024, 2, 10), last_seen=date(2024, 3, 1), credited=False)  # fmt: skip
        with self.runtime.database.transaction() as session:
            note_recipient(session, made.id, facts, OPERATOR, self.now())
            set_price(session, made.id, fee, OPERATOR, self.now())
            move(session, made.id, CaseTrigger.OFFER, OPERATOR, self.now())
        return made

    @staticmethod
    def _terms(session: Any) -> str:
        from workflow.accounts.queries import current_terms

        return current_terms(session, NOON.date()).version

    def _work(self, session: Any, owner: Account, title: str) -> Work:
        data = picture()
        document = self.runtime.vault.put(
            session, f"owner:{owner.id}", data, media_type="image/jpeg", name="harbour.jpg", now=NOON
        )
        work = Work(
            id=new_id(), owner_id=owner.id, title=title, file_name="harbour.jpg", sha256=document.address,
            media_type="image/jpeg", size=len(data), width=900, height=600, original_document_id=document.id,
            display_document_id=document.id, thumb_document_id=document.id, added_at=NOON,
        )  # fmt: skip
        session.add(work)
        session.flush()
        return work

    @staticmethod
    def _use(work: Work, number: int, found: bytes | None) -> UseFacts:
        shown = found or picture(640, 560, hue=25 + number)
        seen = datetime(2024, 2, 10 + number, 8, 0, tzinfo=UTC)
        page = b"<!doctype html><title>Journal</title><script>alert(1)</script>"
        return UseFacts(
            hit_id=new_id(), work_id=work.id, work_title=work.title,
            page_url=PAGE_URL if not number else f"http://harbour-shop.example/page/{number}",
            page_title="A morning at the old harbour", image_url="http://harbour-shop.example/img/harbour.jpg",
            found_sha256="0" * 64, first_seen=seen, last_seen=NOON,
            match_sentence="The same photograph, cropped to about half: 412 points of both pictures agree.",
            match_facts={"outline": [[20, 30], [600, 40], [610, 520], [30, 500]],
                         "found_width": 640, "found_height": 560},
            credit_found="",
            evidence=(
                EvidenceFile(EvidenceKind.PHOTOGRAPH, "photograph.jpg", "image/jpeg", picture(), NOON),
                EvidenceFile(EvidenceKind.FOUND_IMAGE, "found.jpg", "image/jpeg", shown, NOON),
                EvidenceFile(EvidenceKind.PAGE, "page.html", "text/html", page, NOON),
            ),
        )  # fmt: skip
