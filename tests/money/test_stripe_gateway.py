"""The card payment border, spoken with the real Stripe library against the local stand-in."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests
import stripe
from hypothesis import given
from hypothesis import strategies as st

from workflow.kernel.money import Currency, Money
from workflow.money.gateway import (
    CheckoutPayment,
    CheckoutRequest,
    CheckoutSession,
    CheckoutState,
    EventKind,
    ForgedEvent,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnknown,
    PaymentGateway,
    RefundState,
)
from workflow.money.stripe_amounts import from_stripe, rescale, stripe_decimals, to_stripe
from workflow.money.stripe_gateway import StripeGateway
from workflow.money.stripe_standin import RunningStandin, start_standin

KEY, SECRET = "sk_test_tests", "whsec_tests"
NOBODY = "http://127.0.0.1:9/webhooks"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStandin]:
    path: Path = tmp_path_factory.mktemp("standin") / "state.sqlite"
    running = start_standin(path, NOBODY, SECRET, KEY)
    yield running
    running.close()


@pytest.fixture
def gateway(standin: RunningStandin) -> PaymentGateway:
    return StripeGateway(KEY, SECRET, standin.url)


@pytest.fixture
def oracle(standin: RunningStandin) -> stripe.StripeClient:
    return stripe.StripeClient(KEY, base_addresses={"api": standin.url}, max_network_retries=0)


def a_request(amount: Money | None = None, payin_id: UUID | None = None) -> CheckoutRequest:
    return CheckoutRequest(
        payin_id=payin_id or uuid4(),
        amount=amount or Money(40733),
        description="Licence for the photograph in case K7M3PQ-X",
        case_reference="K7M3PQ-X",
        success_url="http://portal.localhost:8000/paid?session={CHECKOUT_SESSION_ID}",
        cancel_url="http://portal.localhost:8000/case",
        customer_email="editor@example.org",
    )


def use_card(url: str, number: str = "4242 4242 4242 4242") -> requests.Response:
    """What a person does on the card page."""
    browser = requests.Session()
    browser.trust_env = False
    page = browser.get(url, timeout=10)
    token = re.search(r'name="token" value="(\w+)"', page.text)
    assert token, page.text
    form = {"token": token[1], "number": number, "expiry": "12 / 34", "cvc": "123"}
    return browser.post(url, data=form, allow_redirects=False, timeout=10)


def a_paid_session(gateway: PaymentGateway, amount: Money) -> tuple[CheckoutSession, str]:
    made = gateway.create_checkout(a_request(amount))
    assert use_card(made.url).status_code == 303
    paid = gateway.fetch_checkout(made.foreign_id)
    assert paid.payment_intent
    return paid, paid.payment_intent


# --- keys and amounts ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "pk_test_abc", "whsec_abc", "sk_tst_abc", " sk_test_abc"])
def test_a_key_that_is_not_a_secret_key_is_refused(key: str) -> None:
    with pytest.raises(GatewayRefused, match="secret key"):
        StripeGateway(key, SECRET)


def test_a_live_key_never_goes_to_another_address() -> None:
    with pytest.raises(GatewayRefused, match="live Stripe key"):
        StripeGateway("sk_live_abc", SECRET, "http://127.0.0.1:9")


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_without_a_webhook_secret_there_is_no_gateway(secret: str) -> None:
    with pytest.raises(GatewayRefused, match="webhook secret"):
        StripeGateway(KEY, secret)


@given(st.integers(1, 99_999_999), st.sampled_from(Currency))
def test_money_survives_the_way_to_stripe_and_back(minor: int, currency: Currency) -> None:
    number, code = to_stripe(Money(minor, currency))
    assert (number, code) == (minor, currency.value.lower())
    assert from_stripe(number, code) == Money(minor, currency)


@pytest.mark.parametrize("minor", [0, -1, 100_000_000])
def test_a_sum_no_card_can_pay_is_refused(minor: int) -> None:
    with pytest.raises(GatewayRefused):
        to_stripe(Money(minor))


def test_a_currency_without_books_is_refused() -> None:
    with pytest.raises(GatewayRefused, match="XTS"):
        from_stripe(100, "xts")


@pytest.mark.parametrize(
    ("code", "decimals"), [("eur", 2), ("jpy", 0), ("isk", 2), ("ugx", 2), ("kwd", 3), ("huf", 2)]
)
def test_stripe_counts_currencies_in_its_own_decimals(code: str, decimals: int) -> None:
    assert stripe_decimals(code) == decimals


def test_rescaling_never_rounds() -> None:
    assert rescale(1200, 2, 0) == 12
    assert rescale(1234, 2, 3) == 12340
    assert rescale(12340, 3, 2) == 1234
    with pytest.raises(GatewayRefused, match="more decimals"):
        rescale(1250, 2, 0)
    with pytest.raises(GatewayRefused, match="more decimals"):
        rescale(-12345, 3, 2)


# --- paying -------------------------------------------------------------------------------------


def test_a_card_page_carries_our_ids_and_sum(gateway: PaymentGateway, oracle: stripe.StripeClient) -> None:
    request = a_request()
    made = gateway.create_checkout(request)
    assert (made.state, made.payment_state) == (CheckoutState.OPEN, CheckoutPayment.UNPAID)
    assert (made.amount, made.payin_id) == (Money(40733), request.payin_id)
    assert made.payment_intent is None
    seen = oracle.v1.checkout.sessions.retrieve(made.foreign_id)
    assert (seen.amount_total, seen.currency, seen.livemode) == (40733, "eur", False)
    assert seen.client_reference_id == str(request.payin_id)
    assert seen.metadata is not None
    assert seen.metadata["case_reference"] == "K7M3PQ-X"
    assert seen.customer_email == "editor@example.org"
    assert seen.expires_at - seen.created == 24 * 3600


def test_the_same_payin_gets_the_same_page_as_it_stands_now(
    gateway: PaymentGateway, oracle: stripe.StripeClient
) -> None:
    request = a_request()
    made = gateway.create_checkout(request)
    assert gateway.create_checkout(request) == made
    assert use_card(made.url).status_code == 303
    again = gateway.create_checkout(request)
    assert (again.foreign_id, again.payment_state) == (made.foreign_id, CheckoutPayment.PAID)
    sessions = oracle.v1.checkout.sessions.list({"limit": 100}).auto_paging_iter()
    ours = [one for one in sessions if one.client_reference_id == str(request.payin_id)]
    assert len(ours) == 1


def test_the_same_payin_with_another_sum_is_refused(gateway: PaymentGateway) -> None:
    request = a_request(Money(10000))
    gateway.create_checkout(request)
    with pytest.raises(GatewayRefused, match="same parameters"):
        gateway.create_checkout(a_request(Money(20000), request.payin_id))


def test_paying_leads_back_and_is_told_with_fee_and_ids(gateway: PaymentGateway) -> None:
    request = a_request(Money(12345, Currency.CHF))
    made = gateway.create_checkout(request)
    answer = use_card(made.url)
    back = f"http://portal.localhost:8000/paid?session={made.foreign_id}"
    assert (answer.status_code, answer.headers["Location"]) == (303, back)
    paid = gateway.fetch_checkout(made.foreign_id)
    assert (paid.state, paid.payment_state) == (CheckoutState.COMPLETE, CheckoutPayment.PAID)
    assert paid.url == ""
    assert paid.payment_intent
    facts = gateway.fetch_payment(paid.payment_intent)
    assert facts.received == Money(12345, Currency.CHF)
    assert (facts.refunded.minor, facts.disputed) == (0, False)
    assert facts.fee == Money(12345 * 15 // 1000 + 25, Currency.CHF)
    assert facts.payin_id == request.payin_id


def test_a_declined_card_brings_nothing_and_leaves_the_page_open(gateway: PaymentGateway) -> None:
    made = gateway.create_checkout(a_request())
    answer = use_card(made.url, "4000000000000002")
    assert answer.status_code == 402
    assert "Your card was declined." in answer.text
    still = gateway.fetch_checkout(made.foreign_id)
    assert (still.state, still.payment_state) == (CheckoutState.OPEN, CheckoutPayment.UNPAID)
    assert still.payment_intent
    assert gateway.fetch_payment(still.payment_intent).received.is_zero
    assert use_card(made.url).status_code == 303
    assert gateway.fetch_payment(still.payment_intent).received == made.amount


def test_a_page_is_found_by_our_id(gateway: PaymentGateway) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    request = a_request()
    assert gateway.find_checkout(request.payin_id, since) is None
    made = gateway.create_checkout(request)
    assert gateway.find_checkout(request.payin_id, since) == made
    assert gateway.find_checkout(request.payin_id, since + timedelta(days=1)) is None


def test_a_shut_page_takes_no_money(gateway: PaymentGateway) -> None:
    made = gateway.create_checkout(a_request())
    assert gateway.expire_checkout(made.foreign_id).state is CheckoutState.EXPIRED
    assert gateway.expire_checkout(made.foreign_id).state is CheckoutState.EXPIRED
    assert requests.get(made.url, timeout=10).status_code == 410


def test_shutting_a_paid_page_tells_that_it_is_paid(gateway: PaymentGateway) -> None:
    paid, _ = a_paid_session(gateway, Money(5000))
    assert gateway.expire_checkout(paid.foreign_id) == paid


def test_an_unknown_page_or_payment_is_refused(gateway: PaymentGateway) -> None:
    with pytest.raises(GatewayRefused, match="No such"):
        gateway.fetch_checkout("cs_test_nothing")
    with pytest.raises(GatewayRefused, match="No such"):
        gateway.fetch_payment("pi_nothing")


# --- giving back --------------------------------------------------------------------------------


def test_a_refund_happens_once_however_often_it_is_asked(gateway: PaymentGateway) -> None:
    paid, intent = a_paid_session(gateway, Money(10000))
    refund_id, payin_id = uuid4(), paid.payin_id
    assert payin_id
    assert gateway.find_refund(intent, refund_id) is None
    first = gateway.refund(payin_id, intent, Money(2500), refund_id)
    assert (first.state, first.amount) == (RefundState.SUCCEEDED, Money(2500))
    assert gateway.refund(payin_id, intent, Money(2500), refund_id) == first
    assert gateway.find_refund(intent, refund_id) == first
    assert gateway.fetch_payment(intent).refunded == Money(2500)
    with pytest.raises(GatewayRefused, match="greater than"):
        gateway.refund(payin_id, intent, Money(7501), uuid4())
    gateway.refund(payin_id, intent, Money(7500), uuid4())
    with pytest.raises(GatewayRefused, match="already been refunded"):
        gateway.refund(payin_id, intent, Money(1), uuid4())
    assert gateway.fetch_payment(intent).refunded == Money(10000)


@pytest.mark.parametrize(("end", "held_back"), [("won", 0), ("lost", 4000)])
def test_a_dispute_counts_by_its_amount_until_won(
    gateway: PaymentGateway, standin: RunningStandin, end: str, held_back: int
) -> None:
    _, intent = a_paid_session(gateway, Money(10000))
    control = {"Authorization": f"Bearer {KEY}"}
    opened = requests.post(
        f"{standin.url}/_standin/disputes",
        data={"payment_intent": intent, "amount": "4000"},
        headers=control,
        timeout=10,
    ).json()
    facts = gateway.fetch_payment(intent)
    assert (facts.disputed, facts.disputed_amount) == (True, Money(4000))
    closing = f"{standin.url}/_standin/disputes/{opened['id']}/close"
    assert requests.post(closing, data={"status": end}, headers=control, timeout=10).ok
    assert gateway.fetch_payment(intent).disputed_amount == Money(held_back)
    kinds = [
        event.kind
        for event in gateway.list_events(datetime.now(UTC) - timedelta(minutes=5))
        if event.payment_intent == intent
    ]
    assert kinds[-2:] == [EventKind.DISPUTE_OPENED, EventKind.DISPUTE_CLOSED]


def test_events_are_listed_oldest_first(gateway: PaymentGateway) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    paid, intent = a_paid_session(gateway, Money(7000))
    assert paid.payin_id
    gateway.refund(paid.payin_id, intent, Money(100), uuid4())
    ours = [event for event in gateway.list_events(since) if event.payment_intent == intent]
    assert [event.kind for event in ours] == [
        EventKind.PAYMENT_SUCCEEDED,
        EventKind.CHECKOUT_COMPLETED,
        EventKind.REFUNDED,
    ]
    assert ours[1].object_id == paid.foreign_id
    assert list(gateway.list_events(since + timedelta(days=1))) == []


# --- messages -----------------------------------------------------------------------------------


def an_event(**changes: object) -> bytes:
    subject = {"id": "cs_test_1", "object": "checkout.session", "payment_intent": "pi_1"}
    event = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(NOW.timestamp()),
        "data": {"object": subject},
        "livemode": False,
        "type": "checkout.session.completed",
    }
    return json.dumps(event | changes, ensure_ascii=False).encode()


def signed(body: bytes, secret: str = SECRET, at: datetime = NOW) -> str:
    header: str = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, int(at.timestamp())
    )
    return header


def test_a_genuine_event_names_its_object_and_nothing_more() -> None:
    body = an_event()
    event = StripeGateway(KEY, SECRET).read_event(body, signed(body), NOW)
    assert (event.foreign_id, event.object_id, event.payment_intent) == (
        "evt_1",
        "cs_test_1",
        "pi_1",
    )
    assert (event.kind, event.word) == (EventKind.CHECKOUT_COMPLETED, "checkout.session.completed")
    assert event.created == NOW


def test_an_event_of_a_kind_we_did_not_ask_for_is_read_all_the_same() -> None:
    body = an_event(type="radar.early_fraud_warning.created")
    event = StripeGateway(KEY, SECRET).read_event(body, signed(body), NOW)
    assert event.kind is EventKind.OTHER


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("", an_event()),
        ("nonsense", an_event()),
        ("t=abc,v1=00", an_event()),
        (signed(an_event(), "whsec_other"), an_event()),
        (signed(an_event()).replace("v1=", "v0="), an_event()),
        (signed(an_event()), an_event(type="charge.refunded")),
        (signed(an_event()), json.dumps(json.loads(an_event()), indent=1).encode()),
        (signed(an_event()), b"\xff\xfe" + an_event()),
    ],
    ids=["none", "nonsense", "no-time", "foreign", "v0-only", "changed", "reformatted", "not-utf8"],
)
def test_a_forged_message_is_refused(header: str, body: bytes) -> None:
    with pytest.raises(ForgedEvent):
        StripeGateway(KEY, SECRET).read_event(body, header, NOW)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{}", b"not json", b'{"object": "event"}', an_event(id="")],
    ids=["empty", "list", "null", "bare", "text", "no-id", "empty-id"],
)
def test_a_signed_message_that_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(ForgedEvent):
        StripeGateway(KEY, SECRET).read_event(body, signed(body), NOW)


@pytest.mark.parametrize("seconds", [-400, -301, 301, 600])
def test_an_old_or_future_signature_is_refused(seconds: int) -> None:
    body = an_event()
    header = signed(body, at=NOW + timedelta(seconds=seconds))
    with pytest.raises(ForgedEvent, match="too far from now"):
        StripeGateway(KEY, SECRET).read_event(body, header, NOW)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_signature_within_five_minutes_is_taken(seconds: int) -> None:
    body = an_event()
    header = signed(body, at=NOW + timedelta(seconds=seconds))
    assert StripeGateway(KEY, SECRET).read_event(body, header, NOW).foreign_id == "evt_1"


def test_the_library_agrees_about_age() -> None:
    body, now = an_event(), datetime.now(UTC)
    client = stripe.StripeClient(KEY)
    assert client.construct_event(body, signed(body, at=now), SECRET).id == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(body, signed(body, at=now - timedelta(seconds=400)), SECRET)


def test_one_of_many_signatures_is_enough_and_secrets_can_rotate() -> None:
    body = an_event()
    good = signed(body, "whsec_old")
    header = good.replace(",v1=", f",v1={'0' * 64},v1=")
    gateway = StripeGateway(KEY, "whsec_new, whsec_old")
    assert gateway.read_event(body, header, NOW).foreign_id == "evt_1"
    assert gateway.read_event(body, signed(body, "whsec_new"), NOW).foreign_id == "evt_1"


@pytest.mark.parametrize("changes", [{"livemode": True}, {"account": "acct_other"}])
def test_the_other_mode_and_other_accounts_are_refused(changes: dict[str, object]) -> None:
    body = an_event(**changes)
    with pytest.raises(ForgedEvent, match=r"other mode|another Stripe account"):
        StripeGateway(KEY, SECRET).read_event(body, signed(body), NOW)


# --- when the line is bad -----------------------------------------------------------------------

Answer = Callable[[http.server.BaseHTTPRequestHandler, bytes], None]


@contextmanager
def a_server(answer: Answer) -> Iterator[str]:
    """A peer on loopback that answers as told."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def says(status: int, body: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())

    return answer


def error(kind: str) -> str:
    return json.dumps({"error": {"type": kind, "message": "No."}})


def hangs_up(handler: http.server.BaseHTTPRequestHandler, _: bytes) -> None:
    handler.close_connection = True


def test_nobody_there_means_nothing_was_done() -> None:
    with pytest.raises(GatewayUnavailable, match="cannot be reached"):
        StripeGateway(KEY, SECRET, "http://127.0.0.1:9").create_checkout(a_request())


@pytest.mark.parametrize(
    ("answer", "writing", "reading"),
    [
        (hangs_up, GatewayUnknown, GatewayUnavailable),
        (says(500, error("api_error")), GatewayUnknown, GatewayUnavailable),
        (says(503, "<h1>Sorry</h1>"), GatewayUnknown, GatewayUnavailable),
        (says(200, "{"), GatewayUnknown, GatewayUnavailable),
        (says(409, error("idempotency_error")), GatewayUnknown, GatewayUnavailable),
        (says(429, error("invalid_request_error")), GatewayUnavailable, GatewayUnavailable),
        (says(401, error("invalid_request_error")), GatewayRefused, GatewayRefused),
        (says(403, error("invalid_request_error")), GatewayRefused, GatewayRefused),
        (says(400, error("invalid_request_error")), GatewayRefused, GatewayRefused),
    ],
    ids=["hangs-up", "500", "503-html", "torn", "in-flight", "busy", "401", "403", "400"],
)
def test_every_failure_is_one_of_three_outcomes(
    answer: Answer, writing: type[Exception], reading: type[Exception]
) -> None:
    with a_server(answer) as address:
        gateway = StripeGateway(KEY, SECRET, address)
        with pytest.raises(writing):
            gateway.create_checkout(a_request())
        with pytest.raises(writing):
            gateway.refund(uuid4(), "pi_1", Money(100), uuid4())
        with pytest.raises(reading):
            gateway.fetch_checkout("cs_test_1")
        with pytest.raises(reading):
            list(gateway.list_events(NOW))


def test_an_answer_that_got_lost_leads_to_one_page_all_the_same(
    standin: RunningStandin, gateway: PaymentGateway
) -> None:
    """The request is carried out, the answer is cut off; the repeat finds the same page."""

    def carries_out_and_hangs_up(handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        names = ("Authorization", "Content-Type", "Idempotency-Key")
        headers = {name: handler.headers[name] for name in names}
        done = requests.post(standin.url + handler.path, body, headers=headers, timeout=10)
        assert done.ok
        handler.close_connection = True

    request = a_request()
    with a_server(carries_out_and_hangs_up) as address, pytest.raises(GatewayUnknown):
        StripeGateway(KEY, SECRET, address).create_checkout(request)
    found = gateway.find_checkout(request.payin_id, datetime.now(UTC) - timedelta(hours=1))
    assert found is not None
    assert gateway.create_checkout(request) == found


def test_an_answer_from_the_other_mode_is_refused() -> None:
    body = {"id": "cs_live_1", "object": "checkout.session", "livemode": True}
    with (
        a_server(says(200, json.dumps(body))) as address,
        pytest.raises(GatewayRefused, match="other mode"),
    ):
        StripeGateway(KEY, SECRET, address).fetch_checkout("cs_live_1")


def test_a_page_with_another_sum_than_asked_is_refused() -> None:
    request = a_request(Money(100))
    body = {
        "id": "cs_test_1",
        "object": "checkout.session",
        "livemode": False,
        "amount_total": 99,
        "currency": "eur",
        "status": "open",
        "payment_status": "unpaid",
        "url": "http://127.0.0.1:9/",
        "payment_intent": None,
        "client_reference_id": str(request.payin_id),
    }
    with (
        a_server(says(200, json.dumps(body))) as address,
        pytest.raises(GatewayRefused, match="another sum"),
    ):
        StripeGateway(KEY, SECRET, address).create_checkout(request)
