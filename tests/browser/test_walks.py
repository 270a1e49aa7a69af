"""Two people with a browser: a photographer from sign-up to a submitted case, a recipient to a paid one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live, Shoot
from tests.detection.site import served
from tests.second_step import code_for
from tests.small_web import PHOTOGRAPHS, crawl, small_web
from tests.world import World
from workflow.cases.models import Case
from workflow.cases.states import CaseState
from workflow.demo import people
from workflow.hits.intake import take_in
from workflow.works.models import Work

pytestmark = [
    pytest.mark.browser, pytest.mark.slow,
    pytest.mark.postgresql_only("web, worker and reports at once are its daily life; a page looks the same on both"),
]  # fmt: skip
FIRST_SIGNS = "async link => (await (await fetch(link)).text()).slice(0, 4)"
PASSWORD = "a calm harbour at dawn"


def wait_for(holds: Callable[[], object], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.3)


def confirm_link(world: World, email: str) -> str:
    wait_for(lambda: world.mails(email))
    found = re.search(r"http://\S+/confirm/\S+", world.mails(email)[-1].text)
    assert found
    return found[0]


def test_a_photographer_from_sign_up_to_a_submitted_case(live: Live, page: Page, shoot: Shoot) -> None:
    world, desk = live.world, live.desk
    page.goto(f"{desk}/")
    shoot(page, "01-home")
    page.goto(f"{desk}/sign-up")
    shoot(page, "02-sign-up")
    page.get_by_label("Your name or company").fill("Ada Beispiel")
    page.get_by_label("E-mail", exact=True).fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("input[name=accept_terms]").check()
    page.locator("form[method=post]").filter(has=page.locator("input[name=password]")).locator(
        "button[type=submit], button:not([type])"
    ).last.click()
    expect(page).to_have_url(re.compile("/sign-up/done"))
    shoot(page, "03-sign-up-done")
    page.goto(confirm_link(world, "ada@example.org"))
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    if page.locator("input[name=password]").count():
        page.locator("input[name=email]").fill("ada@example.org")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main form button[type=submit], main form button.btn-primary").last.click()
        page.wait_for_load_state()
    shoot(page, "04-first-page")

    page.goto(f"{desk}/photographs/upload")
    shoot(page, "05-upload")
    page.set_input_files("input[type=file]", [PHOTOGRAPHS / "work-01.jpg"])
    wait_for(lambda: "work-01" in page.content())
    wait_for(lambda: world.count(Work) == 1)
    page.wait_for_timeout(1500)
    shoot(page, "06-uploaded")

    with served(small_web()) as site:
        crawl(world, site)
    assert take_in(world.runtime, pool_size=1).hits_new == 1
    page.goto(f"{desk}/inbox")
    shoot(page, "07-inbox")
    page.locator("main a[data-open]").first.click()
    page.wait_for_url(re.compile(r"/inbox/[0-9a-f-]{36}"))
    shoot(page, "08-hit")
    page.locator("button[name=verdict][value=illegal]").first.click()
    page.wait_for_load_state()
    shoot(page, "09-judged")
    page.goto(f"{desk}/inbox/submit?domain=walks.localhost&all=1")
    shoot(page, "10-submit")
    page.locator("input[name=rights]").check()
    page.locator("input[name=no_licence]").check()
    page.get_by_role("button", name="Submit the case").click()
    page.wait_for_load_state()
    shoot(page, "11-case")
    [case] = world.all(Case)
    assert case.state is CaseState.SUBMITTED
    expect(page.locator("main")).to_contain_text(case.reference)


def test_a_recipient_from_the_letter_to_the_paid_case(live: Live, page: Page, shoot: Shoot) -> None:
    world = live.world
    made = world.submitted()
    page.goto(f"{live.desk}/log-in")
    shoot(page, "20-log-in")
    page.locator("input[name=email]").fill(people.OPERATOR.email)
    page.locator("input[name=password]").fill(people.OPERATOR.password)
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile(r"/log-in/code"))
    page.locator("input[name=code]").fill(code_for(world.runtime, people.OPERATOR.email))
    page.locator("main form button").last.click()
    page.wait_for_load_state()
    page.goto(f"{live.desk}/operator/queue")
    shoot(page, "21-queue")
    page.goto(f"{live.desk}/operator/cases/{made.id}")
    shoot(page, "22-operator-case")
    page.goto(f"{live.desk}/operator/cases/{made.id}/price")
    shoot(page, "23-price")
    page.get_by_role("button", name="Set this price").click()
    page.wait_for_url(re.compile(r"/operator/cases/[0-9a-f-]{36}$"))
    page.get_by_role("button", name="Send the offer").click()
    wait_for(world.mails)
    page.goto(f"{live.desk}/operator/cases/{made.id}")
    shoot(page, "24-offered")

    page.goto(f"{live.portal}/")
    shoot(page, "30-enter")
    page.goto(f"{live.portal}/c/{made.reference}")
    if page.locator("input[name=reference][type=text], input[name=reference]:not([type=hidden])").count():
        page.locator("input[name=reference]").first.fill(made.reference)
    page.locator("input[name=code]").fill(made.code)
    page.locator("main form").filter(has=page.locator("input[name=code]")).locator("button").last.click()
    page.wait_for_load_state()
    shoot(page, "31-portal-case")
    page.goto(f"{live.portal}/answer/object")
    shoot(page, "32-object")
    page.goto(f"{live.portal}/pay")
    shoot(page, "33-pay")
    page.locator("form[action$='/pay'] button").first.click()
    page.wait_for_url(re.compile(r"^http://127\.0\.0\.1"), timeout=60_000)
    page.locator("input[name=number]").fill("4242 4242 4242 4242")
    page.locator("input[name=expiry]").fill("12 / 34")
    page.locator("input[name=cvc]").fill("123")
    shoot(page, "34-card-page")
    page.locator("form").filter(has=page.locator("input[name=number]")).locator("button").first.click()
    page.wait_for_url(re.compile("/back"), timeout=60_000)
    wait_for(lambda: world.case(made).state is CaseState.PAID)
    wait_for(lambda: page.locator("a[href*='/case/documents/']").count() >= 2)
    shoot(page, "35-paid")
    page.goto(f"{live.portal}/case")
    shoot(page, "36-portal-case-paid")
    link = page.locator("a[href*='/case/documents/']").first.get_attribute("href")
    assert page.evaluate(FIRST_SIGNS, link) == "%PDF"
    page.goto(f"{live.portal}/verify")
    shoot(page, "37-verify")


def test_the_owner_sees_the_money(live: Live, page: Page, shoot: Shoot) -> None:
    world = live.world
    live.let_worker_go()  # here the story does its work itself
    world.paid(world.offered())
    page.goto(f"{live.desk}/log-in")
    page.locator("input[name=email]").fill(people.OWNER.email)
    page.locator("input[name=password]").fill(people.OWNER.password)
    page.locator("main form button").last.click()
    page.wait_for_load_state()
    for path, name in (("/money/", "40-money"), ("/cases/", "41-cases"), ("/photographs/", "42-photographs"),
                       ("/settings", "43-settings")):  # fmt: skip
        page.goto(f"{live.desk}{path}")
        shoot(page, name)
        if path == "/money/":
            assert "158,40" in page.inner_text("main")  # 55 % of 288,00 net
