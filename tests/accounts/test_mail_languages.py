"""Mails to people of the desk: each in the language its reader chose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from tests.world import World
from workflow.accounts.mails import language_of, told
from workflow.accounts.models import Account, OperatorProfile
from workflow.demo import people
from workflow.kernel.mail import StoredMail, render_mail
from workflow.kernel.money import Money
from workflow.kernel.said import say, stored
from workflow.ticker import ask

if TYPE_CHECKING:
    from tests.accounts.conftest import House

GERMAN = {"Accept-Language": "de-AT,de;q=0.9"}


def written(house: House, mail: dict[str, Any]) -> tuple[str, str]:
    """Subject and text as the worker writes them."""
    environment = house.runtime.press.environment
    return render_mail(environment, mail["template"], mail["context"], mail["language"])


@pytest.mark.parametrize(
    ("headers", "subject", "begins"),
    [
        (GERMAN, "Bitte bestätigen Sie Ihre E-Mail-Adresse", "Guten Tag Ada Beispiel,"),
        ({"Accept-Language": "en"}, "Please confirm your e-mail address", "Hello Ada Beispiel,"),
    ],
)
def test_whoever_signs_up_is_written_to_in_the_language_of_the_page(
    house: House, headers: dict[str, str], subject: str, begins: str
) -> None:
    house.browser().send("/sign-up", house.sign_up_answers(), headers=headers)
    [mail] = house.mails()
    assert written(house, mail)[0] == subject
    assert written(house, mail)[1].startswith(begins)


@pytest.mark.parametrize(
    ("language", "password", "security"),
    [
        ("de", "Ein neues Passwort für Lichtbild", "Ihr Konto: Zweiten Faktor eingerichtet"),
        ("en", "A new password for Lichtbild", "Your account: Set up a second factor"),
    ],
)
def test_password_and_security_mails_follow_the_choice_of_the_person(
    house: House, owner: str, language: str, password: str, security: str
) -> None:
    with house.runtime.database.transaction() as session:
        person = session.scalars(select(Account).where(Account.email == owner)).one()
        person.language = language
        context = {"name": person.name, "what": stored("Set up a second factor"), "who": person.name}
        said = told(context, language)
    house.browser().send("/forgotten-password", {"email": owner})
    assert written(house, house.mails()[-1])[0] == password
    security_notice = {"template": "security_notice", "context": said, "language": language}
    assert written(house, security_notice)[0] == security


def test_without_a_choice_it_is_the_first_language_of_the_instance_that_we_have(world: World) -> None:
    with world.runtime.database.transaction() as session:
        person = session.get_one(Account, world.all(Account)[0].id)
        profile = session.get_one(OperatorProfile, 1)
        asked = {}
        for languages in (["de", "en"], ["fr", "en", "de"], ["fr"]):
            profile.languages = languages
            session.flush()
            asked[languages[0], len(languages)] = language_of(session, person)
        assert asked == {("de", 2): "de", ("fr", 3): "en", ("fr", 1): "en"}


@pytest.mark.parametrize("language", ["de", "en"])
def test_notice_and_digest_are_told_whole_in_one_language(world: World, language: str) -> None:
    with world.runtime.database.transaction() as session:
        for person in session.scalars(select(Account)):
            person.language = language
    case = world.offered()
    monday = datetime(2024, 3, 4, 9, tzinfo=UTC)
    world.clock.advance(monday - world.now)
    ask(world.runtime.database, "notices", monday)
    world.work()
    newest: dict[str, StoredMail] = {}
    for mail in world.mails(people.OWNER.email):
        newest[mail.subject] = mail
    offered, digest = {
        "de": (f"Angebot gesendet ({case.reference})", "Ihre Woche: nichts zu entscheiden"),
        "en": (f"Offer sent ({case.reference})", "Your week: nothing to decide"),
    }[language]
    assert {offered, digest} <= set(newest)
    texts = newest[offered].text + newest[digest].text
    words = {
        "de": (
            "Ihr Fall wurde geprüft",
            "Am Zug:",
            "der Empfänger",
            "18. März 2024",
            "Antwort bis 18. März 2024",
        ),
        "en": ("Your case was checked", "Whose turn:", "the recipient's", "18 Mar 2024"),
    }[language]
    for each in words:
        assert each in texts.replace("\u00a0", " "), (each, texts)


def test_what_was_said_is_told_with_its_dates_and_sums() -> None:
    said = say("{amount} of case {reference} are on their way.", amount=Money(123450), reference="K7M3PQ-X")
    context = {"sentence": said, "cases": [{"next": say("Offer sent")}], "name": "Offer sent", "count": 3}
    german = told(context, "de")
    assert german["cases"] == [{"next": "Angebot gesendet"}]
    assert german["name"] == "Offer sent", "a name that looks like a text stays a name"
    assert "K7M3PQ-X" in german["sentence"] and "are on" not in german["sentence"]
    assert told(context, "en")["sentence"] == str(said)
