"""Every page of the house: headers, hosts, roles, tokens."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import pytest

from workflow.accounts.models import ContactRequest
from workflow.web.blueprints import RoleBlueprint
from workflow.web.headers import content_policy

if TYPE_CHECKING:
    from tests.accounts.conftest import Browser, House

PUBLIC_PAGES = (
    "/", "/how-it-works", "/pricing", "/questions", "/contact", "/sign-up", "/sign-up/done",
    "/log-in", "/healthz",
)  # fmt: skip


def concrete(rule: str) -> str:
    """The rule as an address: every argument filled with something that is not there."""
    return re.sub(r"<uuid:\w+>", str(uuid.UUID(int=1)), rule).replace("<token>", "x")


@pytest.mark.parametrize("path", [*PUBLIC_PAGES, "/nothing-here", "/confirm/x", "/log-out"])
def test_every_answer_carries_the_headers(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.headers["Content-Security-Policy"] == content_policy()
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(answer.headers["X-Request-Reference"]) == 10


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_public_pages_open_and_hold_no_inline_code(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200
    html = answer.get_data(as_text=True)
    assert " style=" not in html
    assert "<style" not in html
    assert " onclick=" not in html
    assert "<script>" not in html


def test_files_may_be_kept_pages_not(browser: Browser) -> None:
    assert "max-age=600" in browser.get("/static/css/lichtbild.css").headers["Cache-Control"]
    assert browser.get("/static/../skeleton.py").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "portal.localhost:8000", "localhost", "", "a b"])
def test_a_foreign_host_gets_400_and_no_page(house: House, host: str) -> None:
    answer = house.app.test_client().get("/log-in", headers={"Host": host})
    assert answer.status_code == 400
    assert b"<html" not in answer.data


def test_links_in_mails_do_not_follow_the_host(house: House) -> None:
    visitor = house.browser()
    visitor.send("/sign-up", house.sign_up_answers())
    assert house.mails()[0]["context"]["confirm_url"].startswith("http://desk.localhost:8000/confirm/")


def test_every_page_but_the_public_ones_asks_to_log_in(house: House, browser: Browser) -> None:
    asked = 0
    for rule in house.app.url_map.iter_rules():
        blueprint = house.app.blueprints.get(rule.endpoint.split(".")[0])
        if rule.endpoint == "static":
            continue
        assert isinstance(blueprint, RoleBlueprint), rule
        if blueprint.public:
            continue
        asked += 1
        if "GET" in (rule.methods or ()):
            answer = browser.get(concrete(rule.rule))
            assert answer.status_code == 303, rule
            assert answer.location.startswith("/log-in"), rule
        else:
            path = concrete(rule.rule)
            assert browser.send("/log-in", {}, to=path).status_code == 401, rule
    assert asked >= 10


def test_another_role_sees_nothing(house: House, owner: str, staff: str) -> None:
    visitor = house.browser()
    visitor.log_in(owner)
    assert visitor.get("/operator/set-up").status_code == 404
    operator = house.browser()
    operator.log_in(staff)
    assert operator.get("/operator/set-up").status_code == 200
    assert operator.get("/settings/contract.pdf").status_code == 404


def test_every_form_needs_its_token(house: House, owner: str) -> None:
    visitor = house.browser()
    visitor.log_in(owner)
    posts = [
        concrete(rule.rule)
        for rule in house.app.url_map.iter_rules()
        # a mail program presses the button of a mail without a page of ours: its link is signed instead
        if "POST" in (rule.methods or ()) and rule.endpoint != "notices_public.unsubscribe"
    ]
    assert len(posts) >= 9
    for path in posts:
        answer = visitor.client.post(path, data={"name": "x"})
        assert answer.status_code == 400, path
        assert b"reload the page" in answer.data


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://desk.localhost:8000"}, 422),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 422),
        ({}, 422),
    ],
)
def test_forms_come_from_our_own_pages(browser: Browser, headers: dict[str, str], code: int) -> None:
    answer = browser.send("/log-in", {"email": "x", "password": ""}, headers=headers)
    assert answer.status_code == code


def test_a_script_is_told_in_its_own_words(browser: Browser) -> None:
    answer = browser.client.get("/nothing", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.get_json()["reference"] == answer.headers["X-Request-Reference"]
    assert answer.get_json()["reasons"]
    private = browser.client.get("/settings", headers={"Accept": "application/json"})
    assert private.status_code == 401


def test_pricing_comes_from_the_terms(browser: Browser) -> None:
    html = browser.get("/pricing").get_data(as_text=True)
    assert "55 %" in html
    assert "45 %" in html
    for amount in ("321,00", "-21,00", "300,00", "135,00", "165,00"):
        assert amount in html, amount


def test_contact_keeps_the_message_and_tells_the_operator(house: House, staff: str, browser: Browser) -> None:
    answer = browser.send(
        "/contact",
        {"name": "Ben", "email": "ben@example.org", "text": "Is this\r\nreal? {{ 7*7 }}"},
    )
    assert (answer.status_code, answer.location) == (303, "/contact")
    assert b"message was kept" in browser.get("/contact").data
    assert house.count(ContactRequest) == 1
    mail = house.mails()[-1]
    assert mail["to"] == staff
    assert mail["context"]["message"] == "Is this\nreal? {{ 7*7 }}"
    empty = browser.send("/contact", {"name": "Ben", "email": "ben@example.org", "text": " "})
    assert empty.status_code == 422
    long = {"name": "Ben", "email": "ben@example.org", "text": "a" * 5_001}
    assert b"at most 5,000 fit" in browser.send("/contact", long).data
    assert house.count(ContactRequest) == 1
