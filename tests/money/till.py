"""A till with real cases behind it: the stand-in over loopback, a real database, a person with a card."""

from __future__ import annotations

import json
import re
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import requests
import stripe
from flask import Flask
from werkzeug.test import TestResponse

from tests.warm import kept
from workflow.accounts import approving
from workflow.accounts.models import Account as Person
from workflow.accounts.models import OperatorProfile
from workflow.accounts.states import AccountKind, Capacity, LegalBasis, TaxState
from workflow.cases import events
from workflow.cases.models import Case
from workflow.cases.pricing import FeeFacts, Placement
from workflow.cases.services import EvidenceFile, NewCase, UseFacts, move, set_price, submit_case
from workflow.cases.services.offering import RecipientFacts, note_recipient
from workflow.cases.states import CaseTrigger, EvidenceKind, UseClass
from workflow.kernel import approvals
from workflow.kernel.actors import SYSTEM, Actor, Role
from workflow.kernel.clock import FrozenClock
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency, Money
from workflow.kernel.outbox import OutboxMessage
from workflow.kernel.runtime import Runtime
from workflow.kernel.uploads import DecodedImage
from workflow.money import jobs, queries, services, webhook_routes
from workflow.money.models import Payin
from workflow.money.stripe_gateway import StripeGateway
from workflow.money.stripe_standin import RunningStandin
from workflow.money.stripe_standin.courier import sign
from workflow.payouts import models as payout_models
from workflow.payouts import services as payouts
from workflow.web.skeleton import Shape, make_app
from workflow.worker import Outside, Within, Worker
from workflow.works.models import Work

KEY, SECRET = "sk_test_demo", "whsec_demo"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OPERATOR = Actor(Role.OPERATOR, "0190a000-0000-7000-8000-000000000001", "Operator", rank="cashier")
COLLEAGUE = Actor(Role.OPERATOR, "0190a000-0000-7000-8000-000000000002", "Colleague", rank="cashier")
PORTAL = "http://portal.localhost:8000"
LISTENERS: dict[str, Any] = {
    "CasePaid": (events.CasePaid, payouts.accrue),
    "PaymentTakenBack": (events.PaymentTakenBack, payouts.take_back),
    "CaseClosed": (events.CaseClosed, payouts.release),
}


class NoPictures:
    """Nothing here looks at pictures; whoever asks finds a bug."""

    def inspect(self, data: bytes) -> DecodedImage:
        raise AssertionError(f"money does not decode pictures ({len(data)} bytes)")


@dataclass
class Till:
    """What a test needs: verbs of people, of the worker and of time."""

    runtime: Runtime
    clock: FrozenClock
    gateway: StripeGateway
    standin: RunningStandin

    @property
    def stripe(self) -> stripe.StripeClient:
        """The library itself, to look at and to stir the other side."""
        return stripe.StripeClient(KEY, base_addresses={"api": self.standin.url}, max_network_retries=0)

    # --- people

    def offered(self, net: int = 18_000) -> uuid.UUID:
        """A case whose offer is out, at ``net`` cents plus 7 % VAT."""
        runtime, now = self.runtime, self.clock.business()
        with runtime.database.transaction() as session:
            session.merge(_profile(now))
            owner = _owner(now)
            session.add(owner)
            session.flush()
            work = _work(session, runtime, owner, now)
            new = NewCase(host="harbour-shop.example", attested="It is mine.", uses=[_use(work, now)])
            case = submit_case(
                session, runtime.vault, runtime.secrets, runtime.randbelow, new, owner.actor, now
            )
            facts = RecipientFacts("Harbour Shop", "office@example.org", "Quay 1", "DE", "HH", "its imprint")
            note_recipient(session, case.id, facts, OPERATOR, now)
            fee = FeeFacts(UseClass.COMMERCIAL, "website", placement=Placement.SUB_PAGE, longest_side_px=640,
                           first_seen=date(2026, 1, 1), last_seen=date(2026, 2, 1), credited=True)  # fmt: skip
            set_price(session, case.id, fee, OPERATOR, now, net=Money(net), why="Agreed price")
            move(session, case.id, CaseTrigger.OFFER, OPERATOR, now)
            return case.id

    def open(self, case_id: uuid.UUID) -> uuid.UUID:
        with self.runtime.database.transaction() as session:
            visitor = Actor(Role.INFRINGER, str(case_id), "Harbour Shop")
            return services.open_payin(session, case_id, visitor, self.clock.business()).id

    def paid_at_the_page(self, case_id: uuid.UUID) -> uuid.UUID:
        """A person went to the card page and paid; nobody told us yet."""
        payin_id = self.open(case_id)
        self.work("psp.checkout")
        url = self.payin(payin_id).checkout_url
        assert url
        assert use_card(url).status_code == 303
        return payin_id

    def paid(self, net: int = 18_000) -> tuple[uuid.UUID, uuid.UUID]:
        """A case that is paid, booked and accrued."""
        case_id = self.offered(net)
        payin_id = self.paid_at_the_page(case_id)
        self.catch_up()
        self.work()
        return case_id, payin_id

    def close(self, case_id: uuid.UUID) -> None:
        """The refund window is over."""
        with self.runtime.database.transaction() as session:
            move(session, case_id, CaseTrigger.CLOSE_PAID, SYSTEM, self.clock.business())
        self.work()

    # --- the worker

    def work(self, *kinds: str) -> int:
        """Do what the outbox asks (all, or of these kinds only)."""
        return (
            Worker(self.runtime, _handlers(self.gateway, kinds)).drain() if not kinds else self._only(kinds)
        )

    def _only(self, kinds: tuple[str, ...]) -> int:
        done = 0
        handlers = _handlers(self.gateway, kinds)
        with self.runtime.database.reading() as session:
            waiting = [
                (row.kind, dict(row.payload))
                for row in session.query(OutboxMessage).order_by(OutboxMessage.id)
                if row.kind in kinds and row.state.value == "pending"
            ]
        for kind, payload in waiting:
            handler = handlers[kind]
            assert isinstance(handler, Outside)
            handler.run(self.runtime, payload)
            done += 1
        return done

    def catch_up(self) -> None:
        """Ask the service what happened, as the reconciler does."""
        jobs.reconcile(self.runtime, self.gateway, {})

    def let_the_page_expire(self) -> None:
        """A day passes; the other side shuts the card page by itself, about a second later."""
        self.clock.advance(timedelta(hours=25))
        for _ in range(100):
            if {page.status for page in self.stripe.v1.checkout.sessions.list().data} == {"expired"}:
                return
            threading.Event().wait(0.1)
        raise AssertionError("the stand-in did not shut the page")

    def catch_up_events_only(self) -> None:
        """List what the service would tell, and keep it for the worker."""
        jobs._receive_missed(self.runtime, self.gateway)

    def switch(self, address: str, **params: Any) -> dict[str, Any]:
        """Stir the other side through the stand-in's own switches."""
        answer = requests.post(
            f"{self.standin.url}{address}",
            data=params,
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=10,
        )
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    # --- looking

    def payin(self, payin_id: uuid.UUID) -> Payin:
        return self.look(Payin, payin_id)

    def case(self, case_id: uuid.UUID) -> Case:
        return self.look(Case, case_id)

    def look(self, model: Any, key: Any) -> Any:
        with self.runtime.database.reading() as session:
            found = session.get_one(model, key)
            session.expunge_all()
        return found

    def all(self, model: Any) -> list[Any]:
        with self.runtime.database.reading() as session:
            found = list(session.query(model))
            session.expunge_all()
        return found

    def books(self, payin_id: uuid.UUID) -> list[dict[str, int]]:
        """The bookings about a payin: account and cents, debit positive."""
        with self.runtime.database.reading() as session:
            return [
                {line.account: line.amount_minor for line in booking.lines}
                for booking in queries.bookings(session, session.get_one(Payin, payin_id))
            ]

    def payout(self, payin_id: uuid.UUID) -> payout_models.Payout:
        return next(row for row in self.all(payout_models.Payout) if row.payin_id == payin_id)

    def agree(self, payout_id: uuid.UUID) -> None:
        """The second person agrees to the transfer that was asked for."""
        with self.runtime.database.transaction() as session:
            asked = approvals.newest(session, "payouts.send", payout_id)
            assert asked is not None
            approving.decide(
                session, asked.id, agree=True, actor=COLLEAGUE, now=self.clock.business(), note=""
            )

    def told(self, *words: str) -> list[bytes]:
        """The bodies of what the service would send, of these kinds, in the order given."""
        listing = requests.get(
            f"{self.standin.url}/v1/events?limit=100", headers={"Authorization": f"Bearer {KEY}"}, timeout=10
        ).json()["data"]
        return [json.dumps(event).encode() for word in words for event in listing if event["type"] == word]

    def send(
        self, app: Flask, body: bytes, *, secret: str = SECRET, late: float = 0, **headers: str
    ) -> TestResponse:
        """Post it as the service does, signed now (or ``late`` seconds ago)."""
        second = int(self.clock.wall().timestamp() - late)
        told = {"Stripe-Signature": sign(body, secret, second)} | headers
        return app.test_client().post(
            "/webhooks/stripe", data=body, headers=told, content_type="application/json"
        )

    def signature(self, body: bytes) -> str:
        """The header the service would send with it now."""
        return sign(body, SECRET, int(self.clock.wall().timestamp()))

    def portal(self) -> Flask:
        """The portal's end of the webhooks."""
        shape = Shape(
            site_url=PORTAL,
            cookie_name="lb_portal",
            signed_in_loader=lambda: None,
            blueprints=webhook_routes.BLUEPRINTS,
            log_in_endpoint="money_webhooks.stripe",
            csrf_exempt=frozenset({"money_webhooks.stripe"}),
        )
        return kept("webhooks", lambda runtime: make_app("portal", runtime, shape), self.runtime)


def use_card(url: str, number: str = "4242 4242 4242 4242") -> requests.Response:
    """What a person does on the card page."""
    browser = requests.Session()
    browser.trust_env = False
    token = re.search(r'name="token" value="(\w+)"', browser.get(url, timeout=10).text)
    assert token
    form = {"token": token[1], "number": number, "expiry": "12 / 34", "cvc": "123"}
    return browser.post(url, data=form, allow_redirects=False, timeout=10)


def _handlers(gateway: Any, kinds: tuple[str, ...]) -> dict[str, Within | Outside]:
    def nothing(*_: Any) -> None:
        """Letters and mails are not this test's matter."""

    def hear(session: Any, runtime: Runtime, payload: dict[str, Any]) -> None:
        if payload["event"] not in LISTENERS:
            return
        kind, listener = LISTENERS[payload["event"]]
        fields = {k: uuid.UUID(v) if k.endswith("_id") else v for k, v in payload["fields"].items()}
        listener(session, runtime, kind(**fields))

    def outside(job: Any) -> Outside:
        return Outside(partial(lambda job, runtime, payload: job(runtime, gateway, payload), job))

    return {
        "event": Within(hear), "letter": Within(nothing), "mail": Within(nothing), "deadline": Within(nothing),
        "psp.checkout": outside(jobs.make_checkout), "psp.refund": outside(jobs.refund), "psp.shut": outside(jobs.shut_checkout),
        "psp.reconcile": outside(jobs.reconcile), "inbox:stripe": outside(jobs.read_stripe_event),
    }  # fmt: skip


def _profile(now: datetime) -> OperatorProfile:
    return OperatorProfile(
        id=1, name="Bildrechte Example", legal_basis=LegalBasis.AGENCY, street="Musterweg 4", postcode="20095",
        city="Hamburg", country="DE", contact_name="Staff", phone="+49 40 0000 1234",
        sender_email="licensing@example.org", bank_holder="Bildrechte Example", iban="DE89370400440532013000",
        languages=["en"], currency=Currency.EUR, time_zone="Europe/Berlin", updated_at=now,
    )  # fmt: skip


def _owner(now: datetime) -> Person:
    return Person(
        id=new_id(), email=f"{new_id()}@example.org", name="Studio Example", kind=AccountKind.PHOTOGRAPHER,
        role=Role.RIGHTS_HOLDER, capacity=Capacity.AUTHOR, password_hash="-", email_confirmed_at=now, country="DE",
        tax_state=TaxState.PRIVATE, terms_version="2024-01", terms_accepted_at=now, created_at=now,
        bank_holder="Studio Example", iban="DE02120300000000202051",
    )  # fmt: skip


def _work(session: Any, runtime: Runtime, owner: Person, now: datetime) -> Work:
    put = partial(runtime.vault.put, media_type="image/jpeg", name="harbour.jpg", now=now)
    document = put(session, f"owner:{owner.id}", b"a photograph")
    work = Work(
        id=new_id(), owner_id=owner.id, title="Harbour at dawn", file_name="harbour.jpg", sha256=document.address,
        media_type="image/jpeg", size=12, width=900, height=600, original_document_id=document.id,
        display_document_id=document.id, thumb_document_id=document.id, added_at=now,
    )  # fmt: skip
    session.add(work)
    session.flush()
    return work


def _use(work: Work, now: datetime) -> UseFacts:
    return UseFacts(
        hit_id=new_id(), work_id=work.id, work_title=work.title, page_url="http://harbour-shop.example/journal",
        page_title="Journal", image_url="http://harbour-shop.example/harbour.jpg", found_sha256="0" * 64,
        first_seen=now, last_seen=now, match_sentence="The same photograph.", match_facts={}, credit_found="",
        evidence=(
            EvidenceFile(EvidenceKind.PHOTOGRAPH, "photograph.jpg", "image/jpeg", b"a photograph", now),
            EvidenceFile(EvidenceKind.FOUND_IMAGE, "found.jpg", "image/jpeg", b"a copy", now),
        ),
    )  # fmt: skip
