"""Every mail written with fictitious data: subject, what it says, and that it is plain text."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from jinja2 import UndefinedError

from workflow.cli.found_texts import MAILS_TO_RECIPIENTS
from workflow.kernel.mail import render_mail
from workflow.kernel.mailing import RULE, write_in
from workflow.kernel.money import Money
from workflow.kernel.pdf import Press
from workflow.kernel.wording import template_environment
from workflow.web.i18n import DOCUMENTS

from . import samples

ENVIRONMENT = template_environment(samples.TEMPLATES)
COMMON: dict[str, Any] = {
    "name": "Kim", "email": "kim@example.org", "sender_name": "Bildrechte Nord GmbH", "handler_name": "Kim Example",
    "sender_phone": "+49 40 0000 1234", "sender_email": "licensing@bildrechte.example", "reference": "K7M3PQ-X",
    "work_title": "Harbour & dawn", "owner_name": "Studio Nordlicht", "page_url": samples.LONG_URL,
    "total": Money(21400), "code": "7KX3M-9PQRD-HC4VT-8WYB6", "portal_url": "http://portal.localhost:8000",
    "answer_by": date(2024, 3, 19), "offered_on": date(2024, 3, 5),
    "settings_url": "http://desk.localhost:8000/settings/notices",
}  # fmt: skip
MAILS: dict[str, tuple[str, dict[str, Any], str]] = {
    "confirm": ("confirm_email", {"confirm_url": "http://desk.localhost:8000/confirm#x", "valid_hours": 48}, "Please confirm"),
    "offer": ("offer", {}, "Your use of the photograph"),
    **{
        f"reminder-{kind}": ("reminder", {"kind": kind}, subject)
        for kind, subject in (("friendly", "Reminder: "), ("second", "Reminder: "), ("last_offer", "Last licence offer: "))
    },
    **{
        f"dunning-{step}": (
            "dunning",
            {"step": step, "owed_since": date(2024, 3, 20), "next_step_date": next_date, "next_step_text": "A lawyer looks at it."},
            subject,
        )
        for step, subject, next_date in (
            ("formal", "Formal reminder: ", date(2024, 5, 21)),
            ("second", "Second formal reminder: ", date(2024, 6, 4)),
            ("last_before_court", "Last reminder before court: ", None),
        )
    },
    "paid": ("paid", {"paid_on": date(2024, 3, 12), "licence_number": "L-2024-000017", "verify_url": "http://x.example/v"}, "Your licence for"),
    "answer": ("receipt_of_answer", {"received_on": date(2024, 3, 8), "what": "Your objection", "files": ["a.pdf", "b.png"], "reply_by": date(2024, 3, 15)}, "We have your answer"),
    "answer-no-files": ("receipt_of_answer", {"received_on": date(2024, 3, 8), "what": "Your question", "files": [], "reply_by": date(2024, 3, 15)}, "We have your answer"),
    "closing": ("closing", {"closed_on": date(2024, 7, 1), "reason": "A licence was shown."}, "Closed: K7M3PQ-X"),
    "owner": ("owner_case_update", {"headline": "Offer sent", "domain": "harbour-shop.example", "sentence": "The offer went out today.", "whose_turn": "the user of the picture", "next_date": date(2024, 3, 12), "case_url": "http://desk.localhost:8000/cases/1"}, "Offer sent (K7M3PQ-X)"),
    "payout": ("payout_available", {"amount": Money(11000), "statement_url": "http://desk.localhost:8000/money"}, "110,00"),
    "new-password": ("new_password", {"link": "http://desk.localhost:8000/new-password/x", "valid_hours": 1}, "A new password"),
    "invitation": ("invitation", {"link": "http://desk.localhost:8000/new-password/x", "valid_hours": 72}, "You are invited"),
    "bank-change": ("bank_change", {"last_four": "3000", "from_on": date(2024, 3, 8)}, "Your payouts will go"),
    "security": ("security_notice", {"what": "Second factor was reset", "who": "Kim Example"}, "Your account: Second factor was reset"),
    "returned": ("payout_returned", {"amount": Money(11000), "account_url": "http://desk.localhost:8000/settings#bank"}, "Your bank returned 110,00"),
    "new-hits": ("new_hits", {"count": 14, "inbox_url": "http://desk.localhost:8000/inbox"}, "14 new hits"),
    "one-new-hit": ("new_hits", {"count": 1, "inbox_url": "http://desk.localhost:8000/inbox"}, "1 new hit in"),
    "trouble": ("operator_notice", {"sentence": "A letter of case K7M3PQ-X did not leave.", "why": "The server refused it. " * 12, "url": "http://desk.localhost:8000/operator/queue"}, "A letter of case K7M3PQ-X"),
    "test": ("test_mail", {}, "A test mail"),
    "digest": ("digest", {"week_on": date(2024, 3, 11), "new_hits": 3, "to_decide": 14, "more_cases": 2, "held": Money(15840), "available": Money(0), "paid": Money(0), "cases": [{"reference": "K7M3PQ-X", "host": "walks.example.org", "stage": "Offer sent", "next": "Answer by 19 Mar 2024."}], "inbox_url": "http://desk.localhost:8000/inbox", "cases_url": "http://desk.localhost:8000/cases/", "money_url": "http://desk.localhost:8000/money/"}, "Your week: 14 to decide, 3 new hits"),
    "contact": ("contact_request", {"topic": "Question", "message": "Hello\n<b>there</b>", "received_on": date(2024, 3, 8)}, "Contact form: Question"),
}  # fmt: skip


@pytest.mark.parametrize("name", MAILS)
def test_every_mail(name: str) -> None:
    template, extra, start = MAILS[name]
    subject, text = render_mail(ENVIRONMENT, template, {**COMMON, **extra})
    assert subject.startswith(start)
    assert len(subject) <= 120
    for leftover in ("None", "{{", "{%", "{#", "&amp;", "\n\n\n", "!", "Subject:"):
        assert leftover not in text, leftover
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert text[0] not in " \n"
    urls = {COMMON["page_url"], *(value for value in extra.values() if str(value).startswith("http"))}
    assert all(len(line) <= 95 for line in text.splitlines() if not any(str(url) in line for url in urls))


@pytest.mark.parametrize("name", [name for name in MAILS if MAILS[name][0] not in MAILS_TO_RECIPIENTS])
def test_every_mail_to_people_of_the_desk_in_german(name: str) -> None:
    template, extra, _ = MAILS[name]
    subject, text = render_mail(ENVIRONMENT, template, {**COMMON, **extra}, "de")
    assert len(subject) <= 120
    for leftover in (
        "None",
        "{{",
        "{%",
        "{#",
        "&amp;",
        "\n\n\n",
        "!",
        "Subject:",
        "Dear",
        " Mar\u00a0",
    ):
        assert leftover not in text, leftover
    assert text.startswith(("Guten Tag Kim,", "Kim <kim@example.org> schrieb am"))
    urls = {value for value in extra.values() if str(value).startswith("http")}
    assert all(len(line) <= 95 for line in text.splitlines() if not any(str(url) in line for url in urls))


@pytest.mark.parametrize("name", [name for name in MAILS if MAILS[name][0] in MAILS_TO_RECIPIENTS])
def test_every_mail_to_recipients_in_german_and_then_in_english(name: str) -> None:
    template, extra, _ = MAILS[name]
    press = Press(tongue=DOCUMENTS)
    subject, text = write_in(press, template, {**COMMON, **extra}, ("de", "en"))
    german, rule, english = text.partition(f"\n{RULE}\n\n")
    assert rule and english == render_mail(ENVIRONMENT, template, {**COMMON, **extra})[1]
    assert len(subject) <= 120 and german.startswith("Sehr geehrte Damen und Herren,")
    for leftover in (
        "None",
        "{{",
        "{%",
        "{#",
        "&amp;",
        "\n\n\n",
        "!",
        "Subject:",
        "Dear",
        " Mar\u00a0",
        " the ",
    ):
        assert leftover not in german.replace(COMMON["work_title"], ""), leftover
    urls = {COMMON["page_url"], *(value for value in extra.values() if str(value).startswith("http"))}
    assert all(len(line) <= 95 for line in german.splitlines() if not any(str(url) in line for url in urls))
    assert COMMON["reference"] in subject + german and COMMON["sender_name"] in german


def test_the_offer_says_what_matters() -> None:
    subject, text = render_mail(ENVIRONMENT, "offer", COMMON)
    for said in (
        "214,00\u00a0€",
        "19\u00a0Mar\u00a02024",
        "7KX3M-9PQRD-HC4VT-8WYB6",
        "K7M3PQ-X",
        "Harbour & dawn",
        samples.LONG_URL,
    ):
        assert said in text
    assert "Harbour & dawn" in subject
    assert not re.search(r"court|lawyer|penalt|illegal", text)


@pytest.mark.parametrize("template", sorted({template for template, _, _ in MAILS.values()}))
def test_a_missing_value_stops_the_mail(template: str) -> None:
    with pytest.raises(UndefinedError):
        render_mail(ENVIRONMENT, template, {})


def test_every_sample_has_its_template() -> None:
    shipped = {path.stem for path in (samples.TEMPLATES / "mails").glob("*.txt")}
    assert {template for template, _, _ in MAILS.values()} <= shipped
