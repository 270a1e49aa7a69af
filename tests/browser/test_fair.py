"""The fair side in a browser: the price with its facts, the sheet of the recipient, the signed statement, more time."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live, Shoot
from tests.second_step import code_for
from workflow.demo import people
from workflow.kernel.signing import check

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.postgresql_only("too dear to run twice"),
]


def open_all(page: Page) -> None:
    """Everything that is folded on the page is shown."""
    page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")


def test_the_recipient_sees_what_the_price_rests_on_and_takes_more_time(
    live: Live, page: Page, shoot: Shoot
) -> None:
    live.let_worker_go()
    case = live.world.offered()
    page.goto(f"{live.portal}/verify/{case.reference}")
    open_all(page)
    shoot(page, "verify-statement")
    with page.expect_download() as handed:
        page.get_by_role("link", name="Download the statement").click()
    checked = check(handed.value.path().read_bytes())
    assert checked.statement["reference"] == case.reference
    assert checked.fingerprint in page.inner_text("main") and json.dumps(checked.statement)
    # in the case
    page.goto(f"{live.portal}/c/{case.reference}#c={case.code}")
    page.get_by_role("button", name=re.compile("Open")).click()
    page.wait_for_url(re.compile("/case"))
    open_all(page)
    main = page.locator("main")
    for sentence in ("What this rests on", "Source: UrhG § 13", "observed", "How well known"):
        expect(main).to_contain_text(sentence)
    shoot(page, "portal-sheet")
    page.get_by_role("button", name="Give me 14 days more").click()
    expect(page.locator("body")).to_contain_text("You have time until 2 Apr 2024")
    shoot(page, "portal-more-time")


def test_an_operator_prices_by_facts_and_invoices(live: Live, page: Page, shoot: Shoot) -> None:
    case = live.world.submitted()
    page.goto(f"{live.desk}/log-in")
    page.locator("input[name=email]").fill(people.OPERATOR.email)
    page.locator("input[name=password]").fill(people.OPERATOR.password)
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile("/log-in/code"))
    page.locator("input[name=code]").fill(code_for(live.world.runtime, people.OPERATOR.email))
    page.locator("main form button").last.click()
    page.wait_for_load_state()
    page.goto(f"{live.desk}/operator/cases/{case.id}/price")
    open_all(page)
    invoices = page.get_by_label("Invoices of the rights-holder")
    invoices.fill("2023-114; 2023-05-02; 12; 240.00")
    invoices.press("Tab")
    main = page.locator("main")
    expect(main).to_contain_text("Made by the rights-holder’s own invoices.")
    page.get_by_label("Used by").select_option("company")
    page.wait_for_url(re.compile("user=company"))
    open_all(page)
    expect(main).to_contain_text("BGH I ZR 187/17")
    expect(main).to_contain_text("1 invoice of the rights-holder for such a use")
    shoot(page, "operator-price")
    page.get_by_role("button", name="Set this price").click()
    expect(page.locator("body")).to_contain_text("The price is set.")
