"""The recipient doubts an input in a browser, the operator decides with both sheets side by side."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live, Shoot
from tests.second_step import code_for
from workflow.demo import people

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.postgresql_only("too dear to run twice"),
]


def test_one_input_is_doubted_and_accepted(live: Live, page: Page, shoot: Shoot) -> None:
    live.let_worker_go()
    case = live.world.offered()
    page.goto(f"{live.portal}/c/{case.reference}#c={case.code}")
    page.get_by_role("button", name=re.compile("Open")).click()
    page.wait_for_url(re.compile("/case"))
    page.get_by_role("link", name="One input of the calculation is wrong").click()
    shoot(page, "price-inputs")
    page.get_by_role("link", name="This is wrong: Photographer named").click()
    shoot(page, "price-input")
    page.get_by_label("What is right instead").select_option("yes")
    page.get_by_role("button", name="See the new sum").click()
    expect(page.locator("main")).to_contain_text("Instead of")
    shoot(page, "price-new-sum")
    page.get_by_label("What shows it").first.fill("It stands in our imprint, with a link.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("main")).to_contain_text("is yes")
    page.goto(f"{live.portal}/case")
    shoot(page, "price-waits")
    # at the desk
    page.goto(f"{live.desk}/log-in")
    page.locator("input[name=email]").fill(people.OPERATOR.email)
    page.locator("input[name=password]").fill(people.OPERATOR.password)
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile("/log-in/code"))
    page.locator("input[name=code]").fill(code_for(live.world.runtime, people.OPERATOR.email))
    page.locator("main form button").last.click()
    page.wait_for_load_state()
    page.goto(f"{live.desk}/operator/cases/{case.id}")
    shoot(page, "price-desk")
    page.get_by_role("button", name="Accept the input").click()
    expect(page.locator("body")).to_contain_text("Accepted. The recipient reads the new sum.")
    page.goto(f"{live.portal}/case")
    expect(page.locator("main")).to_contain_text("you were right about")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("main")).to_contain_text("vom Empfänger belegt")
    shoot(page, "price-accepted-de")


def test_a_sum_is_named_and_the_rights_holder_answers(live: Live, page: Page, shoot: Shoot) -> None:
    live.let_worker_go()
    case = live.world.offered()
    page.goto(f"{live.portal}/c/{case.reference}#c={case.code}")
    page.get_by_role("button", name=re.compile("Open")).click()
    page.wait_for_url(re.compile("/case"))
    page.get_by_role("link", name="Offer another sum").click()
    page.get_by_label("The sum you offer").fill("200,00")
    shoot(page, "sum-write")
    page.get_by_role("button", name="Offer this sum").click()
    expect(page.locator("main")).to_contain_text("We received this")
    page.goto(f"{live.desk}/log-in")
    page.locator("input[name=email]").fill(people.OWNER.email)
    page.locator("input[name=password]").fill(people.OWNER.password)
    page.locator("main form button").last.click()
    page.wait_for_url(lambda url: "/log-in" not in url)
    page.goto(f"{live.desk}/cases/{case.id}")
    page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
    shoot(page, "sum-owner")
    page.get_by_label("Why").first.fill("It covers little of the work.")
    page.get_by_label("Another sum, VAT included").fill("250,00")
    page.get_by_role("button", name="Name this sum instead").click()
    expect(page.locator("body")).to_contain_text("Decided.")
    page.goto(f"{live.portal}/case")
    expect(page.locator("main")).to_contain_text("You were offered 250,00")
    shoot(page, "sum-offered")
    page.get_by_role("button", name="Agree on 250,00").click()
    expect(page.locator("body")).to_contain_text("Agreed. You can pay the sum now.")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("main")).to_contain_text("Unsere Antwort: Wir sind mit 250,00")
    shoot(page, "sum-agreed-de")
