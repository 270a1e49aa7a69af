"""Sign-up, the confirming link and log-in, through the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from workflow.accounts.models import Account, EmailToken
from workflow.kernel import audit

if TYPE_CHECKING:
    from tests.accounts.conftest import Browser, House


def test_sign_up_confirm_log_in(browser: Browser, house: House) -> None:
    answer = browser.send("/sign-up", house.sign_up_answers())
    assert (answer.status_code, answer.location) == (303, "/sign-up/done")
    assert b"48 hours" in browser.get("/sign-up/done").data

    early = browser.log_in(house.OWNER)
    assert early.location == "/sign-up/done", "right password, address not confirmed: a fresh link"
    assert browser.get("/settings").status_code == 303

    path = house.confirm_path()
    assert b"Confirm address" in browser.get(path).data
    answer = browser.send(path, {})
    assert (answer.status_code, answer.location) == (303, "/log-in")

    answer = browser.log_in(house.OWNER)
    assert (answer.status_code, answer.location) == (303, "/start")
    page = browser.get("/settings")
    assert page.status_code == 200
    assert b"Ada Beispiel" in page.data
    assert b"Terms 2024-01" in page.data

    account = house.accounts()[0]
    assert account.terms_version == "2024-01"
    with house.reading() as session:
        told = [entry.action for entry in audit.history(session, "account", account.id)]
        assert told == ["account:sign_up", "account:confirm_email"]
        assert audit.check(session) == []


def test_looking_at_the_link_uses_nothing_up(browser: Browser, house: House) -> None:
    browser.send("/sign-up", house.sign_up_answers())
    path = house.confirm_path()
    for _ in range(5):
        assert browser.get(path).status_code == 200
        assert browser.client.head(path).status_code == 200
    assert house.accounts()[0].email_confirmed_at is None
    assert browser.send(path, {}).status_code == 303
    assert house.accounts()[0].email_confirmed_at is not None


def test_used_old_and_invented_links_have_one_answer(browser: Browser, house: House) -> None:
    browser.send("/sign-up", house.sign_up_answers())
    used = house.confirm_path()
    browser.send(used, {})
    browser.send("/sign-up", house.sign_up_answers(email="ben@example.org"))
    old = house.confirm_path()
    assert browser.get(old).status_code == 200
    house.clock.advance(timedelta(days=2))
    pages = []
    for path in (used, old, "/confirm/" + "A" * 43, "/confirm/x", "/confirm/" + "ä" * 300):
        answer = browser.get(path)
        assert answer.status_code == 410
        pages.append(answer.data.replace(answer.headers["X-Request-Reference"].encode(), b""))
    assert len(set(pages)) == 1
    assert house.accounts()[-1].email_confirmed_at is None


def test_only_the_hash_of_a_link_is_kept(browser: Browser, house: House) -> None:
    browser.send("/sign-up", house.sign_up_answers())
    token = house.confirm_path().removeprefix("/confirm/")
    with house.reading() as session:
        row = session.scalars(select(EmailToken)).one()
    assert token not in row.token_hash
    assert len(row.token_hash) == 64


def test_a_second_sign_up_ends_the_first_link(browser: Browser, house: House) -> None:
    browser.send("/sign-up", house.sign_up_answers(password="somebody else's sentence"))
    first = house.confirm_path()
    browser.send("/sign-up", house.sign_up_answers())
    second = house.confirm_path()
    assert browser.get(first).status_code == 410
    browser.send(second, {})
    assert browser.log_in(house.OWNER, "somebody else's sentence").status_code == 422
    assert browser.log_in(house.OWNER).status_code == 303


def test_a_known_address_gets_the_same_answer_and_no_mail(browser: Browser, owner: str, house: House) -> None:
    before = len(house.mails())
    answer = browser.send("/sign-up", house.sign_up_answers(email=owner.upper(), password="x" * 9 + "yzabcd"))
    assert (answer.status_code, answer.location) == (303, "/sign-up/done")
    assert len(house.mails()) == before
    assert browser.log_in(owner).status_code == 303, "the password is still the owner's"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "This is needed."),
        ({"name": "A\x00da"}, "signs that cannot be stored"),
        ({"name": "A" * 201}, "too long: 201 signs, at most 200 fit"),
        ({"name": "A" + "\u0301" * 50}, "cannot be read"),
        ({"name": "Ada\nBcc: all@example.org"}, "on one line"),
        ({"email": "nobody"}, "not an e-mail address"),
        ({"email": "a@b"}, "not an e-mail address"),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, "on one line"),
        ({"email": "a" * 300 + "@example.org"}, "too long"),
        ({"password": "short"}, "Use at least 10 characters"),
        ({"password": "aaaaaaaaaaaa"}, "repeats a few characters"),
        ({"password": "ada@example.org"}, "must not be your e-mail address"),
        ({"password": "pass" * 100}, "too long"),
        ({"kind": "staff"}, "choose one of those offered"),
        ({"country": "XX"}, "choose one of those offered"),
        ({"tax_state": "vat_registered"}, "needs to tell the number"),
        ({"tax_state": "vat_registered", "vat_id": "DE136695977"}, "wrong form or check digit"),
        ({"tax_state": "vat_registered", "vat_id": "ATU13585627"}, "another country"),
        ({"accept_terms": ""}, "accept the terms"),
    ],
)
def test_bad_input_gets_a_sentence_and_nothing_is_kept(
    browser: Browser, house: House, changes: dict[str, object], sentence: str
) -> None:
    answer = browser.send("/sign-up", house.sign_up_answers(**changes))
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert house.count(Account) == 0
    assert house.mails() == []
    assert house.PASSWORD not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "name",
    ["Null", "O'Brien", "Ö", "李 小龍", "محمد", "Zoë & Söhne 🌊", "<script>alert(1)</script>",
     "{{ 77777*77777 }}", "{% include 'x' %}", "${77777*77777}", "'; DROP TABLE accounts; --", "=1+1"],
)  # fmt: skip
def test_strange_names_are_kept_and_shown_as_text(browser: Browser, house: House, name: str) -> None:
    browser.send("/sign-up", house.sign_up_answers(name=f"  {name} "))
    assert house.accounts()[0].name == name
    browser.send(house.confirm_path(), {})
    browser.log_in(house.OWNER)
    page = browser.get("/settings").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "6049261729" not in page  # long enough that no token holds it by chance
    assert "Settings" in page


def test_direction_marks_are_dropped_and_composed_form_is_kept(browser: Browser, house: House) -> None:
    browser.send("/sign-up", house.sign_up_answers(name="A\u202eda Mu\u0308ller\u2066"))
    assert house.accounts()[0].name == "Ada Müller"


def test_repeated_fields_and_large_bodies(browser: Browser, house: House) -> None:
    answer = browser.send("/sign-up", house.sign_up_answers(email=[house.OWNER, "eve@example.org"]))
    assert answer.status_code == 422
    assert b"sent more than once" in answer.data
    assert browser.send("/sign-up", house.sign_up_answers(name="A" * 600_000)).status_code == 413
    assert browser.send("/sign-up", house.sign_up_answers(name="A" * 3_000_000)).status_code == 413
    assert house.count(Account) == 0


def test_unknown_fields_and_a_chosen_role_are_ignored(browser: Browser, house: House) -> None:
    browser.send("/sign-up", house.sign_up_answers(role="operator", email_confirmed_at="2020-01-01"))
    account = house.accounts()[0]
    assert account.role.value == "rights_holder"
    assert account.email_confirmed_at is None


def test_terms_that_are_not_todays_are_refused(browser: Browser, house: House) -> None:
    answer = browser.send("/sign-up", house.sign_up_answers(terms_version="2019-01"))
    assert answer.status_code == 409
    assert house.count(Account) == 0
