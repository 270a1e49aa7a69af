"""The second factor: set up, used once each, guessed at, lost, taken away; and proving again who one is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.second_step import code_for, wait
from workflow.accounts import one_time
from workflow.accounts.models import DeskSession
from workflow.accounts.queries import account_by_email
from workflow.accounts.second_factor import RecoveryCode, SecondFactor
from workflow.accounts.services import entry, factors
from workflow.kernel.actors import SYSTEM
from workflow.kernel.errors import NotFound, Refused

if TYPE_CHECKING:
    from tests.accounts.conftest import Browser, House

CODE = re.compile(r"<code>((?:[A-Z2-9]{4}-){3}[A-Z2-9]{4})</code>")


def half_way(house: House, email: str) -> Browser:
    """Password given, code not yet."""
    browser = house.browser()
    answer = browser.send("/log-in", {"email": email, "password": house.PASSWORD})
    assert answer.location.startswith("/log-in/")
    return browser


def test_staff_set_it_up_at_the_first_log_in_and_get_ten_codes_once(house: House, staff: str) -> None:
    browser = half_way(house, staff)
    assert browser.get("/settings").status_code == 303, "half-way in is not in"
    page = browser.get("/log-in/second-factor").get_data(as_text=True)
    assert "<svg" in page and "Secret:" in page
    assert browser.send("/log-in/second-factor", {"code": "000000"}).status_code == 422
    done = browser.send("/log-in/second-factor", {"code": code_for(house.runtime, staff)})
    codes = CODE.findall(done.get_data(as_text=True))
    assert done.status_code == 200 and len(set(codes)) == 10
    assert browser.get("/settings").status_code == 200
    with house.reading() as session:
        rows = session.query(RecoveryCode).all()
        assert len(rows) == 10 and not {row.code_hash for row in rows} & set(codes)
        factor = session.query(SecondFactor).one()
        assert factor.secret is not None and factor.proposed is None
    again = half_way(house, staff)
    wait(house.runtime)
    assert again.send("/log-in/code", {"code": codes[0].lower()}).status_code == 303
    once = half_way(house, staff)
    assert once.send("/log-in/code", {"code": codes[0]}).status_code == 422, "a recovery code works once"


def test_a_code_works_once_and_only_about_its_own_half_minute(house: House, staff: str) -> None:
    house.browser().log_in(staff)
    code = code_for(house.runtime, staff)
    assert half_way(house, staff).send("/log-in/code", {"code": code}).status_code == 303
    assert half_way(house, staff).send("/log-in/code", {"code": code}).status_code == 422
    late = code_for(house.runtime, staff)
    wait(house.runtime, 3 * one_time.STEP_SECONDS)
    assert half_way(house, staff).send("/log-in/code", {"code": late}).status_code == 422


def test_guessing_costs_time_but_never_shuts_the_owner_out(house: House, staff: str) -> None:
    master, wall = house.runtime.secrets, house.clock.wall
    house.browser().log_in(staff)
    with house.runtime.database.transaction() as session:
        account = account_by_email(session, staff)
        assert account is not None
        codes = one_time.new_recovery_codes()
        factors.renew_codes(session, master, account, codes, factors.Moments(wall(), wall()))
        outcomes = [factors.check(session, master, account.id, "000000", wall()) for _ in range(5)]
        assert outcomes == [*[factors.Outcome.WRONG] * 4, factors.Outcome.WAIT]
        assert factors.check(session, master, account.id, codes[3], wall()) is factors.Outcome.FITS
        for _ in range(40):
            factors.check(session, master, account.id, "000000", wall())
            house.clock._wall += timedelta(minutes=6)
        assert factors.seconds_to_wait(session, account.id, wall()) == 0, "five minutes at most"
    assert house.browser().log_in(staff).status_code == 303


def test_a_lost_factor_is_reset_by_somebody_else_and_told(house: House, staff: str) -> None:
    browser = house.browser()
    browser.log_in(staff)
    with house.runtime.database.transaction() as session:
        account = account_by_email(session, staff)
        assert account is not None
        moment = factors.Moments(house.clock.business(), house.clock.wall())
        with pytest.raises(Refused, match="Somebody else"):
            factors.reset(session, account, account.actor, moment)
        factors.reset(session, account, SYSTEM, moment)
    assert browser.get("/settings").status_code == 303, "every browser is signed out"
    assert house.mails()[-1]["template"] == "security_notice"
    assert half_way(house, staff).get("/log-in/second-factor").status_code == 200


def test_staff_cannot_do_without(house: House, staff: str) -> None:
    browser = house.browser()
    browser.log_in(staff)
    answer = browser.send("/settings/second-factor", {}, to="/settings/second-factor/remove")
    assert answer.status_code == 422 and b"needs a second factor" in answer.data


def test_dangerous_steps_ask_again_after_ten_minutes(house: House, owner: str) -> None:
    browser = house.browser()
    browser.log_in(owner)
    house.clock.advance(timedelta(minutes=11))
    answer = browser.send("/settings/second-factor", {}, to="/settings/second-factor/propose")
    assert answer.status_code == 403 and "Is it you?" in answer.get_data(as_text=True)
    assert house.count(SecondFactor) == 0, "nothing was done"
    before = browser.client.get_cookie("lb_desk", domain="desk.localhost")
    wrong = browser.send("/confirm-it-is-you", {"password": "something else here"})
    assert wrong.status_code == 422
    right = browser.send(
        "/confirm-it-is-you?next=/settings/second-factor",
        {"password": house.PASSWORD},
        to="/confirm-it-is-you",
    )
    assert (right.status_code, right.location) == (303, "/settings/second-factor")
    after = browser.client.get_cookie("lb_desk", domain="desk.localhost")
    assert before is not None and after is not None
    thief = house.app.test_client()
    thief.set_cookie("lb_desk", before.value, domain="desk.localhost")
    assert thief.get("/settings").status_code == 303, "the token from before is worth nothing"
    again = browser.send("/settings/second-factor", {}, to="/settings/second-factor/propose")
    assert again.status_code == 303 and house.count(SecondFactor) == 1


def test_an_ended_session_is_never_brought_back(house: House, owner: str) -> None:
    browser = house.browser()
    browser.log_in(owner)
    with browser.client.session_transaction() as cookie:
        token = cookie["desk"]
    with house.runtime.database.transaction() as session:
        entry.log_out(session, token)
        entry.touch(session, token, house.clock.wall())
        with pytest.raises(NotFound):
            entry.renew(session, token, house.clock.wall())
    assert house.count(DeskSession) == 0 and browser.get("/settings").status_code == 303


def test_who_left_the_office_is_out_at_once(house: House, staff: str) -> None:
    browser = house.browser()
    browser.log_in(staff)
    with house.runtime.database.transaction() as session:
        account = account_by_email(session, staff)
        assert account is not None
        account.deactivated_at = house.clock.wall()
    assert browser.get("/settings").status_code == 303
    assert house.browser().log_in(staff).status_code == 422


def test_a_forgotten_password_is_replaced_by_mail_once(house: House, owner: str, browser: Browser) -> None:
    inside = house.browser()
    inside.log_in(owner)
    known = browser.send("/forgotten-password", {"email": owner})
    unknown = house.browser().send("/forgotten-password", {"email": "nobody@example.org"})
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", known.get_data(as_text=True)) == strip.sub("", unknown.get_data(as_text=True))
    mails = [mail for mail in house.mails() if mail["template"] == "new_password"]
    assert [mail["to"] for mail in mails] == [owner]
    path = mails[0]["context"]["link"].removeprefix(house.runtime.config.desk_url)
    assert browser.get(path).status_code == 200 and browser.get(path).status_code == 200, (
        "looking uses nothing up"
    )
    assert browser.send(path, {"password": "a quite new sentence"}).status_code == 303
    assert inside.get("/settings").status_code == 303, "every browser is signed out"
    assert house.browser().get(path).status_code == 410
    assert house.browser().log_in(owner).status_code == 422
    assert house.browser().log_in(owner, "a quite new sentence").status_code == 303


def test_the_link_lasts_an_hour(house: House, owner: str, browser: Browser) -> None:
    browser.send("/forgotten-password", {"email": owner})
    path = house.mails()[-1]["context"]["link"].removeprefix(house.runtime.config.desk_url)
    house.clock.advance(timedelta(minutes=61))
    assert browser.get(path).status_code == 410


def test_the_secret_is_sealed(house: House, staff: str) -> None:
    house.browser().log_in(staff)
    with house.reading() as session:
        account = account_by_email(session, staff)
        assert account is not None
        secret = factors.active_secret(session, house.runtime.secrets, account.id)
        row = session.get(SecondFactor, account.id)
    assert secret is not None and row is not None and row.secret is not None
    assert secret[0].encode() not in row.secret
