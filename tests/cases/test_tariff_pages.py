"""The tariffs on the desk: loaded from a file, read as a table, and a neutral one only when somebody answers for it."""

from __future__ import annotations

import io

import pytest
from lxml import html

from tests.cases.test_tariffs import CSV
from tests.world import Visitor, World, words
from workflow.cases.pricing import decide_on_tariff
from workflow.cases.services import move
from workflow.cases.states import CaseState, CaseTrigger
from workflow.kernel.errors import Refused

NEUTRAL = "neutral-example-2024-02"
PAGE = f"/operator/tariffs/{NEUTRAL}"
WHY_NOT = "nobody has approved for this instance"


def load(operator: Visitor, data: bytes, name: str) -> tuple[int, str]:
    to, fields = operator.form("/operator/tariffs/", {}, action="/operator/tariffs/")
    sent = [(field, value) for field, value in fields if field != "file"]
    answer = operator.send(to, [*sent, ("file", (io.BytesIO(data), name))])
    return answer.status_code, words(answer.text)


def table_rows(page: str) -> list[list[str]]:
    rows = html.fromstring(page).xpath("//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


def test_the_neutral_tariff_is_shown_as_what_it_is_with_prices_steps_and_surcharges(world: World) -> None:
    operator = world.as_operator()
    listed = words(operator.page("/operator/tariffs/"))
    assert NEUTRAL in listed and "Neutral example" in listed and "Priced by it" in listed
    shown = table_rows(operator.page(PAGE))
    assert ["Website", "180,00 €", "90,00 €", "40,00 €"] in shown and [
        "Poster",
        "300,00 €",
        "–",
        "–",
    ] in shown
    assert ["Up to 6 months", "80 %"] in shown and ["Any longer use", "220 %"] in shown
    assert ["Stands on the home page", "+50 %"] in shown and ["Longest side from 1 px", "-20 %"] in shown
    assert ["The photographer is not named (of the whole licence, its own line)", "+100 %"] in shown
    page = words(operator.page(PAGE))
    assert "Demo Operator approved it on 1 Mar 2024" in page and "0 offers rest on it" in page
    assert operator.get("/operator/tariffs/unheard-of").status_code == 404


def test_without_an_approval_no_offer_leaves_by_the_neutral_tariff_but_an_own_price_may(world: World) -> None:
    made = world.submitted()
    operator = world.as_operator()
    case = f"/operator/cases/{made.id}"
    assert (
        operator.press(PAGE, {"note": "We look for a licensed one."}, action="/take-back").status_code == 303
    )
    assert operator.press(f"{case}/price", {"own_net": "", "why": ""}, action="/price").status_code == 303
    assert WHY_NOT in words(operator.page(case))
    with pytest.raises(Refused, match=WHY_NOT), world.runtime.database.transaction() as session:
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    assert world.case(made.id).state is CaseState.SUBMITTED
    # the own price of an operator, with its reason, is nobody's tariff
    operator.press(f"{case}/price", {"own_net": "144.00", "why": "Invoice 2023-114"}, action="/price")
    assert WHY_NOT not in words(operator.page(case))
    assert operator.press(case, {"trigger": "offer"}, action="/act").status_code == 303
    assert world.case(made.id).state is CaseState.OFFERED


def test_the_list_of_what_blocks_letters_names_the_tariff_until_somebody_answers_for_it(world: World) -> None:
    operator = world.as_operator()
    assert "Demo Operator approved the neutral example on 1 Mar 2024" in words(
        operator.page("/operator/set-up")
    )
    operator.press(PAGE, {"note": "Not any more"}, action="/take-back")
    shown = words(operator.page("/operator/set-up"))
    assert "nobody has approved it" in shown and "Tariff" in shown
    again = operator.press(PAGE, {"note": "Good enough for a start"}, action="/approve")
    assert again.status_code == 303
    history = words(operator.page(PAGE))
    assert history.index("Good enough for a start") < history.index("Not any more")


@pytest.mark.parametrize(
    ("edition", "approved", "note", "sentence"),
    [
        (NEUTRAL, True, "again", "decided already"),
        (NEUTRAL, False, "  ", "say why"),
        ("unheard-of", True, "x", "This tariff"),
    ],
)
def test_a_decision_needs_a_reason_an_edition_and_something_to_change(
    world: World, edition: str, approved: bool, note: str, sentence: str
) -> None:
    with pytest.raises(Exception, match=sentence), world.runtime.database.transaction() as session:
        decide_on_tariff(session, edition, approved=approved, note=note, actor=world.operator, now=world.now)


def test_a_licensed_tariff_is_loaded_from_its_file_and_needs_no_approval(world: World) -> None:
    operator = world.as_operator()
    assert load(operator, CSV.encode(), "prices.csv")[0] == 303
    page = words(operator.page("/operator/tariffs/Fictitious-2024"))
    assert (
        "Loaded by Demo Operator on 1 Mar 2024 from prices.csv" in page and "Who answers for it" not in page
    )
    assert "A tariff of yours is loaded" in words(operator.page("/operator/set-up"))
    with pytest.raises(Refused, match="needs no approval"), world.runtime.database.transaction() as session:
        decide_on_tariff(
            session, "Fictitious-2024", approved=True, note="x", actor=world.operator, now=world.now
        )


@pytest.mark.sqlite_only("what a file says does not depend on the database")
@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "x.yaml", "holds “editions”"),
        (b"\xff\xfe", "x.yaml", "not text in UTF-8"),
        (b"edition;section\n", "x.csv", "The first line of a tariff in CSV"),
        (CSV.encode() * 2, "x.csv", ""),
        (b"x" * 1_000_001, "x.yaml", "is not one"),
        (b"a: [", "x.yaml", "is not YAML"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_fault_and_nothing_is_taken(
    world: World, data: bytes, name: str, sentence: str
) -> None:
    operator = world.as_operator()
    before = words(operator.page("/operator/tariffs/"))
    state, said = load(operator, data, name)
    assert state == 422 and sentence in said, said[:1500]
    assert words(operator.page("/operator/tariffs/")) == before
