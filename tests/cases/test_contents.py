"""What a letter must say: the table against the finished letters, and a letter that lacks something stays here."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from lxml import html
from sqlalchemy import select

from tests.documents import samples
from tests.world import World, words
from workflow.accounts.models import OperatorProfile
from workflow.accounts.states import LegalBasis
from workflow.cases.contents import Addressed, contents, lacking, required
from workflow.cases.letters import printables
from workflow.cases.models import Case, Letter
from workflow.cases.pricing import UserKind, from_stored
from workflow.cases.services import move, set_price
from workflow.cases.states import CaseTrigger, LetterKind
from workflow.kernel.errors import Refused
from workflow.kernel.pdf import Press

TO_A_COMPANY = Addressed(
    LetterKind.OFFER, "DE", LegalBasis.REGISTERED_COLLECTOR, private=False, on=date(2024, 3, 1)
)
TO_A_PERSON = replace(TO_A_COMPANY, private=True)
#: Which kind of letter each sample is.
KINDS = {"offer": LetterKind.OFFER, "reminder": LetterKind.REMINDER, "dunning": LetterKind.DUNNING,
         "closing": LetterKind.CLOSING}  # fmt: skip
LETTERS = [name for name in samples.ALL if name.split("-")[0] in KINDS]


def written(name: str, **changes: object) -> str:
    template, context, _pages = samples.ALL[name]
    return Press().written(template, {**context, **changes})


@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_says_all_it_must(name: str) -> None:
    letter = replace(TO_A_COMPANY, kind=KINDS[name.split("-")[0]])
    assert required(letter) and lacking(written(name), letter) == []


@pytest.mark.parametrize(
    ("name", "mark"),
    [(name, row.id) for name in ("offer", "reminder-friendly", "dunning-formal", "closing-paid")
     for row in required(replace(TO_A_COMPANY, kind=KINDS[name.split("-")[0]]))],
)  # fmt: skip
def test_what_is_taken_out_of_a_letter_is_missed(name: str, mark: str) -> None:
    letter = replace(TO_A_COMPANY, kind=KINDS[name.split("-")[0]])
    tree = html.document_fromstring(written(name))
    for node in tree.xpath(f"//*[@data-content='{mark}']"):
        node.getparent().remove(node)
    told = lacking(html.tostring(tree, encoding="unicode"), letter)
    source = next(row.source for row in contents() if row.id == mark)
    assert any(source in sentence for sentence in told), (mark, told)


@pytest.mark.parametrize("nothing", ["", "  ", "None"])
def test_a_mark_that_holds_nothing_says_nothing(nothing: str) -> None:
    told = lacking(written("offer", data_source=nothing), TO_A_COMPANY)
    assert [str(each) for each in told] == [
        "The letter does not say where the data of the recipient come from (GDPR Art. 14(2)(f))."
    ]


def test_a_private_person_is_told_more_by_a_registered_collector_in_germany() -> None:
    more = {row.id for row in required(TO_A_PERSON)} - {row.id for row in required(TO_A_COMPANY)}
    assert more == {"client_address", "address_source", "authority"}
    for other in (
        replace(TO_A_PERSON, country="FR"), replace(TO_A_PERSON, basis=LegalBasis.OWN_RIGHTS),
        replace(TO_A_PERSON, kind=LetterKind.REMINDER), replace(TO_A_PERSON, on=date(2021, 9, 30)),
    ):  # fmt: skip
        assert not more & {row.id for row in required(other)}


def test_every_mark_of_a_template_is_a_row_and_every_row_a_mark() -> None:
    marks = set()
    for path in (samples.TEMPLATES / "documents").glob("*.html"):
        marks |= set(re.findall(r'data-content="(\w+)"', path.read_text()))
    assert marks == {row.id for row in contents()}
    assert all(row.source and row.says for row in contents())


# --- in an instance -----------------------------------------------------------------------------------------


def priced(world: World, user: UserKind) -> Case:
    made = world.submitted()
    with world.runtime.database.transaction() as session:
        facts = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        set_price(session, made.id, replace(facts, user=user), world.operator, world.now)
    return world.case(made)


def release(world: World, case: Case) -> None:
    with world.runtime.database.transaction() as session:
        move(session, case.id, CaseTrigger.OFFER, world.operator, world.now)
    world.work()


def without(world: World, **changes: str) -> None:
    with world.runtime.database.transaction() as session:
        profile = session.get_one(OperatorProfile, 1)
        profile.legal_basis = LegalBasis.REGISTERED_COLLECTOR
        for name, value in changes.items():
            setattr(profile, name, value)


def test_an_offer_that_could_not_say_all_is_not_released(world: World) -> None:
    without(world, authority="")
    case = priced(world, UserKind.PRIVATE)
    with pytest.raises(Refused, match=r"the supervisory authority with its address \(RDG § 13a\(1\) no. 8\)"):
        release(world, case)
    page = words(world.as_operator().page(f"/operator/cases/{case.id}"))
    assert "The offer says all it must" in page and "supervisory authority" in page
    # a company is not a private person
    release(world, priced(world, UserKind.COMPANY))
    without(world, authority="Example Authority, Beispielallee 1, 53113 Musterstadt")
    release(world, case)
    assert len(world.mails()) == 2


def test_the_address_of_the_owner_is_told_only_where_it_must_be(world: World) -> None:
    without(world)
    told = {}
    for user in (UserKind.COMPANY, UserKind.PRIVATE):
        case = priced(world, user)
        release(world, case)
        with world.runtime.database.reading() as session:
            letter = session.scalars(select(Letter).where(Letter.case_id == case.id)).one()
            main = printables(session, world.runtime, letter, session.get_one(Case, case.id))[0]
            told[user] = main.context["owner_address"]
    assert told[UserKind.COMPANY] == "" and "," in told[UserKind.PRIVATE]


def test_a_letter_that_lacks_something_in_the_end_is_not_printed(
    world: World,
) -> None:
    """Whatever was forgotten before: the finished text is what counts."""
    case = priced(world, UserKind.COMPANY)
    with world.runtime.database.transaction() as session:
        session.get_one(Case, case.id).recipient_source = "None"
        move(session, case.id, CaseTrigger.OFFER, world.operator, world.now)
    with pytest.raises(AssertionError, match="where the data of the recipient come from"):
        world.work()
    assert world.mails() == []
    assert "does not say" in words(world.as_operator().page("/operator/queue"))
