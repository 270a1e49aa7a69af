"""Which language a case's letters are written in, and that a letter keeps the one it was decided in."""

from __future__ import annotations

import subprocess

import pytest
from sqlalchemy import update

from tests.world import Made, World, words
from workflow.accounts.models import OperatorProfile
from workflow.cases.letters import printables
from workflow.cases.models import Case, Letter
from workflow.cases.services import answers
from workflow.cases.states import HoldKind
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import Refused
from workflow.kernel.mailing import RULE


def text_of(pdf: bytes) -> str:
    told = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    return " ".join(told.decode().split())


def write_in(world: World, *languages: str) -> None:
    """The languages of the instance."""
    with world.runtime.database.transaction() as session:
        session.execute(update(OperatorProfile).values(languages=list(languages)))


def choose(world: World, made: Made, language: str, country: str = "DE") -> int:
    """An operator changes the recipient on the page."""
    operator = world.as_operator()
    told = {"language": language, "country": country, "region": "", "channel": "rule"}
    return operator.press(f"/operator/cases/{made.id}/recipient", told).status_code


def offer(world: World, made: Made) -> str:
    """Price, send; the text of the offer's PDF."""
    operator = world.as_operator()
    here = f"/operator/cases/{made.id}"
    assert operator.press(f"{here}/price", {"own_net": "", "why": ""}, action="/price").status_code == 303
    assert operator.press(here, {"trigger": "offer"}, action="/act").status_code == 303
    world.work()
    [mail] = world.mails()
    return text_of(mail.attachments[0].data)


def test_a_recipient_in_germany_reads_german_first_then_english_in_letter_and_mail(world: World) -> None:
    made = world.submitted()
    letter = offer(world, made)
    german, english = (
        letter.index("Berechtigungsanfrage und Lizenzangebot"),
        letter.index("question and licence"),
    )
    assert german < english
    [mail] = world.mails()
    assert mail.subject.startswith("Ihre Nutzung der Fotografie")
    assert mail.text.startswith("Sehr geehrte Damen und Herren,") and RULE in mail.text
    assert "Dear Sir or Madam," in mail.text.partition(RULE)[2]
    assert [each.name for each in mail.attachments] == [
        f"{made.reference}-Angebot.pdf", f"{made.reference}-Berechnung.pdf",
    ]  # fmt: skip
    calculation = text_of(mail.attachments[1].data)
    assert "Wie sich der Betrag berechnet" in calculation and "How the amount is calculated" in calculation


@pytest.mark.parametrize(
    ("language", "country", "languages"),
    [("en", "DE", ("de", "en")), ("", "FR", ("de", "en")), ("", "DE", ("en",)), ("", "DE", ("fr", "en"))],
)
def test_english_alone_where_it_was_chosen_or_nothing_else_is_offered(
    world: World, language: str, country: str, languages: tuple[str, ...]
) -> None:
    write_in(world, *languages)
    made = world.submitted()
    assert choose(world, made, language, country) == 303
    letter = offer(world, made)
    assert (
        "Dear Sir or Madam" in letter and "Sehr geehrte" not in letter and "translation" not in letter.lower()
    )
    [mail] = world.mails()
    assert mail.subject.startswith("Your use of the photograph") and RULE not in mail.text


def test_german_where_it_was_chosen_though_the_country_asks_for_english(world: World) -> None:
    made = world.submitted()
    assert choose(world, made, "de", "FR") == 303
    assert "Sehr geehrte Damen und Herren" in offer(world, made)


def test_a_language_the_instance_does_not_write_is_refused_with_a_sentence(world: World) -> None:
    write_in(world, "en")
    made = world.submitted()
    operator = world.as_operator()
    answer = operator.press(f"/operator/cases/{made.id}/recipient", {"language": "de"})
    assert answer.status_code == 422 and "not written in this language" in words(answer.text)
    assert world.case(made.id).letter_language == ""


def test_a_letter_keeps_the_language_it_was_decided_in(world: World) -> None:
    made = world.offered()
    with world.runtime.database.transaction() as session:
        session.get_one(Case, made.id).letter_language = "en"
    with world.runtime.database.reading() as session:
        letter = session.query(Letter).one()
        [main, *_] = printables(session, world.runtime, letter, session.get_one(Case, made.id))
        kept = world.runtime.vault.get(session, letter.enclosures[0].document_id)
        assert main.languages == ("de", "en") and main.pdf(world.runtime.press) == kept


def test_answers_and_receipts_are_in_the_language_of_the_case(world: World) -> None:
    made = world.offered()
    recipient = Actor(Role.INFRINGER, str(made.id), "Example Walks Ltd")
    with world.runtime.database.transaction() as session:
        answers.receive_answer(
            session, world.runtime.vault, made.id, HoldKind.OBJECTION, "Not ours.", [], recipient, world.now
        )
    world.work()
    [receipt] = [mail for mail in world.mails() if "Antwort" in mail.subject]
    assert "bei uns eingegangen: Ihr Widerspruch" in " ".join(receipt.text.split())
    assert "Your objection reached us" in " ".join(receipt.text.split())


def test_a_letter_whose_translation_lacks_something_is_not_printed(world: World) -> None:
    from workflow.cases.contents import addressed, lacking
    from workflow.cases.states import LetterKind

    made = world.offered()
    with world.runtime.database.reading() as session:
        case, letter = session.get_one(Case, made.id), session.query(Letter).one()
        [main, *_] = printables(session, world.runtime, letter, case)
        to = addressed(case, session.query(OperatorProfile).one(), LetterKind.OFFER, None, letter.on)
        text = main.written(world.runtime.press)
    assert lacking(text, to) == []
    where = text.rindex('data-content="gdpr_rights"')
    without = text[:where] + text[where:].replace('data-content="gdpr_rights"', "", 1)
    with pytest.raises(Refused, match="rights of the recipient"):
        raise Refused(*lacking(without, to))
