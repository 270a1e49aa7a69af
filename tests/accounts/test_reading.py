"""In which language and zone somebody reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import html

if TYPE_CHECKING:
    from tests.accounts.conftest import Browser, House

#: Words that only an English sentence holds.
ENGLISH = re.compile(r"\b(the|and|your|with|this|that|from|what|which|until|only|nothing|every|have)\b")


def words(page: str) -> str:
    tree = html.fromstring(page)
    for each in tree.xpath("//script|//style|//option|//*[contains(@class, 'languages')]"):
        each.drop_tree()
    return " ".join(tree.text_content().split())


def test_an_owner_reads_in_german_and_in_another_zone(house: House, owner: str, browser: Browser) -> None:
    browser.log_in(owner)
    chosen = {"language": "de", "time_zone": "America/New_York"}
    answer = browser.send("/settings", chosen, to="/settings/reading")
    assert (answer.status_code, answer.location) == (303, "/settings")
    account = house.accounts()[0]
    assert (account.language, account.time_zone) == ("de", "America/New_York")
    page = browser.get("/settings").get_data(as_text=True)
    assert '<html lang="de">' in page and "Sprache und Zeitzone sind gespeichert." in page
    assert re.search(r"\d\d:\d\d E[SD]T", page), "moments name the zone of the reader"
    assert ENGLISH.findall(words(page)) == []


def test_a_zone_nobody_knows_is_refused_and_nothing_is_kept(
    house: House, owner: str, browser: Browser
) -> None:
    browser.log_in(owner)
    answer = browser.send("/settings", {"language": "de", "time_zone": "Mars/Base"}, to="/settings/reading")
    assert answer.status_code == 422 and "is not a time zone" in answer.get_data(as_text=True)
    assert house.accounts()[0].language == "en", "as on the page they signed up on"


def test_the_public_pages_are_whole_in_german(house: House, browser: Browser) -> None:
    for path in ("/", "/how-it-works", "/pricing", "/faq", "/contact", "/log-in", "/sign-up", "/nothing"):
        page = house.app.test_client().get(path, headers={"Accept-Language": "de"}).get_data(as_text=True)
        assert '<html lang="de">' in page, path
        assert ENGLISH.findall(words(page)) == [], path
