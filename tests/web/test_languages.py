"""Pages in the reader's language and time zone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask, flash, get_flashed_messages, render_template_string, session

from workflow.config import ROOT
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import Refused
from workflow.kernel.money import Money
from workflow.kernel.said import Answered, Noted, Typed, say, say_many
from workflow.web.blueprints import role_blueprint
from workflow.web.current import SignedInAs
from workflow.web.formats import date_text, datetime_text, filesize_text, number_text
from workflow.web.i18n import translate
from workflow.web.languages import language

TEMPLATES = ROOT / "templates"
MakeSite = Callable[..., Flask]
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def reader(chosen: str = "", zone: str = "") -> SignedInAs:
    return SignedInAs(Actor(Role.OPERATOR, "o", "O"), "O", language=chosen, time_zone=zone)


def test_own_choice_then_cookie_then_browser_then_instance(make_site: MakeSite) -> None:
    def asked(person: SignedInAs | None, cookie: str, header: str, instance: tuple[str, ...]) -> str:
        site = make_site(signed_in_loader=lambda: person, languages=lambda: instance)
        headers = {"Cookie": f"lb_language={cookie}"} if cookie else {}
        if header:
            headers["Accept-Language"] = header
        with site.test_request_context(headers=headers):
            return language()

    assert asked(reader("de"), "en", "en", ("en",)) == "de"
    assert asked(reader(), "de", "en", ("en",)) == "de"
    assert asked(None, "xx", "de-CH,fr;q=0.8", ("en",)) == "de"
    assert asked(None, "", "fr", ("fr", "de")) == "de"
    assert asked(None, "", "", ()) == "en"


def test_the_choice_of_a_visitor_is_kept_and_nothing_else_is_taken(make_site: MakeSite) -> None:
    site = make_site(csrf_exempt=frozenset({"language.choose"}))
    visitor = site.test_client()
    answer = visitor.post("/language", data={"language": "de", "back": "/log-in"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/log-in")
    assert visitor.get_cookie("lb_language", domain="desk.localhost").value == "de"
    assert visitor.post("/language", data={"language": "de", "back": "//evil.example"}).location == "/"
    assert visitor.post("/language", data={"language": "kl"}).status_code == 404


def test_what_was_said_is_told_in_german_wherever_it_comes_out(make_site: MakeSite) -> None:
    with make_site().test_request_context(headers=GERMAN):
        assert translate(say("Your turn")) == "Sie sind am Zug"
        assert translate(say_many("up to {count} month", "up to {count} months", 3)) == "bis zu 3 Monate"
        page = render_template_string(
            "{{ said }}|{{ _('Cases') }}|{{ name }}", said=say("Your turn"), name="Cases"
        )
        assert page == "Sie sind am Zug|Fälle|Cases", "a name that looks like a text stays a name"


def test_values_are_escaped_and_written_as_the_language_writes_them(make_site: MakeSite) -> None:
    said = say("Please answer by {until}.", until=date(2026, 11, 22))
    with make_site().test_request_context(headers=GERMAN):
        assert translate(said) == "Bitte antworten Sie bis 22. Nov. 2026."
        page = render_template_string("{% trans email=x %}Signed in as {{ email }}{% endtrans %}", x="<b>")
        assert page == "Angemeldet als &lt;b&gt;"
        assert translate(say("{amount} given back", amount=Money(123450))) == "1.234,50\u00a0€ zurückgegeben"


def test_stored_english_sentences_are_recognised_again(make_site: MakeSite) -> None:
    with make_site().test_request_context(headers=GERMAN):
        assert translate("Offer sent") == "Angebot gesendet"
        stored = "The letter before (reminder) has not left; send it again first."
        assert translate(stored).startswith("Der Brief davor (reminder) ging nicht hinaus")
        assert translate("Something nobody ever said.") == "Something nobody ever said."


def test_what_was_stored_is_told_sentence_by_sentence_and_value_by_value(make_site: MakeSite) -> None:
    told = {
        "A crop: about 64 % of your photograph, mirrored, in black and white.":
            "Ein Ausschnitt: etwa 64 % Ihres Fotos, gespiegelt, in Schwarz-Weiß.",
        "The recipient's name and country is missing.": "Beim Empfänger fehlt: Name und Land.",
        "Letter returned: The recipient has moved. Seen at the door.":
            "Brief zurück: Der Empfänger ist umgezogen. Seen at the door.",
        "Please look closely, the match is not certain. Your whole photograph, turned by about 3 degrees.":
            "Bitte sehen Sie genau hin, die Übereinstimmung ist nicht sicher. "
            "Ihr ganzes Foto, um etwa 3 Grad gedreht.",
        "Formal reminder, posted on 2\u00a0May\u00a02024. Given to the porter.":
            "Mahnung, aufgegeben am 2. Mai 2024. Given to the porter.",
        "A licence was shown: Licence from: Picture agency\nNumber: 4711":
            "Eine Lizenz wurde vorgelegt: Lizenz von: Bildagentur\nNummer: 4711",
        "1 file sent along.": "1 Datei mitgesendet.",
        "308,16\u00a0€ by card": "308,16\u00a0€ mit Karte",
    }  # fmt: skip
    with make_site().test_request_context(headers=GERMAN):
        assert {stored: translate(stored) for stored in told} == told


def test_what_a_person_wrote_stays_as_it_was_written(make_site: MakeSite) -> None:
    written = (
        "I know this shop since 2004.", "One of them, by card", "We looked at it; nobody answered. Who are you?",
        "x" * 2_000 + " {name} {0} " + "a. " * 500,
    )  # fmt: skip
    with make_site().test_request_context(headers=GERMAN):
        assert [translate(text) for text in written] == list(written)


@pytest.mark.parametrize("written", [
    "I never said so on Monday.", "Payment for case 17 was never owed", "Your offer does not exist.",
])  # fmt: skip
def test_a_note_is_told_anew_only_if_every_word_of_it_is_ours(make_site: MakeSite, written: str) -> None:
    with make_site().test_request_context(headers=GERMAN):
        assert translate(Typed(written)) == translate(Noted(written)) == written
        answer = Answered(f"Number: 4711\n{written}\nPaid", ("Number",))
        assert translate(answer) == f"Nummer: 4711\n{written}\nPaid"
        assert translate(Typed("Paid")) == "Paid" and translate(Noted("Paid")) == "Bezahlt"


@pytest.mark.parametrize("hostile", [
    "x" + " by card" * 70, "x" + " given back" * 50, "ab. ac. ad. " * 300, "a and " * 90 + "b", "a, b and c. " * 40,
    "Left out: 3 × " * 40, ("Payment for case 17. " * 20 + "\n") * 20,
])  # fmt: skip
def test_no_text_keeps_a_page_waiting(make_site: MakeSite, hostile: str) -> None:
    """Anybody may write 10,000 signs into an answer; six such pages at once would have stopped the server."""
    with make_site().test_request_context(headers=GERMAN):
        translate("warm")
        began = time.process_time()
        for text in (hostile, hostile * 3):
            translate(text)
            translate(Noted(text))
        assert time.process_time() - began < 4


def test_no_page_tells_anew_what_somebody_wrote() -> None:
    """A message is shown as it was written: it is the other side's statement and their record."""
    found = [
        f"{path.name}: {hit}" for path in sorted(TEMPLATES.rglob("*.html"))
        for hit in re.findall(r"\{\{[^}]*\b(?:m|message)\.text\b", path.read_text())
    ]  # fmt: skip
    assert found == []


def test_refusals_flashes_and_errors_are_told_in_german(make_site: MakeSite) -> None:
    pages = role_blueprint("pages", __name__, role=Role.PUBLIC)

    @pages.get("/refused")
    def refused() -> str:
        raise Refused(say("Set the price first."))

    @pages.get("/flashed")
    def flashed() -> str:
        flash(say("Your changes are saved."), "done")
        return str(session["_flashes"] and "")

    @pages.get("/told")
    def told() -> str:
        return " ".join(get_flashed_messages())

    visitor = make_site(pages).test_client()
    answer = visitor.get("/refused", headers={**GERMAN, "Accept": "application/json"})
    assert answer.json and answer.json["reasons"] == ["Setzen Sie zuerst den Preis fest."]
    visitor.get("/flashed", headers=GERMAN)
    assert visitor.get("/told", headers=GERMAN).text == "Ihre Änderungen sind gespeichert."
    missing = visitor.get("/nothing", headers=GERMAN)
    assert '<html lang="de">' in missing.text and "Hier ist nichts" in missing.text


def test_dates_numbers_and_sizes_by_language(make_site: MakeSite) -> None:
    with make_site().test_request_context(headers=GERMAN):
        assert date_text(date(2026, 11, 22)) == "22. Nov. 2026"
        assert (number_text(1234.5), filesize_text(3_400_000)) == ("1.234,5", "3,4 MB")
    with make_site().test_request_context(headers={"Accept-Language": "en"}):
        assert date_text(date(2026, 11, 22)) == "22 Nov 2026"
        assert (number_text(1234.5), filesize_text(3_400_000)) == ("1,234.5", "3.4 MB")


@pytest.mark.parametrize(
    ("zone", "moment", "shown"),
    [
        # the night the clocks go forward in Berlin: 02:00 does not exist
        ("Europe/Berlin", datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "29 Mar 2026, 01:59 CET"),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "29 Mar 2026, 03:00 CEST"),
        # the night they go back: 02:30 happens twice, and the zone tells which
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25 Oct 2026, 02:30 CEST"),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25 Oct 2026, 02:30 CET"),
        # the same moment is another day elsewhere
        ("America/New_York", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "24 Oct 2026, 21:30 EDT"),
    ],
)
def test_a_moment_names_its_zone(make_site: MakeSite, zone: str, moment: datetime, shown: str) -> None:
    site = make_site(signed_in_loader=lambda: reader("en", zone))
    with site.test_request_context():
        assert datetime_text(moment) == shown


def test_two_readers_see_one_moment_in_their_zones_but_a_day_stays_a_day(make_site: MakeSite) -> None:
    received, answer_by = datetime(2024, 3, 18, 23, 30, tzinfo=UTC), date(2024, 3, 18)
    told = {}
    for zone in ("", "Pacific/Auckland"):
        with make_site(signed_in_loader=lambda zone=zone: reader("en", zone)).test_request_context():
            told[zone] = (datetime_text(received), date_text(answer_by))
    assert told == {
        "": ("19 Mar 2024, 00:30 CET", "18 Mar 2024"),
        "Pacific/Auckland": ("19 Mar 2024, 12:30 NZDT", "18 Mar 2024"),
    }
