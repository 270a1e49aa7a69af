"""The pages of money, for rights-holders and staff."""

from __future__ import annotations

import re
import uuid

from flask.testing import FlaskClient

from tests.money.till import OPERATOR, Till
from tests.warm import desk_of
from workflow.kernel.actors import Actor, Role
from workflow.money.states import PayinState
from workflow.payouts.states import PayoutState
from workflow.web.current import SignedInAs


def desk(till: Till, actor: Actor) -> FlaskClient:
    """The desk as this person sees it, just proven to be who it is."""
    app = desk_of(till.runtime)
    app.extensions["signed_in"] = lambda: SignedInAs(
        actor, "Somebody", "somebody@example.org", proved_at=till.runtime.clock.wall()
    )
    return app.test_client()


def owner_of(till: Till, payin_id: uuid.UUID) -> Actor:
    return Actor(Role.RIGHTS_HOLDER, str(till.payout(payin_id).owner_id))


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts to ``action``."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form, f"no form posts to {action}"
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[1]))


def test_before_any_payment_the_pages_say_so(till: Till) -> None:
    till.offered()
    staff = desk(till, OPERATOR)
    assert "No payments yet" in staff.get("/operator/payments/").get_data(as_text=True)
    assert "No payouts here" in staff.get("/operator/payouts/").get_data(as_text=True)


def test_the_owner_reads_three_numbers_and_how_it_was_divided(till: Till) -> None:
    _, payin_id = till.paid()
    client = desk(till, owner_of(till, payin_id))
    page = client.get("/money/").get_data(as_text=True)
    for words in ("Held", "Available", "Paid", "192,60", "12,60", "81,00", "99,00"):
        assert words in page
    sheet = client.get(f"/money/{till.payout(payin_id).id}").get_data(as_text=True)
    for words in ("7 % on the licence fee", "45 % of the licence fee", "99,00", "Your share"):
        assert words in sheet
    stranger = desk(till, Actor(Role.RIGHTS_HOLDER, str(uuid.uuid4())))
    assert stranger.get(f"/money/{till.payout(payin_id).id}").status_code == 404


def test_staff_give_a_payment_back_after_reading_what_happens(till: Till) -> None:
    _, payin_id = till.paid()
    client, address = desk(till, OPERATOR), f"/operator/payments/{payin_id}"
    page = client.get(address).get_data(as_text=True)
    assert "The payer gets back" in page and "Rights-holder, held" in page
    sent = fields(page, f"{address}/refund")
    assert client.post(f"{address}/refund", data=sent).status_code == 303
    assert client.post(f"{address}/refund", data=sent).status_code == 409  # the page is older than the row
    till.work()
    assert till.payin(payin_id).state is PayinState.REFUNDED
    assert "Refunded" in client.get(address).get_data(as_text=True)


def test_staff_decide_about_what_does_not_fit(till: Till) -> None:
    _, payin_id = till.paid()
    till.stripe.v1.refunds.create(
        {"payment_intent": till.payin(payin_id).payment_intent or "", "amount": 100}
    )
    till.catch_up()
    till.work()
    client, address = desk(till, OPERATOR), f"/operator/payments/{payin_id}"
    assert "Please look" in client.get("/operator/payments/").get_data(as_text=True)
    sent = fields(client.get(address).get_data(as_text=True), f"{address}/decide")
    assert client.post(f"{address}/decide", data=sent | {"note": " "}).status_code == 422
    assert client.post(f"{address}/decide", data=sent | {"note": "We bear it."}).status_code == 303
    assert till.payin(payin_id).trouble == ""
    assert "We bear it." in client.get(address).get_data(as_text=True)


def test_staff_walk_a_payout_to_its_end(till: Till) -> None:
    case_id, payin_id = till.paid()
    client, payout = desk(till, OPERATOR), till.payout(payin_id)
    page = client.get("/operator/payouts/").get_data(as_text=True)
    assert "the share is released when the case is closed" in page
    till.close(case_id)
    for trigger in ("approve", "send", "confirm"):
        address = f"/operator/payouts/{payout.id}/{trigger}"
        sent = fields(client.get("/operator/payouts/").get_data(as_text=True), address)
        if trigger == "send":
            assert client.post(address, data=sent).status_code == 422, "a second person must agree"
            till.agree(payout.id)
        assert client.post(address, data=sent).status_code == 303
        assert client.post(address, data=sent).status_code == 409
    assert till.payout(payin_id).state is PayoutState.CONFIRMED
    assert "Confirmed" in client.get("/operator/payouts/?state=confirmed").get_data(as_text=True)
    assert client.get("/operator/payouts/?state=nonsense&page=-3").status_code == 200


def test_the_pages_are_for_their_role_alone(till: Till) -> None:
    _, payin_id = till.paid()
    owner = desk(till, owner_of(till, payin_id))
    for address in ("/operator/payments/", f"/operator/payments/{payin_id}", "/operator/payouts/"):
        assert owner.get(address).status_code == 404
    assert desk(till, OPERATOR).get("/money/").status_code == 404
