"""Paying by card, over the real gateway against the stand-in: once, at the right place, told truthfully."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.parse
import urllib.request
import uuid

from sqlalchemy import select

from tests.portal.house import House, words
from workflow.cases.models import Letter
from workflow.cases.states import CaseState, LetterKind
from workflow.kernel import outbox
from workflow.money.models import Payin
from workflow.money.states import PayinState
from workflow.portal.infringer_payment_routes import card_page


def pay_at(url: str, number: str = "4242424242424242") -> str:
    """Fill in the card page as a browser would; returns where it leads."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), Stay)
    page = opener.open(url).read().decode()
    token = re.search(r'name="token"[^>]*value="([^"]+)"', page)
    assert token is not None
    data = {"token": token[1], "number": number, "expiry": "12/34", "cvc": "123"}
    try:
        opener.open(url, urllib.parse.urlencode(data).encode())
    except urllib.error.HTTPError as answer:
        return answer.headers.get("Location", "")
    return ""


def the_payin(house: House) -> Payin:
    with house.runtime.database.reading() as session:
        payin = session.scalars(select(Payin).order_by(Payin.opened_at.desc(), Payin.id.desc())).first()
        assert payin is not None
        session.expunge_all()
    return payin


def ask_the_service(house: House) -> None:
    """What the service would have told us by webhook, asked for instead; then the worker does the rest."""
    with house.runtime.database.transaction() as session:
        outbox.post(session, "psp.reconcile", {}, key=f"reconcile:{uuid.uuid4()}", now=house.now())
    house.work()


def test_from_the_case_to_licence_and_receipt(paying_house: House) -> None:
    house = paying_house
    case = house.offered()
    house.work()
    visitor = house.visitor(case)
    assert "192,60 €" in visitor.text("/pay")
    opened = visitor.send("/pay", {})
    path = opened.location
    waiting = visitor.get(path)
    assert waiting.headers["Refresh"] == f"1; url={path}?looks=1"
    assert "prepares the card page" in words(waiting)

    house.work()
    ready = visitor.get(path)
    url = the_payin(house).checkout_url
    assert url is not None
    assert ready.headers["Refresh"] == f"2; url={url}"
    assert f'href="{url}"' in ready.get_data(as_text=True)

    still = visitor.get(f"{path}/back")
    assert "We wait for the confirmation" in words(still)
    assert still.headers["Refresh"].startswith("1; url=")
    assert pay_at(url).endswith(f"{path}/back")
    assert "We wait for the confirmation" in visitor.text(f"{path}/back")

    ask_the_service(house)
    assert house.case(case).state is CaseState.PAID
    done = visitor.get(f"{path}/back")
    assert "Refresh" not in done.headers
    for expected in ("Your payment of 192,60 € was received", "Licence certificate (PDF)", "Receipt (PDF)",
                     "Nothing more will be asked of you"):  # fmt: skip
        assert expected in words(done), expected
    assert visitor.get(path).location == f"{path}/back"
    with house.runtime.database.reading() as session:
        letter = session.scalars(select(Letter).where(Letter.kind == LetterKind.PAID)).one()
        papers = [enclosure.document_id for enclosure in letter.enclosures]
    for paper in papers:
        pdf = visitor.get(f"/case/documents/{paper}")
        assert pdf.mimetype == "application/pdf"
        assert pdf.data.startswith(b"%PDF-")
    paid = visitor.text("/case")
    assert "Your payment was received on 4 Mar 2024" in paid
    assert "I have a licence" not in paid
    assert visitor.get("/pay").location == "/case"
    again = visitor.send("/case", {}, to="/pay")
    assert again.status_code == 422
    assert "paid already" in words(again)


def test_two_tabs_and_double_clicks_are_one_payment(paying_house: House) -> None:
    house = paying_house
    case = house.offered()
    one, other = house.visitor(case), house.visitor(case, "10.0.0.9")
    first = one.send("/pay", {"amount": "1", "currency": "PLN"}).location
    assert one.send("/pay", {}).location == first
    assert other.send("/pay", {}).location == first
    assert house.count(Payin) == 1
    assert the_payin(house).amount.minor == 19260
    assert "A payment by card was begun" in one.text("/case")


def test_another_case_cannot_see_the_payment(paying_house: House) -> None:
    house = paying_house
    mine, other = house.offered(), house.offered()
    path = house.visitor(mine).send("/pay", {}).location
    stranger = house.visitor(other)
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"{path}/back").status_code == 404
    assert house.browser().get(path).status_code == 303


def test_nobody_is_sent_to_another_host(paying_house: House) -> None:
    config = paying_house.runtime.config
    good = f"{config.stripe_api_base}/c/pay/cs_test_1"
    for url, expected in (
        (good, good),
        ("https://checkout.stripe.com/c/pay/1", ""),
        ("https://evil.example/c/pay/1", ""),
        (good.replace("http://", "http://user@evil.example#"), ""),
        (f"{good}\nX: y", ""),
        ("javascript:alert(1)", ""),
    ):
        assert card_page(Payin(state=PayinState.PENDING, checkout_url=url), config) == expected
    assert card_page(Payin(state=PayinState.FAILED, checkout_url=good), config) == ""


def test_without_an_answer_of_the_service_the_page_says_so(paying_house: House) -> None:
    visitor = paying_house.visitor(paying_house.offered())
    path = visitor.send("/pay", {}).location
    tired = visitor.get(f"{path}?looks=90")
    assert "Refresh" not in tired.headers
    assert "does not answer at the moment" in words(tired)
    assert visitor.get(f"{path}?looks=99999999999").status_code == 200


def test_a_held_case_can_be_paid(paying_house: House) -> None:
    house = paying_house
    case = house.offered()
    visitor = house.visitor(case)
    visitor.send("/answer/object", {"reasons": ["amount"]})
    path = visitor.send("/pay", {}).location
    house.work()
    url = the_payin(house).checkout_url
    assert url is not None
    pay_at(url)
    ask_the_service(house)
    assert "was received" in visitor.text(f"{path}/back")
    assert all(hold.closed_at is not None for hold in house.case(case).holds)
