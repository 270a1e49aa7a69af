"""The whole desk with cases on it: migrated database, real letters and mails, forms with CSRF on."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image, ImageDraw
from sqlalchemy import select
from werkzeug.test import TestResponse

from detection.images.pool import DecodePool
from detection.images.safe import SafeDecoder
from tests.databases import Mould
from tests.dialects import Cast
from tests.parts import make_runtime
from tests.second_step import pass_second_step
from tests.warm import desk_of
from tests.world import config_at
from workflow.accounts import passwords
from workflow.accounts.models import Account
from workflow.accounts.queries import current_terms
from workflow.accounts.services.joining import create_operator
from workflow.accounts.services.settings import OperatorSetUp, save_set_up
from workflow.accounts.states import AccountKind, Capacity, LegalBasis, TaxState
from workflow.cases import services
from workflow.cases.models import Case
from workflow.cases.pricing import FeeFacts, Placement, decide_on_tariff, from_stored, tariff_on
from workflow.cases.services.deciding import note_look
from workflow.cases.states import CaseTrigger, EvidenceKind, HoldKind, UseClass
from workflow.kernel import outbox
from workflow.kernel.actors import Actor, Role
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.kernel.deadlines import claim_due
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency
from workflow.kernel.runtime import Runtime
from workflow.kernel.uploads import Decoder
from workflow.wiring import handlers
from workflow.worker import Worker
from workflow.works.models import Work

START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
PASSWORD = "a calm harbour at dawn"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
OWNER, STAFF = "ada@example.org", "desk@example.org"


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    decoder = SafeDecoder(DecodePool())
    yield decoder
    decoder.close()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(START)


@pytest.fixture
def runtime(
    tmp_path: Path, clock: FrozenClock, decoder: Decoder, founded: Mould, cast: Cast
) -> Iterator[Runtime]:
    config = config_at(tmp_path, LICHTBILD_DATABASE_URL=cast(founded, tmp_path))
    database = Database(config.database_url)
    yield make_runtime(config, database, clock, decoder)
    database.dispose()


def picture(seed: int, size: tuple[int, int] = (900, 600)) -> bytes:
    """A small drawing that is a real JPEG."""
    image = Image.new("RGB", size, (60 + seed * 20, 110, 150))
    draw = ImageDraw.Draw(image)
    for n in range(12):
        draw.ellipse(
            (n * 70, 40 + n * 20, n * 70 + 120, 200 + n * 20), outline=(240, 200, 40 + seed), width=6
        )
    data = io.BytesIO()
    image.save(data, "JPEG")
    return data.getvalue()


class Browser:
    """A client that brings the form's token along, as a browser does."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.get_data(as_text=True)[-800:])
        return answer.get_data(as_text=True).replace("\u00a0", " ")

    def post(self, to: str, data: dict[str, Any], page: str = "") -> TestResponse:
        token = TOKEN.search(self.page(page or to))
        assert token, f"{page or to} has no form"
        return self.client.post(to, data=data | {"csrf_token": token[1]})

    def log_in(self, email: str) -> Browser:
        answer = self.post("/log-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 303
        pass_second_step(self.client, answer, email)
        return self


@dataclass
class House:
    """People, photographs and cases, made through the services that pages and worker use."""

    runtime: Runtime
    clock: FrozenClock
    app: Flask
    password_hash: str
    people: dict[str, Actor] = field(default_factory=dict)

    def owner(self, email: str = OWNER) -> Actor:
        if email not in self.people:
            with self.runtime.database.transaction() as session:
                account = Account(
                    id=new_id(), email=email, name=email.partition("@")[0].title(), role=Role.RIGHTS_HOLDER,
                    kind=AccountKind.PHOTOGRAPHER, capacity=Capacity.AUTHOR, password_hash=self.password_hash,
                    email_confirmed_at=START, country="DE", tax_state=TaxState.PRIVATE,
                    terms_version=current_terms(session, START.date()).version, terms_accepted_at=START,
                    created_at=START,
                )  # fmt: skip
                session.add(account)
                session.flush()
                self.people[email] = account.actor
        return self.people[email]

    @property
    def staff(self) -> Actor:
        return self.people[STAFF]

    def browser(self, email: str) -> Browser:
        return Browser(self.app).log_in(email)

    def submitted(self, email: str = OWNER, *, uses: int = 1, host: str = "walks.example.org") -> uuid.UUID:
        """A case as ``hits`` hands it in; the recipient is what the page said."""
        owner, now = self.owner(email), self.clock.business()
        with self.runtime.database.transaction() as session:
            facts = [self._use(session, owner, number, host, now) for number in range(1, uses + 1)]
            new = services.NewCase(
                host=host, uses=facts, attested="The photograph is mine; I granted no licence.",
                recipient=services.Recipient(
                    name="Example Walks Ltd", email="office@example.org", address="Weg 1\n10115 Berlin",
                    country="DE", region="BE", source=f"https://{host}/imprint",
                ),
            )  # fmt: skip
            case = services.submit_case(
                session, self.runtime.vault, self.runtime.secrets, self.runtime.randbelow, new, owner, now
            )
            return case.id

    def _use(self, session: Any, owner: Actor, number: int, host: str, now: datetime) -> services.UseFacts:
        ours, found = picture(number), picture(number, (600, 400))
        stored = self.runtime.vault.put(
            session,
            f"owner:{owner.id}",
            ours + new_id().bytes,
            media_type="image/jpeg",
            name="o.jpg",
            now=now,
        )
        work = Work(
            id=new_id(), owner_id=uuid.UUID(owner.id), title=f"Chapel below the ridge {number}",
            file_name="chapel.jpg", sha256=stored.address, media_type="image/jpeg", size=len(ours), width=900,
            height=600, original_document_id=stored.id, display_document_id=stored.id,
            thumb_document_id=stored.id, added_at=now,
        )  # fmt: skip
        session.add(work)
        session.flush()
        first, last = START - timedelta(days=200), START - timedelta(days=2)
        kinds = (EvidenceKind.PHOTOGRAPH, ours), (EvidenceKind.FOUND_IMAGE, found)
        evidence = [
            services.EvidenceFile(kind, f"{kind}.jpg", "image/jpeg", data, now) for kind, data in kinds
        ]
        page = b"<html><script>alert(1)</script></html>"
        evidence.append(services.EvidenceFile(EvidenceKind.PAGE, "page.html", "text/html", page, now))
        fee = FeeFacts(
            UseClass.COMMERCIAL, "website", Placement.SUB_PAGE, 600, first.date(), last.date(), False
        )
        return services.UseFacts(
            hit_id=new_id(), work_id=work.id, work_title=work.title,
            page_url=f"https://{host}/walk-{number}", page_title=f"Five walks above the tree line {number}",
            image_url=f"https://{host}/img/{number}.jpg", found_sha256="a" * 64, first_seen=first,
            last_seen=last, match_sentence="A crop: about 64 % of your photograph.", credit_found="",
            match_facts={
                "kind": "cropped", "certainty": "confirmed", "outline": [[60, 40], [540, 40], [540, 360], [60, 360]],
                "found_width": 600, "found_height": 400, "visible_share": 0.64, "channel": "img.src",
                "first_seen_source": "A date on the page", "last_seen_source": "Seen by our search", "licence": "low",
                "licence_reasons": ["No credit to you, no agency and no licence link on the page."], "fee_facts": fee.as_json(),
                "fee_reasons": ["Commercial: the page sells something."],
            },
            evidence=evidence,
        )  # fmt: skip

    def offered(self, email: str = OWNER, **more: Any) -> uuid.UUID:
        """A case whose offer was printed and sent."""
        case_id = self.submitted(email, **more)
        now = self.clock.business()
        with self.runtime.database.transaction() as session:
            case = session.get_one(Case, case_id)
            facts = from_stored(case.uses[0].match_facts["fee_facts"])
            services.set_price(session, case_id, facts, self.staff, now)
            services.move(session, case_id, CaseTrigger.OFFER, self.staff, now)
        self.work()
        return case_id

    def answers(self, case_id: uuid.UUID, about: HoldKind, text: str, *files: services.ProofFile) -> None:
        """The recipient writes in the portal."""
        infringer = Actor(Role.INFRINGER, str(case_id), "Example Walks Ltd")
        with self.runtime.database.transaction() as session:
            services.receive_answer(
                session, self.runtime.vault, case_id, about, text, files, infringer, self.clock.business()
            )
        self.work()

    def work(self) -> None:
        """Let the worker do what waits."""
        Worker(self.runtime, handlers(None)).drain()

    def days_pass(self, days: int, *, looked_at: bool = False) -> None:
        """Day by day: due dates are claimed and worked off; ``looked_at``: staff looks when asked to."""
        for _ in range(days):
            self.clock.advance(timedelta(days=1))
            with self.runtime.database.transaction() as session:
                for row in claim_due(session, self.clock.business()):
                    outbox.post(
                        session, "deadline", {"deadline_id": str(row.id)},
                        key=f"deadline:{row.id}:{row.claims}", now=self.clock.wall(),
                    )  # fmt: skip
            self.work()
            if looked_at:
                self.look()

    def look(self) -> None:
        with self.runtime.database.transaction() as session:
            for case in session.scalars(select(Case).where(Case.needs_a_look)):
                note_look(
                    session, case.id, "Looked.", self.staff, self.clock.business(), seen_version=case.version
                )

    def case(self, case_id: uuid.UUID) -> Case:
        with self.runtime.database.reading() as session:
            case = session.get_one(Case, case_id)
            session.expunge_all()
            return case


@pytest.fixture
def house(runtime: Runtime, clock: FrozenClock, password_hash: str) -> House:
    house = House(runtime, clock, desk_of(runtime), password_hash)
    with runtime.database.transaction() as session:
        staff = create_operator(session, STAFF, "Staff", password_hash, START)
        session.flush()
        house.people[STAFF] = staff.actor
        save_set_up(
            session,
            OperatorSetUp(
                name="Example Picture Rights", legal_basis=LegalBasis.AGENCY, street="Musterstraße 1",
                postcode="10115", city="Berlin", country="DE", region="BE", register_entry="Register, no. 0",
                vat_id="DE123456788", contact_name="Staff", phone="+49 30 23125 000",
                sender_email="licensing@example.org", bank_holder="Example Picture Rights",
                iban="DE02120300000000202051", bic="", languages=("en",), currency=Currency.EUR,
                time_zone="Europe/Berlin",
            ),
            staff.actor,
            START,
        )  # fmt: skip
        edition = tariff_on(session, START.date()).edition
        decide_on_tariff(session, edition, approved=True, note="Test", actor=staff.actor, now=START)
    return house


@pytest.fixture
def operator(house: House) -> Browser:
    return house.browser(STAFF)


@pytest.fixture
def owner(house: House) -> Browser:
    house.owner()
    return house.browser(OWNER)
