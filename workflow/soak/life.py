"""The small lives that are rehearsed, made by the services and pages that people use."""

from __future__ import annotations

import hashlib
import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from sqlalchemy import select

from workflow.building import build_runtime
from workflow.cases.models import Case
from workflow.cases.post.batches import ask_for_batch
from workflow.cases.pricing import FeeFacts, Placement, from_stored
from workflow.cases.services import EvidenceFile, NewCase, Recipient, UseFacts, move, set_price, submit_case
from workflow.cases.states import CaseTrigger, ChannelChoice, EvidenceKind, UseClass
from workflow.demo import people
from workflow.demo.photographs import others, works
from workflow.demo.portal_visit import TEST_CARD
from workflow.kernel.actors import Actor
from workflow.kernel.clock import DemoClock
from workflow.kernel.ids import new_id
from workflow.kernel.money import Money
from workflow.kernel.runtime import Runtime
from workflow.money.gateways import gateway_for
from workflow.money.models import Payin
from workflow.money.services import ask_refund, open_payin
from workflow.money.stripe_standin import start_standin
from workflow.soak.browser import Browser
from workflow.soak.stages import Stage
from workflow.soak.truth import Truth, read_truth
from workflow.wiring import handlers
from workflow.worker import Worker
from workflow.works.intake import Sent
from workflow.works.intake import take_in as take_photograph_in

#: A Friday; the tax rates of that day are known.
FIRST_DAY = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
DAYS_UNTIL_REMINDED = 21
#: Recipients and what is asked of each, in cents before tax; odd sums, so that shares have half cents.
NETS = {"first@example.org": 30_001, "second@example.org": 12_345}
HOST = "walks.localhost"
NOBODY = "http://127.0.0.1:9/webhooks/stripe"
CHOSEN = tuple(works()[:2])


@contextmanager
def opened(stage: Stage) -> Iterator[Runtime]:
    """The instance from within; every connection is closed afterwards, so that it can be copied."""
    runtime = build_runtime(stage.config())
    try:
        yield runtime
    finally:
        close = getattr(runtime.decoder, "close", None)
        if callable(close):
            close()
        runtime.database.dispose()


def settle(stage: Stage, runtime: Runtime) -> Truth:
    """People, and a small web of four pages with three copies."""
    assert isinstance(runtime.clock, DemoClock)
    runtime.clock.move_to(FIRST_DAY)
    people.settle_in(runtime)
    return _small_web(stage, Truth()).keep(stage.instance_dir)


def hand_in_photographs(stage: Stage, runtime: Runtime) -> Truth:
    """Two photographs of the demo's photographer."""
    owner, batch = _person(runtime, people.OWNER.email), new_id()
    for photograph in CHOSEN:
        with photograph.path.open("rb") as stream:
            sent = Sent(photograph.path.name, stream, batch)
            record = take_photograph_in(runtime, sent, owner, runtime.clock.business())
        assert record.work_id is not None, record.sentence
    return read_truth(stage.instance_dir).told(stage.instance_dir, photographs=hashes())


def price_two(stage: Stage, runtime: Runtime) -> Truth:
    """Two cases submitted, priced and offered; nothing of it has left the outbox."""
    _offer_two(stage, runtime, ChannelChoice.RULE)
    return read_truth(stage.instance_dir).told(stage.instance_dir, nets=NETS, offered=tuple(NETS))


def price_two_on_paper(stage: Stage, runtime: Runtime) -> Truth:
    """The same with offers that go by post; nothing of it has left the outbox."""
    _offer_two(stage, runtime, ChannelChoice.POST)
    return read_truth(stage.instance_dir).told(stage.instance_dir, nets=NETS)


def want_batch(stage: Stage, runtime: Runtime) -> Truth:
    """An operator asks for a batch of what waits for the post; nothing is bound."""
    operator = _person(runtime, people.OPERATOR.email)
    with runtime.database.transaction() as session:
        ask_for_batch(session, "rehearsed", operator, runtime.clock.business())
    return read_truth(stage.instance_dir).told(stage.instance_dir, batched=tuple(NETS))


def _offer_two(stage: Stage, runtime: Runtime, channel: ChannelChoice) -> None:
    hand_in_photographs(stage, runtime)
    owner, operator = _person(runtime, people.OWNER.email), _person(runtime, people.OPERATOR.email)
    now = runtime.clock.business()
    for number, (email, net) in enumerate(NETS.items()):
        with runtime.database.transaction() as session:
            new = NewCase(
                host=HOST,
                uses=[_use(runtime, number, now)],
                attested="The photograph is mine; I granted no licence.",
                recipient=Recipient(
                    name=f"Example Walks {number}", email=email, address="Weg 1\n10115 Berlin", country="DE",
                    region="BE", source=f"http://{HOST}/impressum",
                ),
            )  # fmt: skip
            case = submit_case(session, runtime.vault, runtime.secrets, runtime.randbelow, new, owner, now)
            case.channel = channel
            facts = from_stored(case.uses[0].match_facts["fee_facts"])
            set_price(session, case.id, facts, operator, now, net=Money(net), why="As agreed")
            move(session, case.id, CaseTrigger.OFFER, operator, now)


def work(runtime: Runtime) -> None:
    """Everything the outbox holds."""
    Worker(runtime, handlers(gateway_for(runtime.config))).drain()


def let_reminders_come_due(stage: Stage, runtime: Runtime) -> Truth:
    """Until the first reminder is due, and no other."""
    assert isinstance(runtime.clock, DemoClock)
    runtime.clock.advance(timedelta(days=DAYS_UNTIL_REMINDED))
    return read_truth(stage.instance_dir).told(stage.instance_dir, reminded=tuple(NETS))


def want_to_pay(stage: Stage, runtime: Runtime) -> Truth:
    """Both recipients press “Pay”; no card page is made."""
    for case in _cases(runtime):
        with runtime.database.transaction() as session:
            open_payin(session, case.id, _recipient(case), runtime.clock.business())
    return read_truth(stage.instance_dir).told(stage.instance_dir, wish=tuple(NETS))


def pay(stage: Stage, runtime: Runtime) -> Truth:
    """Both cards are charged; the payment service has not been able to report it."""
    want_to_pay(stage, runtime)
    with _standin(runtime):
        work(runtime)
        with runtime.database.reading() as session:
            links = [payin.checkout_url for payin in session.scalars(select(Payin))]
        for link in links:
            assert link
            site, _, path = link.partition("//")[2].partition("/")
            browser = Browser(f"http://{site}")
            answer = browser.submit(f"/{path}", TEST_CARD)
            assert answer.location, answer.text[:300]
    return read_truth(stage.instance_dir).told(stage.instance_dir, paid=tuple(NETS))


def book(runtime: Runtime) -> None:
    """What was reported is booked; the receipts leave."""
    with _standin(runtime):
        work(runtime)


def want_back(stage: Stage, runtime: Runtime) -> Truth:
    """An operator gives the first payment back; nothing was asked of the payment service."""
    operator = _person(runtime, people.OPERATOR.email)
    first = next(iter(NETS))
    chosen = next(case for case in _cases(runtime) if case.recipient_email == first)
    with runtime.database.transaction() as session:
        payin = session.scalars(select(Payin).where(Payin.case_id == chosen.id)).one()
        ask_refund(session, payin.id, operator, runtime.clock.business())
    return read_truth(stage.instance_dir).told(stage.instance_dir, refunded=(first,))


def codes(runtime: Runtime) -> list[tuple[str, str]]:
    """Reference and code of every case, as its letter says."""
    from workflow.cases.letters import code_of

    with runtime.database.reading() as session:
        cases = session.scalars(select(Case).order_by(Case.id)).all()
        return [(case.reference, code_of(session, runtime.vault, case)) for case in cases]


def hashes() -> tuple[str, ...]:
    """SHA-256 of the photographs that are handed in."""
    return tuple(hashlib.sha256(photograph.path.read_bytes()).hexdigest() for photograph in CHOSEN)


def until(met: Callable[[], bool], seconds: float) -> bool:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not met():
        if time.monotonic() > end:
            return False
        time.sleep(0.03)
    return True


@contextmanager
def _standin(runtime: Runtime) -> Iterator[None]:
    config = runtime.config
    standin = start_standin(
        config.instance_dir / "standin.sqlite", NOBODY, config.stripe_webhook_secret,
        config.stripe_secret_key, port=config.standin_port,
    )  # fmt: skip
    try:
        yield
    finally:
        standin.close()


def _person(runtime: Runtime, email: str) -> Actor:
    from workflow.accounts.queries import account_by_email

    with runtime.database.reading() as session:
        found = account_by_email(session, email)
        assert found is not None
        return found.actor


def _cases(runtime: Runtime) -> list[Case]:
    with runtime.database.reading() as session:
        return list(session.scalars(select(Case).order_by(Case.id)))


def _recipient(case: Case) -> Actor:
    from workflow.kernel.actors import Role

    return Actor(Role.INFRINGER, str(case.id), case.recipient_name)


def _use(runtime: Runtime, number: int, now: datetime) -> UseFacts:
    from workflow.works.models import Work

    with runtime.database.reading() as session:
        work_ = session.scalars(select(Work).where(Work.sha256 == hashes()[number])).one()
        ours = runtime.vault.get(session, work_.display_document_id)
    first, last = datetime(2023, 9, 1, 8, 0, tzinfo=UTC), datetime(2024, 2, 28, 8, 0, tzinfo=UTC)
    fee = FeeFacts(UseClass.COMMERCIAL, "website", Placement.SUB_PAGE, 600, first.date(), last.date(), False)
    found = _copy(CHOSEN[number].path)
    return UseFacts(
        hit_id=uuid.uuid4(), work_id=work_.id, work_title=work_.title,
        page_url=f"http://{HOST}/walk-{number}", page_title=f"Walk {number}",
        image_url=f"http://{HOST}/{number}.jpg", found_sha256=hashlib.sha256(found).hexdigest(),
        first_seen=first, last_seen=last, match_sentence="The same photograph, cropped.", credit_found="",
        match_facts={
            "kind": "cropped", "certainty": "confirmed", "found_width": 600, "found_height": 400,
            "outline": [[60, 40], [540, 40], [540, 360], [60, 360]], "visible_share": 0.64,
            "channel": "img-src", "first_seen_source": "Date of the article", "last_seen_source": "Crawl",
            "licence": "low", "licence_reasons": ["No credit, no licence link."],
            "fee_facts": fee.as_json(), "fee_reasons": ["Commercial: a company operates the page."],
        },
        evidence=(
            EvidenceFile(EvidenceKind.PHOTOGRAPH, "photograph.jpg", "image/jpeg", ours, now),
            EvidenceFile(EvidenceKind.FOUND_IMAGE, "found.jpg", "image/jpeg", found, now),
            EvidenceFile(EvidenceKind.PAGE, "page.html", "text/html", b"<html></html>", now),
        ),
    )  # fmt: skip


def _copy(path: Path) -> bytes:
    """The photograph as somebody else might show it: cropped, smaller, compressed again."""
    with Image.open(path) as stored:
        image = stored.convert("RGB")
    width, height = image.size
    image = image.crop((width // 10, height // 10, width, height))
    image.thumbnail((640, 640))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=80)
    return data.getvalue()


def _small_web(stage: Stage, truth: Truth) -> Truth:
    """Four pages: both photographs once each, the first a second time, two pictures of nobody's."""
    root = stage.instance_dir / "world" / "sites" / HOST
    root.mkdir(parents=True)
    strangers = others()[:2]
    pictures = {"a.jpg": _copy(CHOSEN[0].path), "b.jpg": _copy(CHOSEN[1].path),
                "c.jpg": _copy(strangers[0].path), "d.jpg": _copy(strangers[1].path)}  # fmt: skip
    pages = {
        "index.html": '<a href="/one">One</a> <a href="/two">Two</a> <a href="/impressum">Impressum</a>',
        "one.html": '<h1>One</h1><img src="/a.jpg" alt="Ridge"><img src="/c.jpg" alt="Other">',
        "two.html": '<h1>Two</h1><img src="/b.jpg" alt="Lake"><img src="/a.jpg" alt="Ridge">',
        "impressum.html": '<h1>Impressum</h1><p>Example Walks GmbH<br>Weg 1<br>10115 Berlin</p>'
                          '<img src="/d.jpg" alt="House">',
    }  # fmt: skip
    for name, data in pictures.items():
        (root / name).write_bytes(data)
    for name, body in pages.items():
        (root / name).write_text(f"<!doctype html><meta charset=utf-8><title>Walks</title>{body}")
    described = {"hosts": [HOST], "redirects": {}, "page_count": len(pages), "picture_count": len(pictures)}
    (stage.instance_dir / "world" / "world.json").write_text(json.dumps(described))
    site, names = f"http://{HOST}:{stage.ports.world}", [photograph.path.name for photograph in CHOSEN]
    planted = ((f"{site}/one", names[0]), (f"{site}/two", names[1]), (f"{site}/two", names[0]))
    return truth.told(stage.instance_dir, planted=planted)
