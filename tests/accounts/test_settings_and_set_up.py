"""Settings of an owner and the set-up of the instance."""

from __future__ import annotations

import io
import subprocess
from typing import TYPE_CHECKING

import pytest
from lxml import html
from PIL import Image

from workflow.accounts import queries
from workflow.accounts.models import OperatorProfile
from workflow.kernel import audit, mailing
from workflow.kernel.mail import LocalMailbox

if TYPE_CHECKING:
    from tests.accounts.conftest import Browser, House

IBAN = "DE89 3704 0044 0532 0130 00"


def profile_answers(**changes: object) -> dict[str, object]:
    return {
        "name": "Ada Beispiel",
        "address": "Beispielweg 1\r\n10115 Musterstadt",
        "country": "DE",
        "tax_state": "vat_registered",
        "vat_id": "de 136 695 976",
        "bank_holder": "Ada Beispiel",
        "iban": IBAN,
        **changes,
    }


def set_up_answers(**changes: object) -> dict[str, object]:
    return {
        "name": "Lichtbild Musterstadt",
        "legal_basis": "registered_collector",
        "street": "Beispielstraße 5",
        "postcode": "10115",
        "city": "Musterstadt",
        "country": "DE",
        "region": "BE",
        "register_entry": "Amtsgericht Musterstadt, 371 R 1",
        "vat_id": "DE136695976",
        "contact_name": "Kim Beispiel",
        "phone": "+49 30 5550100",
        "sender_email": "licensing@example.org",
        "bank_holder": "Lichtbild Musterstadt",
        "iban": IBAN,
        "bic": "COBADEFFXXX",
        "languages": ["en", "de"],
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        **changes,
    }


def test_profile_is_checked_and_kept(house: House, owner: str, browser: Browser) -> None:
    browser.log_in(owner)
    answer = browser.send("/settings", profile_answers(), to="/settings/profile")
    assert (answer.status_code, answer.location) == (303, "/settings")
    account = house.accounts()[0]
    assert account.vat_id == "DE136695976"
    assert account.iban == "DE89370400440532013000"
    assert account.address == "Beispielweg 1\n10115 Musterstadt"
    with house.reading() as session:
        last = audit.history(session, "account", account.id)[-1]
    assert (last.action, last.note) == ("account:change_profile", "Bank account changed")


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"iban": "DE89370400440532013001", "vat_id": "DE1"}, ["wrong length or check", "VAT number"]),
        ({"bank_holder": ""}, ["whose bank account"]),
        ({"country": "FR"}, ["another country"]),
        ({"name": "\x07"}, ["cannot be stored"]),
    ],
)
def test_bad_profile_says_everything_and_keeps_nothing(
    house: House, owner: str, browser: Browser, changes: dict[str, object], sentences: list[str]
) -> None:
    browser.log_in(owner)
    answer = browser.send("/settings", profile_answers(**changes), to="/settings/profile")
    assert answer.status_code == 422
    for sentence in sentences:
        assert sentence in answer.get_data(as_text=True)
    account = house.accounts()[0]
    assert (account.iban, account.vat_id) == ("", None)


def test_staff_have_no_owner_profile(staff: str, browser: Browser) -> None:
    browser.log_in(staff)
    assert browser.send("/settings", profile_answers(), to="/settings/profile").status_code == 404


def test_the_operator_starts_with_the_set_up(house: House, staff: str, browser: Browser) -> None:
    browser.log_in(staff)
    assert browser.get("/start").location == "/operator/set-up"
    assert b"No letter leaves" in browser.get("/operator/set-up").data
    with house.reading() as session:
        assert not queries.is_complete(session)
    answer = browser.send("/operator/set-up", set_up_answers())
    assert (answer.status_code, answer.location) == (303, "/operator/set-up")
    with house.reading() as session:
        assert queries.is_complete(session)
        profile = queries.operator_profile(session)
    assert profile is not None
    assert profile.iban == "DE89370400440532013000"
    assert profile.languages == ["en", "de"]
    page = browser.get("/operator/set-up").get_data(as_text=True)
    assert "Filled in" in page and "Completed the set-up" in page
    assert 'value="Beispielstraße 5"' in page
    assert browser.get("/start").location == "/settings"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"iban": "DE00"}, "wrong length or check digits"),
        ({"bic": "XX"}, "8 or 11 signs"),
        ({"vat_id": "DE136695977"}, "wrong form or check digit"),
        ({"register_entry": ""}, "names its register"),
        ({"phone": "call me"}, "Use digits"),
        ({"time_zone": "Mars/Base"}, "choose one of those offered"),
        ({"languages": []}, "at least one language"),
        ({"legal_basis": "pirate"}, "choose one of those offered"),
        ({"contact_name": ""}, "This is needed"),
        ({"region": "ZZ"}, "“ZZ” is not a region of this country. Known are BB, BE, BW"),
        ({"postcode": "1011"}, "not a postcode of the country"),
        ({"country": "AX", "region": "01", "vat_id": ""}, "leave it empty"),
    ],
)
def test_an_incomplete_set_up_is_not_kept(
    house: House, staff: str, browser: Browser, changes: dict[str, object], sentence: str
) -> None:
    browser.log_in(staff)
    answer = browser.send("/operator/set-up", set_up_answers(**changes))
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert house.count(OperatorProfile) == 0


def test_everything_that_is_wrong_is_told_at_once_and_at_its_field(
    house: House, staff: str, browser: Browser
) -> None:
    browser.log_in(staff)
    wrong = {"iban": "DE00", "bic": "XX", "vat_id": "DE136695977", "region": "ZZ", "postcode": "1011",
             "register_entry": "", "name": "", "languages": [], "logo": (io.BytesIO(b"MZ"), "l.png")}  # fmt: skip
    answer = browser.send("/operator/set-up", set_up_answers(**wrong))
    page = html.fromstring(answer.text)
    told = {each.get("id", "") for each in page.xpath("//*[contains(@class, 'has-error')]//*[@id]")}
    assert answer.status_code == 422
    assert {*wrong} <= told | {each.rpartition("-")[0] for each in told}, told


def test_logo_is_made_fresh_and_others_are_refused(house: House, staff: str, browser: Browser) -> None:
    browser.log_in(staff)
    picture = io.BytesIO()
    Image.linear_gradient("L").resize((1200, 400)).save(picture, "PNG")
    good = (io.BytesIO(picture.getvalue()), "logo.png")
    assert browser.send("/operator/set-up", set_up_answers(logo=good)).status_code == 303
    shown = browser.get("/operator/set-up/logo")
    assert shown.mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(shown.data)).size == (800, 267)
    for bad in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ" + bytes(100), picture.getvalue()[:200]):
        answer = browser.send("/operator/set-up", set_up_answers(logo=(io.BytesIO(bad), "l.png")))
        assert answer.status_code == 422
        assert "has-error" in answer.text and house.count(OperatorProfile) == 1
    assert browser.send("/operator/set-up", set_up_answers()).status_code == 303
    assert browser.get("/operator/set-up/logo").data == shown.data, "no new logo keeps the old"


def test_the_contract_is_a_document(house: House, owner: str, staff: str) -> None:
    operator, visitor = house.browser(), house.browser()
    operator.log_in(staff)
    operator.send("/operator/set-up", set_up_answers())
    visitor.log_in(owner)
    visitor.send("/settings", profile_answers(), to="/settings/profile")
    answer = visitor.get("/settings/contract.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'inline; filename="contract-2024-01.pdf"'
    assert visitor.get("/settings/contract.pdf").data == answer.data, "the same at any time"
    assert answer.data.startswith(b"%PDF-")
    words = text_of(answer.data)
    for expected in ("Ada Beispiel", "Beispielweg 1", "Lichtbild Musterstadt", "55 %", "45 %"):
        assert expected in words, expected


def text_of(pdf: bytes) -> str:
    """The words of a document, by an independent reader, spaces made plain."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().replace("\u00a0", " ")


def test_our_mails_can_be_written(house: House, staff: str, browser: Browser) -> None:
    browser.send("/sign-up", house.sign_up_answers())
    browser.send("/contact", {"name": "Ben", "email": "ben@example.org", "text": "A letter?\nIs it real?"})
    for number, payload in enumerate(house.mails()):
        mailing.send_mail(house.runtime, {**payload, "outbox_key": f"mail-{number}"})
    kept = LocalMailbox(house.runtime.config.mailbox_dir, "x@example.org").list()
    told = {mail.subject: mail for mail in kept}
    assert set(told) == {"Please confirm your e-mail address", "Contact form: A letter?"}
    assert house.confirm_path() in told["Please confirm your e-mail address"].text
    assert "Is it real?" in told["Contact form: A letter?"].text
