"""An instance to tell stories in: real database, vault, letters, mailbox, both apps, a stand-in for cards.

Everything is made by the services and pages that people use; only the clock stands still until told.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from lxml import html
from PIL import Image, ImageDraw
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.parts import MASTER_KEY, make_runtime
from tests.second_step import pass_second_step
from tests.warm import desk_of, portal_of
from workflow.accounts.models import Account
from workflow.cases.letters import code_of
from workflow.cases.models import Case, Letter
from workflow.cases.pricing import FeeFacts, Placement, from_stored
from workflow.cases.services import EvidenceFile, NewCase, Recipient, UseFacts, move, set_price, submit_case
from workflow.cases.services.deciding import note_look
from workflow.cases.states import CaseTrigger, EvidenceKind, UseClass
from workflow.config import ROOT, Config, load_config
from workflow.demo import people
from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database, Session
from workflow.kernel.ids import new_id
from workflow.kernel.ledger import JournalLine
from workflow.kernel.mail import LocalMailbox, StoredMail
from workflow.kernel.money import Money
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.kernel.runtime import Runtime
from workflow.kernel.uploads import Decoder
from workflow.money.stripe_gateway import StripeGateway
from workflow.money.stripe_standin import RunningStandin, start_standin
from workflow.money.stripe_standin.courier import sign
from workflow.ticker import tick
from workflow.wiring import handlers
from workflow.worker import Worker
from workflow.works.models import Work

#: A Friday in Berlin; every date of the journeys is counted from here by hand.
START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
RECIPIENT = "office@example.org"
NOBODY = "http://127.0.0.1:9/webhooks/stripe"


def need(*programs: str) -> None:
    """Skip without these programs; in CI (``LICHTBILD_CI=1``) a skip is a failure, see the root conftest."""
    missing = [name for name in programs if not (shutil.which(name) or Path(name).exists())]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def in_ci() -> bool:
    return os.environ.get("LICHTBILD_CI") == "1"


def picture(seed: int = 1, size: tuple[int, int] = (900, 600)) -> bytes:
    """A drawing that is a real JPEG."""
    image = Image.new("RGB", size, (60 + seed * 13 % 150, 110, 150))
    draw = ImageDraw.Draw(image)
    for n in range(12):
        draw.ellipse(
            (n * 70, 40 + n * 20, n * 70 + 120, 200 + n * 20), outline=(240, 200, 40 + seed), width=6
        )
    data = io.BytesIO()
    image.save(data, "JPEG")
    return data.getvalue()


class Visitor:
    """A browser without scripts: follows no redirect by itself, fills in the forms a page really has."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client = app.test_client()
        self._from = {"REMOTE_ADDR": address, "HTTP_ACCEPT_LANGUAGE": "en"}

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers, environ_base=self._from)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, words(answer.text)[:1500])
        return answer.text

    def form(
        self, page: str, values: Mapping[str, Any], action: str = ""
    ) -> tuple[str, list[tuple[str, Any]]]:
        """Address and fields of the form on ``page`` that takes ``values``, filled in but not sent."""
        fitting = [
            form
            for form in html.fromstring(self.page(page)).forms
            if form.method.upper() == "POST"
            and str(form.get("action") or page).endswith(action)
            and all(_takes(form, name, value) for name, value in values.items())
        ]
        assert fitting, f"{page} has no form for {sorted(values)} {action}"
        kept = [(name, value) for name, value in fitting[0].form_values() if name not in values]
        sent = [(n, each) for n, v in values.items() for each in (v if isinstance(v, list) else [v])]
        return str(fitting[0].get("action") or page), kept + sent

    def send(self, to: str, fields: Sequence[tuple[str, Any]], **more: Any) -> TestResponse:
        data: dict[str, list[Any]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        return self.client.post(to, data=data, environ_base=self._from, **more)

    def press(self, page: str, values: Mapping[str, Any] | None = None, *, action: str = "") -> TestResponse:
        """Open ``page``, fill in the form that takes ``values``, send it."""
        return self.send(*self.form(page, values or {}, action))

    def log_in(self, who: people.LogIn) -> Visitor:
        answer = self.press("/log-in", {"email": who.email, "password": who.password})
        assert answer.status_code == 303, words(answer.text)
        pass_second_step(self.client, answer, who.email)
        return self


def _takes(form: html.FormElement, name: str, value: Any) -> bool:
    if name not in form.fields:
        return False
    hidden = form.xpath(f".//input[@type='hidden'][@name='{name}']")
    return not hidden or any(each.get("value", "") == value for each in hidden)


def words(page: str) -> str:
    """The text of a page without its tags."""
    tree = html.fromstring(page)
    for each in tree.xpath("//script|//style"):
        each.drop_tree()
    return " ".join(tree.text_content().split())


def sums(text: str) -> list[str]:
    """The amounts in a text, whatever the language: ``1,234.50`` and ``1.234,50`` are both ``1234.50``."""
    return [
        re.sub(r"[.,]", "", found[:-3]) + "." + found[-2:]
        for found in re.findall(r"\d[\d.,]*[.,]\d\d(?!\d)", text)
    ]


Form = tuple[str, list[tuple[str, Any]]]


def changed(form: Form, **values: str | None) -> Form:
    """The form with these values instead; ``None`` leaves a field out."""
    to, fields = form
    kept = [(name, value) for name, value in fields if name not in values]
    return to, kept + [(name, value) for name, value in values.items() if value is not None]


@dataclass(frozen=True)
class Made:
    """A case and what its letter says."""

    id: uuid.UUID
    reference: str
    code: str


@dataclass
class World:
    """The instance and the verbs of a story."""

    runtime: Runtime
    clock: FrozenClock
    owner: Actor
    operator: Actor
    standin: RunningStandin | None = None
    _numbers: list[int] = field(default_factory=list)

    # --- the places

    @cached_property
    def desk(self) -> Flask:
        return desk_of(self.runtime)

    @cached_property
    def portal(self) -> Flask:
        return portal_of(self.runtime)

    @cached_property
    def gateway(self) -> StripeGateway:
        config = self.runtime.config
        return StripeGateway(config.stripe_secret_key, config.stripe_webhook_secret, config.stripe_api_base)

    def anybody(self) -> Visitor:
        return Visitor(self.desk)

    def as_owner(self) -> Visitor:
        return self.anybody().log_in(people.OWNER)

    def as_operator(self) -> Visitor:
        return self.anybody().log_in(people.OPERATOR)

    def as_colleague(self) -> Visitor:
        """Another operator: the second pair of eyes."""
        return self.anybody().log_in(people.COLLEAGUE)

    def recipient(self, case: Made) -> Visitor:
        """A browser that entered the case with the letter's two words."""
        visitor = Visitor(self.portal)
        answer = visitor.press("/", {"reference": case.reference, "code": case.code})
        assert answer.status_code == 303, words(answer.text)
        return visitor

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this instance (``lichtbild --instance demo …``) finds in its environment."""
        config = self.runtime.config
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LICHTBILD_INSTANCE_DIR": str(config.instance_dir.parent),
            "LICHTBILD_DATABASE_URL": config.database_url,
            "LICHTBILD_STRIPE_API_BASE": config.stripe_api_base,
            "LICHTBILD_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
        }

    # --- time and work

    @property
    def now(self) -> datetime:
        return self.clock.business()

    def work(self) -> int:
        """Let the worker do everything that waits; nothing may fail on the way."""
        done = Worker(self.runtime, handlers(self.gateway)).drain()
        assert not (found := self.troubles()), found
        return done

    def troubles(self) -> list[tuple[str, str]]:
        """What the worker could not do."""
        with self.runtime.database.reading() as session:
            rows = session.scalars(select(OutboxMessage).where(OutboxMessage.state != OutboxState.DONE))
            return [(row.key, f"{row.state.value}: {row.last_error}") for row in rows]

    def tick(self) -> int:
        found = tick(self.runtime.database, self.now)
        self.work()
        return found

    def days_pass(self, days: int, *, looked_at: bool = False) -> None:
        """Day by day, as the ticker and the worker live through them; with ``looked_at`` the operator looks
        at silent cases on the day they are asked to."""
        for _ in range(days):
            self.clock.advance(timedelta(days=1))
            self.tick()
            if looked_at:
                self.look()

    def look(self) -> None:
        """The operator looks at every silent case that waits for it."""
        for case in self.all(Case):
            if case.needs_a_look:
                with self.runtime.database.transaction() as session:
                    note_look(
                        session, case.id, "The picture is still there.", self.operator, self.now,
                        seen_version=case.version,
                    )  # fmt: skip

    def until(self, day: date) -> None:
        """Live on to the morning of ``day``."""
        self.days_pass((day - self.now.date()).days)

    # --- making

    def submitted(self, *, uses: int = 1) -> Made:
        """A case as ``hits`` hands it in."""
        with self.runtime.database.transaction() as session:
            new = NewCase(
                host="walks.example.org",
                uses=[self._use(session) for _ in range(uses)],
                attested="The photograph is mine; I granted no licence.",
                recipient=Recipient(
                    name="Example Walks Ltd", email=RECIPIENT, address="Weg 1\n10115 Berlin", country="DE",
                    region="BE", source="https://walks.example.org/imprint",
                ),
            )  # fmt: skip
            vault = self.runtime.vault
            case = submit_case(
                session, vault, self.runtime.secrets, self.runtime.randbelow, new, self.owner, self.now
            )
            made = Made(case.id, case.reference, code_of(session, vault, case))
        return made

    def offered(self, net: int | None = None, *, uses: int = 1) -> Made:
        """A case whose offer left: the tariff's 144.00 doubled for the missing name, or ``net`` cents."""
        made = self.submitted(uses=uses)
        with self.runtime.database.transaction() as session:
            case = session.get_one(Case, made.id)
            facts = from_stored(case.uses[0].match_facts["fee_facts"])
            own = {"net": Money(net), "why": "As agreed"} if net else {}
            set_price(session, made.id, facts, self.operator, self.now, **own)
            move(session, made.id, CaseTrigger.OFFER, self.operator, self.now)
        self.work()
        return made

    def _use(self, session: Session) -> UseFacts:
        self._numbers.append(len(self._numbers) + 1)
        number, now = self._numbers[-1], self.now
        ours, found = picture(number), picture(number, (600, 400))
        kept = self.runtime.vault.put(
            session, f"owner:{self.owner.id}", ours, media_type="image/jpeg", name="chapel.jpg", now=now
        )
        work = Work(
            id=new_id(), owner_id=uuid.UUID(self.owner.id), title=f"Chapel below the ridge {number}",
            file_name="chapel.jpg", sha256=kept.address, media_type="image/jpeg", size=len(ours), width=900,
            height=600, original_document_id=kept.id, display_document_id=kept.id, thumb_document_id=kept.id,
            added_at=now,
        )  # fmt: skip
        session.add(work)
        session.flush()
        first, last = datetime(2023, 9, 1, 8, 0, tzinfo=UTC), datetime(2024, 2, 28, 8, 0, tzinfo=UTC)
        fee = FeeFacts(
            UseClass.COMMERCIAL, "website", Placement.SUB_PAGE, 600, first.date(), last.date(), False
        )
        page = b"<html><script>alert(1)</script></html>"
        return UseFacts(
            hit_id=new_id(), work_id=work.id, work_title=work.title,
            page_url=f"https://walks.example.org/walk-{number}", page_title=f"Five walks {number}",
            image_url=f"https://walks.example.org/img/{number}.jpg", found_sha256="a" * 64, first_seen=first,
            last_seen=last, match_sentence="A crop: about 64 % of your photograph.", credit_found="",
            match_facts={
                "kind": "cropped", "certainty": "confirmed", "found_width": 600, "found_height": 400,
                "outline": [[60, 40], [540, 40], [540, 360], [60, 360]], "visible_share": 0.64,
                "channel": "img.src", "first_seen_source": "A date on the page",
                "last_seen_source": "Seen by our search", "licence": "low", "licence_reasons": ["No credit to you, no agency and no licence link on the page."],
                "fee_facts": fee.as_json(), "fee_reasons": ["Commercial: the page sells something."],
            },
            evidence=(
                EvidenceFile(EvidenceKind.PHOTOGRAPH, "photograph.jpg", "image/jpeg", ours, now),
                EvidenceFile(EvidenceKind.FOUND_IMAGE, "found.jpg", "image/jpeg", found, now),
                EvidenceFile(EvidenceKind.PAGE, "page.html", "text/html", page, now),
            ),
        )  # fmt: skip

    # --- paying

    def pay(self, visitor: Visitor, card: str = "4242 4242 4242 4242") -> str:
        """Press “Pay”, wait for the card page, pay there; returns where the payer is sent back to."""
        waiting = visitor.press("/pay", action="/pay").location
        self.work()
        [link, *_] = html.fromstring(visitor.page(waiting)).xpath(
            "//main//a[starts-with(@href,'http://127.')]/@href"
        )
        return use_card(link, card)

    def reports(self) -> list[bytes]:
        """What the card service would tell, oldest first."""
        assert self.standin is not None
        key = {"Authorization": f"Bearer {self.runtime.config.stripe_secret_key}"}
        told = requests.get(f"{self.standin.url}/v1/events?limit=100", headers=key, timeout=10).json()["data"]
        return [json.dumps(event).encode() for event in reversed(told)]

    def webhook(self, body: bytes, *, secret: str = "", late: float = 0) -> TestResponse:
        """Post it to the portal as the service does."""
        second = int(self.clock.wall().timestamp() - late)
        signature = sign(body, secret or self.runtime.config.stripe_webhook_secret, second)
        return self.portal.test_client().post(
            "/webhooks/stripe",
            data=body,
            headers={"Stripe-Signature": signature},
            content_type="application/json",
        )

    def paid(self, case: Made) -> Visitor:
        """The case is paid by card, reported and booked."""
        visitor = self.recipient(case)
        self.pay(visitor)
        for body in self.reports():
            assert self.webhook(body).status_code == 200
        self.work()
        return visitor

    # --- looking

    def case(self, made: Made | uuid.UUID) -> Case:
        with self.runtime.database.reading() as session:
            return session.get_one(Case, made if isinstance(made, uuid.UUID) else made.id)

    def all(self, model: Any, *order: Any) -> list[Any]:
        with self.runtime.database.reading() as session:
            return list(session.scalars(select(model).order_by(*(order or (model.id,)))))

    def count(self, model: Any) -> int:
        with self.runtime.database.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def letters(self, made: Made) -> list[tuple[str, str, str, str]]:
        """Kind, day, day to answer by, what became of it; in the order decided."""
        return [
            (letter.step or letter.kind.value, letter.on.isoformat(),
             letter.answer_by.isoformat() if letter.answer_by else "", letter.state.value)
            for letter in self.all(Letter, Letter.queued_at, Letter.id) if letter.case_id == made.id
        ]  # fmt: skip

    def history(self, made: Made) -> list[str]:
        """The triggers of the case's audit chain."""
        with self.runtime.database.reading() as session:
            return [entry.action for entry in audit.history(session, "case", made.id)]

    def mails(self, to: str = RECIPIENT) -> list[StoredMail]:
        """What lies in the mailbox for this address, oldest first."""
        mailbox = self.runtime.mail
        assert isinstance(mailbox, LocalMailbox)
        return [mail for mail in reversed(mailbox.list()) if mail.to == to]

    def balances(self) -> dict[str, int]:
        """Every account of the journal in cents, debit positive; zero ones left out."""
        with self.runtime.database.reading() as session:
            rows = session.execute(
                select(JournalLine.account, func.sum(JournalLine.amount_minor)).group_by(JournalLine.account)
            )
            return {account: int(total) for account, total in rows if total}


def use_card(link: str, number: str = "4242 4242 4242 4242") -> str:
    """What a person does on the card page; returns the address it sends them back to."""
    browser = requests.Session()
    browser.trust_env = False
    [form] = html.fromstring(browser.get(link, timeout=10).text).xpath("//form[.//input[@name='number']]")
    fields = dict(form.form_values()) | {"number": number, "expiry": "12 / 34", "cvc": "123"}
    answer = browser.post(
        requests.compat.urljoin(link, form.get("action") or link),
        data=fields,
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def config_at(folder: Path, **environment: str) -> Config:
    """A demo's configuration with its folder in ``folder``."""
    return load_config("demo", {"LICHTBILD_INSTANCE_DIR": str(folder), **environment})


@contextmanager
def opened(
    folder: Path, url: str, clock: FrozenClock, decoder: Decoder, standin_folder: Path
) -> Iterator[World]:
    """The settled instance in ``folder`` with its database at ``url``, and a card service on loopback that
    reports to nobody: the tests carry its messages."""
    standin = start_standin(
        standin_folder / "standin.sqlite", NOBODY, "whsec_demo", "sk_test_demo", wall=clock.wall
    )
    config = config_at(folder, LICHTBILD_DATABASE_URL=url, LICHTBILD_STRIPE_API_BASE=standin.url)
    database = Database(config.database_url)
    runtime = make_runtime(config, database, clock, decoder)
    try:
        with database.reading() as session:
            found = {person.email: person.actor for person in session.scalars(select(Account))}
        yield World(runtime, clock, found[people.OWNER.email], found[people.OPERATOR.email], standin)
    finally:
        standin.close()
        database.dispose()
