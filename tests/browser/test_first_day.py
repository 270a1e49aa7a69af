"""The first day of a real instance with its real processes: nobody there, no mail server, no card service."""

from __future__ import annotations

import http.client
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LOOSEN, SHOTS, _serious
from tests.small_web import PHOTOGRAPHS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "a calm harbour at dawn"
SIZES = {"1440": {"width": 1440, "height": 900}, "390": {"width": 390, "height": 844}}


@dataclass
class Started:
    """``lichtbild --instance main up`` and what it printed."""

    folder: Path
    desk: str
    link: str

    def payload(self, key: str) -> str:
        """What waits in the outbox under a key that begins so: no mail server, so nobody got it."""
        database = sqlite3.connect(f"file:{self.folder / 'lichtbild.sqlite'}?mode=ro", uri=True, timeout=20)
        try:
            rows = database.execute("SELECT payload FROM outbox WHERE key LIKE ?", (f"{key}%",)).fetchall()
        finally:
            database.close()
        assert len(rows) == 1
        return str(rows[0][0])


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """The processes as ``make run INSTANCE=main`` starts them, ended by Ctrl-C's signal."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHTBILD_")}
    environment = {**kept, "LICHTBILD_INSTANCE_DIR": str(tmp_path), "LICHTBILD_PORT": str(port),
                   "PYTHONUNBUFFERED": "1"}  # fmt: skip
    told = tmp_path / "told.txt"
    with told.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "workflow.cli", "--instance", "main", "up"],
            stdout=out, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while not (found := re.search(r"http://\S+/begin/\S+", told.read_text())):
            assert process.poll() is None and time.monotonic() < until, told.read_text()[-3000:]
            time.sleep(0.3)
        assert "No mail server is set" in told.read_text()
        yield Started(tmp_path / "main", f"http://desk.localhost:{port}", found[0])
    finally:
        process.terminate()
        process.wait(40)


def look(page: Page, name: str, found: list[str]) -> None:
    """Photograph the page at both widths; note what is too wide and what axe calls serious."""
    for width, size in SIZES.items():
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.wait_for_load_state("networkidle")
        page.evaluate(LOOSEN)
        page.screenshot(path=SHOTS / f"first-{name}-{width}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found.extend([f"{name} at {width}: {wide} px too wide"] if wide > 1 else [])
        found.extend(f"{name} at {width}: {issue}" for issue in _serious(page))
    page.set_viewport_size(SIZES["1440"])  # type: ignore[arg-type]


def log_in(page: Page, desk: str, email: str) -> None:
    page.goto(f"{desk}/log-in")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()


def status_of(link: str) -> int:
    """What the server answers; the name ``desk.localhost`` is known to browsers only."""
    site = urlsplit(link)
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection.request("GET", site.path, headers={"Host": site.netloc})
    return connection.getresponse().status


def test_the_first_day(started: Started, page: Page) -> None:
    SHOTS.mkdir(exist_ok=True)
    found: list[str] = []
    desk = started.desk
    # the first operator, by the link in the terminal
    page.goto(started.link)
    look(page, "01-begin", found)
    page.get_by_label("Your name").fill("Ada Beispiel")
    page.get_by_label("E-mail", exact=True).fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Open the account").click()
    page.wait_for_url(re.compile("/log-in"))
    log_in(page, desk, "ada@example.org")
    secret = re.search(r"\b((?:[A-Z2-7]{4} ?){6,16})\b", page.inner_text("main"))
    assert secret, page.inner_text("main")
    look(page, "02-second-factor", found)
    page.locator("input[name=code]").fill(pyotp.TOTP(secret[1].replace(" ", "")).now())
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_load_state()
    look(page, "03-recovery-codes", found)
    onwards = page.get_by_role("link", name="I kept them, go on")
    assert not onwards.is_visible(), "the codes are shown only once"
    page.get_by_label("I printed or wrote down these codes.").check()
    expect(onwards).to_be_visible()

    # the set-up comes first, and says what stops what
    page.goto(f"{desk}/start")
    expect(page).to_have_url(re.compile("/operator/set-up"))
    main = page.locator("main")
    for sentence in ("Letters: stopped", "Payments: stopped", "Payouts: stopped",
                     "No mail server is set", "No card payments are set", "Only one person works here"):  # fmt: skip
        expect(main).to_contain_text(sentence)
    look(page, "04-set-up-empty", found)
    answers = {"name": "Example Picture Rights", "street": "Musterstraße 1", "postcode": "10115", "city": "Berlin",
               "contact_name": "Ada Beispiel", "phone": "+49 30 23125 000", "sender_email": "office@example.org",
               "bank_holder": "Example Picture Rights", "iban": "DE02120300000000202051"}  # fmt: skip
    for name, answer in answers.items():
        page.locator(f"#form [name={name}]").fill(answer)
    page.locator("#form [name=legal_basis][value=own_rights]").check()
    page.get_by_role("button", name="Save set-up").click()
    page.wait_for_load_state()
    expect(main).to_contain_text("Letters name Example Picture Rights, Berlin.")
    # somebody answers for the neutral tariff, or loads a licensed one
    expect(main).to_contain_text("Letters: stopped")
    page.locator("#item-tariff a").click()
    page.get_by_role("link", name="neutral-example-2024-02").click()
    page.get_by_label("Why").fill("It will do until we have licensed one.")
    page.get_by_role("button", name="Approve it for this instance").click()
    expect(main).to_contain_text("Ada Beispiel approved it on")
    page.goto(f"{desk}/operator/set-up")
    expect(main).to_contain_text("Letters: on paper only")  # still no mail server
    page.locator("#master-key button").click()
    page.wait_for_load_state()
    expect(main).to_contain_text("Ada Beispiel said so on")
    look(page, "05-set-up-saved", found)
    page.goto(f"{desk}/operator/queue")
    expect(main).to_contain_text("No mail server is set: a letter by e-mail could not leave.")
    look(page, "06-queue", found)
    for path, name in (("payments", "07-payments"), ("payouts", "08-payouts")):
        page.goto(f"{desk}/operator/{path}/")
        look(page, name, found)
    page.context.clear_cookies()

    # a photographer: sign-up, first steps, first photograph
    page.goto(f"{desk}/sign-up")
    page.get_by_label("Your name or company").fill("Bela Muster")
    page.get_by_label("E-mail", exact=True).fill("bela@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("input[name=accept_terms]").check()
    page.locator("main form[method=post] button[type=submit]").last.click()
    page.wait_for_url(re.compile("/sign-up/done"))
    confirm = re.search(r"http://[^\"\s]+/confirm/[\w-]+", started.payload("mail:confirm:"))
    assert confirm
    page.goto(confirm[0])
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    if "/log-in" in page.url or page.locator("input[name=password]").count():
        log_in(page, desk, "bela@example.org")
    page.goto(f"{desk}/inbox")
    expect(main).to_contain_text("Your first steps")
    expect(main).to_contain_text("Nothing to decide")
    look(page, "10-inbox-first-steps", found)
    page.get_by_role("link", name="Add photographs").first.click()
    page.set_input_files("input[type=file]", [PHOTOGRAPHS / "work-01.jpg"])
    expect(page.locator("main")).to_contain_text("Accepted", timeout=60_000)
    look(page, "11-first-photograph", found)
    page.goto(f"{desk}/inbox")
    expect(main).to_contain_text("One photograph is watched for.")
    look(page, "12-inbox-later", found)

    # the search by keyboard, and the switches
    page.keyboard.press("/")
    page.keyboard.type("work")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=work"))
    expect(main).to_contain_text("work-01.jpg")
    look(page, "13-search", found)
    page.goto(f"{desk}/search?q=zzz")
    look(page, "14-search-nothing", found)
    page.goto(f"{desk}/settings/notices")
    look(page, "15-switches", found)
    page.goto(f"{desk}/notices")
    look(page, "16-notices-empty", found)
    # the link worked once
    assert status_of(started.link) == 404
    assert not found, "\n".join(found)
