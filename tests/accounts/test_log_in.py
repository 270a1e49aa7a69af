"""Sessions: wrong passwords, throttling, limits of time, signing out."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.parts import DEAR
from workflow.accounts import passwords
from workflow.accounts.jobs import forget_expired
from workflow.accounts.models import DeskSession
from workflow.accounts.queries import account_by_email
from workflow.accounts.services import entry
from workflow.config import ROOT

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.accounts.conftest import Browser, House

WRONG = "not the right sentence"


def without_numbers(answer: TestResponse) -> str:
    """The page without what differs by nature: the token and the address typed."""
    return re.sub(r'value="[^"]*"', 'value=""', answer.get_data(as_text=True))


def token_of(answer: TestResponse) -> str:
    """The CSRF token a page carries."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.get_data(as_text=True))
    assert found
    return found[1]


def test_unknown_address_and_wrong_password_have_one_answer(browser: Browser, owner: str, staff: str) -> None:
    answers = [
        browser.log_in(owner, WRONG),
        browser.log_in("nobody@example.org", WRONG),
        browser.log_in(staff, WRONG),
        browser.log_in("' OR 1=1 --", WRONG),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({without_numbers(answer) for answer in answers}) == 1


def test_unknown_address_takes_as_long_as_a_wrong_password(
    house: House, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what an instance really spends on a password."""
    monkeypatch.setattr(passwords, "_hasher", DEAR)
    monkeypatch.setattr(passwords, "_nobodys_hash", cache(passwords._nobodys_hash.__wrapped__))
    with house.runtime.database.transaction() as session:
        account = account_by_email(session, owner)
        assert account is not None
        account.password_hash = passwords.hash_password("a calm sea at noon")

    def median(email: str) -> float:
        times = []
        for _ in range(9):
            with house.reading() as session:
                start = time.perf_counter()
                assert entry.check_password(session, email, WRONG) is None
                times.append(time.perf_counter() - start)
        return statistics.median(times)

    known, unknown = median(owner), median("nobody@example.org")
    assert 0.5 < known / unknown < 2, (known, unknown)
    assert unknown > 0.005, "an unknown address is not answered without computing"


def test_five_failures_then_a_pause_and_success_costs_nothing(
    browser: Browser, owner: str, house: House
) -> None:
    for _ in range(3):
        assert browser.log_in(owner).status_code == 303
        browser.send("/settings", {}, to="/log-out")
    for _ in range(5):
        assert browser.log_in(owner, WRONG).status_code == 422
    answer = browser.log_in(owner, WRONG)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert browser.log_in(owner).status_code == 429, "also the right password waits here …"
    elsewhere = house.browser()
    elsewhere.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert elsewhere.log_in(owner).status_code == 303, "… but not from another address"


def test_a_forged_forwarded_for_does_not_help(browser: Browser, owner: str) -> None:
    token = token_of(browser.get("/log-in"))
    codes = [
        browser.client.post(
            "/log-in",
            data={"csrf_token": token, "email": owner, "password": WRONG},
            headers={"X-Forwarded-For": f"198.51.100.{attempt}"},
        ).status_code
        for attempt in range(7)
    ]
    assert codes == [422] * 5 + [429] * 2


def test_idle_and_absolute_limits(browser: Browser, owner: str, house: House) -> None:
    browser.log_in(owner)
    for _ in range(5):
        house.clock.advance(timedelta(minutes=110))
        assert browser.get("/settings").status_code == 200, "every click prolongs"
    house.clock.advance(timedelta(minutes=121))
    answer = browser.get("/settings")
    assert (answer.status_code, answer.location) == (303, "/log-in?next=/settings")

    browser.log_in(owner)
    for _ in range(11):
        house.clock.advance(timedelta(minutes=60))
        assert browser.get("/settings").status_code == 200
    house.clock.advance(timedelta(minutes=61))
    assert browser.get("/settings").status_code == 303, "twelve hours are the end, busy or not"
    with house.runtime.database.transaction() as session:
        forget_expired(session, house.clock.wall() + timedelta(days=1))
    assert house.count(DeskSession) == 0


def test_staff_are_signed_out_after_half_an_hour(browser: Browser, staff: str, house: House) -> None:
    browser.log_in(staff)
    house.clock.advance(timedelta(minutes=29))
    assert browser.get("/settings").status_code == 200
    house.clock.advance(timedelta(minutes=31))
    assert browser.get("/settings").status_code == 303


def test_a_form_sent_too_late_is_told_so(browser: Browser, owner: str, house: House) -> None:
    browser.log_in(owner)
    token = token_of(browser.get("/settings"))
    house.clock.advance(timedelta(hours=3))
    answer = browser.client.post("/settings/profile", data={"csrf_token": token, "name": "New"})
    assert answer.status_code == 401
    assert b"Nothing was saved" in answer.data


def test_signing_out_ends_every_copy_of_the_cookie(browser: Browser, owner: str, house: House) -> None:
    browser.log_in(owner)
    cookie = browser.client.get_cookie("lb_desk", domain="desk.localhost")
    assert cookie is not None
    thief = house.app.test_client()
    thief.set_cookie("lb_desk", cookie.value, domain="desk.localhost")
    assert thief.get("/settings").status_code == 200
    assert browser.send("/settings", {}, to="/log-out").location == "/"
    assert house.count(DeskSession) == 0
    assert thief.get("/settings").status_code == 303
    assert browser.get("/log-out").status_code == 405


def test_log_in_starts_a_fresh_cookie(browser: Browser, owner: str, house: House) -> None:
    browser.get("/log-in")
    before = browser.client.get_cookie("lb_desk", domain="desk.localhost")
    browser.log_in(owner)
    after = browser.client.get_cookie("lb_desk", domain="desk.localhost")
    assert before is not None
    assert after is not None
    assert after.value != before.value
    assert after.http_only
    assert after.same_site == "Lax"
    planted = house.app.test_client()
    planted.set_cookie("lb_desk", before.value, domain="desk.localhost")
    assert planted.get("/settings").status_code == 303


def test_tampered_cookie_is_nobody(browser: Browser, owner: str, house: House) -> None:
    browser.log_in(owner)
    cookie = browser.client.get_cookie("lb_desk", domain="desk.localhost")
    assert cookie is not None
    forged = house.app.test_client()
    forged.set_cookie("lb_desk", "A" + cookie.value[1:], domain="desk.localhost")
    assert forged.get("/settings").status_code == 303


def test_changing_the_password_signs_the_others_out(browser: Browser, owner: str, house: House) -> None:
    other_browser = house.browser()
    browser.log_in(owner)
    other_browser.log_in(owner)
    fields: dict[str, object] = {"present": WRONG, "password": "a new and longer sentence"}
    refused = browser.send("/settings", fields, to="/settings/password")
    assert refused.status_code == 422
    assert b"present password does not fit" in refused.data
    fields["present"] = house.PASSWORD
    assert browser.send("/settings", fields, to="/settings/password").status_code == 303
    assert browser.get("/settings").status_code == 200
    assert other_browser.get("/settings").status_code == 303
    assert other_browser.log_in(owner).status_code == 422
    assert other_browser.log_in(owner, "a new and longer sentence").status_code == 303


def test_ending_the_other_browsers(browser: Browser, owner: str, house: House) -> None:
    other_browser = house.browser()
    browser.log_in(owner)
    other_browser.log_in(owner)
    assert browser.get("/settings").data.count(b"<td>A browser") == 2
    browser.send("/settings", {}, to="/settings/sessions/end-others")
    assert browser.get("/settings").status_code == 200
    assert other_browser.get("/settings").status_code == 303


def test_after_log_in_only_to_our_own_pages(house: House, owner: str) -> None:
    for target, expected in (
        ("/settings", "/settings"),
        ("https://evil.example/", "/start"),
        ("//evil.example/", "/start"),
        ("/\\evil.example", "/start"),
        ("javascript:alert(1)", "/start"),
    ):
        fresh = house.browser()
        answer = fresh.send("/log-in", {"email": owner, "password": house.PASSWORD, "next": target})
        assert answer.location == expected, target
    split = {"email": owner, "password": house.PASSWORD, "next": "/a\r\nSet-Cookie: x=1"}
    assert house.browser().send("/log-in", split).status_code == 422


def test_a_stored_password_costs_a_guesser_what_owasp_recommends() -> None:
    """46 MiB, one pass, one lane, argon2id; asked of the code as it is loaded outside the tests."""
    told = subprocess.run(
        [sys.executable, "-c", "from workflow.accounts.passwords import hash_password as h; print(h('a calm sea'))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
