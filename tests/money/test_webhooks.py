"""What the payment service posts: genuine once, forged never, in any order."""

from __future__ import annotations

import json

import pytest

from tests.money.till import Till
from workflow.cases.states import CaseState
from workflow.kernel.inbox import InboxMessage, InboxState
from workflow.money.states import PayinState

COMPLETED, SUCCEEDED, REFUNDED = "checkout.session.completed", "payment_intent.succeeded", "charge.refunded"
PAID = {"psp_clearing": 19_260, "vat_licences": -1_260, "commission": -8_100, "owner_held": -9_900}
FEE = {"psp_fees": 313, "psp_clearing": -313}


def test_a_genuine_message_is_taken_once_and_books(till: Till) -> None:
    payin_id = till.paid_at_the_page(till.offered())
    app, (body,) = till.portal(), till.told(COMPLETED)
    for _ in range(5):
        answer = till.send(app, body)
        assert (answer.status_code, answer.get_json()) == (200, {"received": True})
    assert len(till.all(InboxMessage)) == 1
    assert till.books(payin_id) == []  # the answer comes first, the work later
    till.work()
    till.send(app, body)
    till.work()
    assert till.books(payin_id) == [PAID, FEE]
    assert [row.state for row in till.all(InboxMessage)] == [InboxState.DONE]


def test_several_messages_about_one_payment_book_once(till: Till) -> None:
    payin_id = till.paid_at_the_page(till.offered())
    app = till.portal()
    for body in till.told(SUCCEEDED, COMPLETED, SUCCEEDED):
        assert till.send(app, body).status_code == 200
    till.work()
    assert till.books(payin_id) == [PAID, FEE]


def test_a_refund_that_is_told_first_books_both_in_order(till: Till) -> None:
    case_id = till.offered()
    payin_id = till.paid_at_the_page(case_id)
    page = till.gateway.fetch_checkout(till.payin(payin_id).foreign_id or "")
    assert page.payment_intent
    till.stripe.v1.refunds.create({"payment_intent": page.payment_intent})
    app = till.portal()
    for body in till.told(REFUNDED, COMPLETED, SUCCEEDED):
        assert till.send(app, body).status_code == 200
        till.work()
        assert till.payin(payin_id).state is PayinState.REFUNDED
    assert till.books(payin_id) == [PAID, FEE, {name: -cents for name, cents in PAID.items()}]
    assert till.case(case_id).state is CaseState.CLOSED


@pytest.mark.parametrize(
    ("secret", "late", "headers"),
    [
        ("whsec_other", 0, {}),
        ("whsec_demo", 301, {}),
        ("whsec_demo", -600, {}),
        ("whsec_demo", 0, {"Stripe-Signature": ""}),
        ("whsec_demo", 0, {"Stripe-Signature": "t=1,v0=aa"}),
        ("whsec_demo", 0, {"Stripe-Signature": "t=x,v1=é"}),
    ],
)
def test_forged_and_stale_messages_are_not_kept(
    till: Till, secret: str, late: float, headers: dict[str, str]
) -> None:
    till.paid_at_the_page(till.offered())
    (body,) = till.told(COMPLETED)
    answer = till.send(till.portal(), body, secret=secret, late=late, **headers)
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert till.all(InboxMessage) == []


@pytest.mark.parametrize("change", [{"livemode": True}, {"account": "acct_other"}, {"object": "mug"}])
def test_messages_of_another_world_are_not_kept(till: Till, change: dict[str, object]) -> None:
    till.paid_at_the_page(till.offered())
    (body,) = till.told(COMPLETED)
    changed = json.dumps(json.loads(body) | change).encode()
    assert till.send(till.portal(), changed).status_code == 400
    assert till.all(InboxMessage) == []


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe", b"[]", b'"x"', b"null", b'{"id": 1}'])
def test_signed_rubbish_is_rubbish(till: Till, body: bytes) -> None:
    assert till.send(till.portal(), body).status_code == 400
    assert till.all(InboxMessage) == []


def test_a_changed_body_is_forged(till: Till) -> None:
    till.paid_at_the_page(till.offered())
    (body,) = till.told(COMPLETED)
    app = till.portal()
    header = {"Stripe-Signature": till.signature(body)}
    changed = body.replace(b"19260", b"1")
    answer = app.test_client().post("/webhooks/stripe", data=changed, headers=header)
    assert answer.status_code == 400


def test_a_flood_of_bytes_is_not_read(till: Till) -> None:
    assert till.send(till.portal(), b" " * (256 * 1024 + 1)).status_code == 413


def test_it_is_posted_never_got(till: Till) -> None:
    assert till.portal().test_client().get("/webhooks/stripe").status_code == 405


def test_kinds_we_do_not_know_are_kept_without_effect(till: Till) -> None:
    till.paid_at_the_page(till.offered())
    (body,) = till.told(COMPLETED)
    other = json.dumps(json.loads(body) | {"id": "evt_other", "type": "customer.created"}).encode()
    assert till.send(till.portal(), other).status_code == 200
    till.work()
    (row,) = till.all(InboxMessage)
    assert (row.kind, row.state) == ("customer.created", InboxState.DONE)
    assert row.outcome.startswith("No effect")
