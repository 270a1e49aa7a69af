"""Which language a case's letters are written in, and that a letter keeps the one it was decided in."""

from __future__ import annotations

import subprocess

import pytest
from lxml import html
from sqlalchemy import select, update

from tests.contracts.test_german_pages import english, words_of
from tests.world import Made, World, words
from workflow.accounts.models import OperatorProfile
from workflow.cases.letter_languages import table
from workflow.cases.letters import printables
from workflow.cases.models import Case, Letter
from workflow.cases.services import answers, move
from workflow.cases.states import CaseState, CaseTrigger, HoldKind
from workflow.kernel.actors import Actor, Role
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


@pytest.mark.slow
@pytest.mark.sqlite_only("what a letter says does not depend on the database")
def test_the_german_half_of_every_real_letter_says_nothing_in_english(world: World) -> None:
    """Labels, explanations, facts and what happens next come from rows and tables: they are German too."""
    silent, closed, paid = world.offered(uses=2), world.offered(), world.offered()
    world.paid(paid)
    with world.runtime.database.transaction() as session:
        move(session, closed.id, CaseTrigger.CLOSE, world.operator, world.now, carries={"reason": "licensed"})
    world.days_pass(110, looked_at=True)
    seen, told = set(), {}
    with world.runtime.database.reading() as session:
        for letter in session.scalars(select(Letter)):
            case = session.get_one(Case, letter.case_id)
            theirs = [
                "Chapel below the ridge 1", "Chapel below the ridge 2", "Chapel below the ridge 3",
                "Chapel below the ridge 4", "Five walks", "Example Walks Ltd", "Example Picture Rights (demo)",
                "Demo Photographer", "Demo Operator", "Example register, no. 0000", "Example Authority, Beispielallee 1, 53113 Musterstadt",
                "English translation follows",
            ]  # fmt: skip
            for item in printables(session, world.runtime, letter, case):
                seen.add((letter.kind.value, letter.step, item.template))
                tree = html.document_fromstring(item.written(world.runtime.press))
                half = next(node for node in tree.iter() if node.get("data-edition") == "de")
                text = " ".join(half.text_content().split())
                for each in theirs:
                    text = text.replace(each, " ")
                if bad := words_of(text) & english():
                    told[letter.kind.value, letter.step, item.template] = sorted(bad)
    assert told == {}
    assert {kind for kind, _, _ in seen} == {"offer", "reminder", "dunning", "paid", "closing"}
    assert len({step for kind, step, _ in seen if kind == "dunning"}) == 3
    assert {template for _, _, template in seen} >= {
        "claim_summary", "licence_certificate", "receipt", "letter_closing",
    }  # fmt: skip
    assert world.case(silent).state is CaseState.LEGAL_REVIEW


def test_formal_reminders_keep_to_languages_that_are_fit_for_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world.offered()
    languages = {**table()["languages"], "de": {"formal": False}}
    monkeypatch.setitem(table(), "languages", languages)
    world.days_pass(110, looked_at=True)
    letters = {(row.kind.value, row.facts["language"]) for row in world.all(Letter)}
    assert letters == {("offer", "de"), ("reminder", "de"), ("dunning", "en")}
    assert world.case(made).state is CaseState.LEGAL_REVIEW


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
    [told] = lacking(without, to)
    assert "rights of the recipient" in told
