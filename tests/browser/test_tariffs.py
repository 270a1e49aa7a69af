"""The tariffs of the instance in a browser."""

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


def test_an_operator_reads_a_tariff_and_takes_the_approval_back(live: Live, page: Page, shoot: Shoot) -> None:
    page.goto(f"{live.desk}/log-in")
    page.locator("input[name=email]").fill(people.OPERATOR.email)
    page.locator("input[name=password]").fill(people.OPERATOR.password)
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile("/log-in/code"))
    page.locator("input[name=code]").fill(code_for(live.world.runtime, people.OPERATOR.email))
    page.locator("main form button").last.click()
    page.wait_for_load_state()
    page.goto(f"{live.desk}/operator/tariffs/")
    expect(page.locator("main")).to_contain_text("Priced by it")
    shoot(page, "tariffs")
    page.get_by_role("link", name="neutral-example-2024-02").click()
    expect(page.locator("main")).to_contain_text("Any longer use")
    shoot(page, "tariff")
    page.get_by_label("Why").fill("We load a licensed one.")
    page.get_by_role("button", name="Take the approval back").click()
    expect(page.locator("main")).to_contain_text("before somebody of this office approves it")
    shoot(page, "tariff-taken-back")
