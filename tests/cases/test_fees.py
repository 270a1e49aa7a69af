"""The fee engine: sums by hand, steps at their edges, own practice before tariffs, and the same cents years later."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.cases.pricing import (
    Basis,
    Exchange,
    Exclusivity,
    FeeFacts,
    FeeSheet,
    Grade,
    OwnInvoice,
    Placement,
    Source,
    SpecialShot,
    UserKind,
    again,
    court_view,
    estimate,
    from_stored,
    quote,
    read_facts,
)
from workflow.cases.pricing.rules import countries_with_rules, damages_in, source_of
from workflow.cases.pricing.tariff_files import shipped
from workflow.cases.states import UseClass
from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "fees"
DAY = date(2024, 3, 1)
PLAIN = FeeFacts(
    UseClass.COMMERCIAL, "website", Placement.SUB_PAGE, 600, date(2023, 3, 1), date(2024, 2, 29), credited=True
)  # fmt: skip


def sheet(facts: FeeFacts, on: date = DAY) -> FeeSheet:
    return estimate(facts, on, shipped())


def cents(found: FeeSheet) -> list[int]:
    return [line.net.minor for line in found.lines]


#: Reckoned on paper from the tariff's own figures.
BY_HAND = {
    # 240.00 for the year; the home page is half of it more
    "online_shop_home_page_1_year": [24000, 12000],
    "social_media_1_year": [16000],
    # 80 % of 240.00
    "online_shop_sub_page_6_months": [19200],
    # 50 % of 60.00; a tenth less for a small business; two further auctions at half of 27.00; the name doubles
    "market_place_1_month_3_auctions": [3000, -300, 2700, 5400],
    "website_food_photograph": [18000, 18000],
    # 90.00 for the year, a second page at half, the name doubles 135.00
    "website_of_a_public_broadcaster": [9000, 4500, 13500],
}


def test_every_example_is_reckoned_by_hand() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_examples_come_out_as_on_paper(name: str) -> None:
    facts = read_facts(json.loads((EXAMPLES / f"{name}.json").read_text()))
    found = sheet(facts)
    assert cents(found) == BY_HAND[name]
    assert found.net == Money(sum(BY_HAND[name])) and found.example and found.basis is Basis.TARIFF
    assert all(line.source and line.facts for line in found.lines), "every line says what it rests on"


@pytest.mark.parametrize(
    ("first", "last", "percent"),
    [
        # a week is seven days, both ends counted
        ("2024-01-01", "2024-01-07", 35), ("2024-01-01", "2024-01-08", 50),
        # a month ends the day before its own number comes again
        ("2024-01-15", "2024-02-14", 50), ("2024-01-15", "2024-02-15", 60),
        # from the last of January a month ends before the last of February
        ("2024-01-31", "2024-02-28", 50), ("2024-01-31", "2024-02-29", 60),
        ("2023-09-01", "2024-02-29", 80), ("2023-09-01", "2024-03-01", 100),
        ("2023-03-01", "2024-02-29", 100), ("2023-03-01", "2024-03-01", 150),
        ("2021-03-01", "2024-02-29", 180), ("2019-03-01", "2024-02-29", 200), ("2001-01-01", "2024-02-29", 220),
        # one day
        ("2024-02-29", "2024-02-29", 35),
    ],
)  # fmt: skip
def test_the_length_of_use_is_rounded_up_to_the_next_step(first: str, last: str, percent: int) -> None:
    facts = replace(PLAIN, first_seen=date.fromisoformat(first), last_seen=date.fromisoformat(last))
    assert cents(sheet(facts)) == [18000 * percent // 100]


def test_every_surcharge_is_a_line_of_its_own_share() -> None:
    facts = replace(
        PLAIN, placement=Placement.AD, longest_side_px=1600, languages=3, altered=True,
        special=SpecialShot.MODELS, exclusivity=Exclusivity.SECTOR, user=UserKind.NONPROFIT, uses=2,
        credited=False,
    )  # fmt: skip
    found = sheet(facts)
    so_far = (
        18000 + 18000 + 4500 + 9000 + 3600 + 5400 + 9000
    )  # ad, large, two languages, altered, models, sector
    discount = -so_far * 30 // 100
    one = so_far + discount
    assert cents(found) == [18000, 18000, 4500, 9000, 3600, 5400, 9000, discount, one // 2, one + one // 2]
    assert "penalty" not in " ".join(str(line.label) for line in found.lines)


@pytest.mark.parametrize("source", [Source.CREATIVE_COMMONS, Source.PRESS_KIT])
def test_what_could_be_had_for_nothing_costs_nothing_and_a_missing_name_doubles_nothing(
    source: Source,
) -> None:
    found = sheet(replace(PLAIN, source=source, credited=False))
    assert (found.net, found.basis, found.example) == (Money.zero(), Basis.FREE, False)


def test_the_missing_name_is_nothing_to_somebody_who_does_not_live_by_photographs() -> None:
    found = sheet(replace(PLAIN, credited=False, professional=False))
    assert cents(found) == [18000, 0] and "AG Köln" in found.lines[1].source


# --- own practice -------------------------------------------------------------------------------------------


def invoice(net: int, months: int = 12, **changes: Any) -> OwnInvoice:
    plain = OwnInvoice(f"R-{net}", date(2023, 1, 9), UseClass.COMMERCIAL, "website", months, Money(net))
    return replace(plain, **changes)


def test_own_invoices_come_before_the_tariff_and_the_middle_one_counts() -> None:
    practice = (invoice(30000), invoice(9000), invoice(12000))
    found = sheet(replace(PLAIN, practice=practice, placement=Placement.HOME_PAGE, credited=False))
    assert cents(found) == [12000, 12000] and found.basis is Basis.PRACTICE and not found.example
    assert "R-12000" in found.lines[0].why
    # with an even number the lower of the two middle ones
    assert cents(sheet(replace(PLAIN, practice=practice[1:]))) == [9000]


def test_an_invoice_for_another_length_is_carried_by_the_steps() -> None:
    # 60.00 for one month (50 %) is 120.00 for the year (100 %)
    assert cents(sheet(replace(PLAIN, practice=(invoice(6000, months=1),)))) == [12000]
    # 100.00 for a year is 80.00 for half of one
    half = replace(PLAIN, first_seen=date(2023, 9, 1), practice=(invoice(10000),))
    assert cents(sheet(half)) == [8000]


def test_the_tariff_is_capped_by_what_the_owner_was_ever_paid() -> None:
    other = (invoice(10000, medium="blog"), invoice(7000, medium="newsletter"))
    found = sheet(replace(PLAIN, practice=other, credited=False))
    assert cents(found) == [18000, -8000, 10000] and found.basis is Basis.TARIFF
    # nothing to cap where the owner was paid more
    assert cents(sheet(replace(PLAIN, practice=(invoice(20000, medium="blog"),)))) == [18000]


@pytest.mark.parametrize(
    "unfit",
    [
        {"on": date(2018, 2, 28)},  # more than five years before the use
        {"on": date(2024, 3, 1)},  # made after it
        {"net": Money(5000, Currency.USD)},
    ],
)
def test_an_invoice_that_says_little_about_the_use_is_left_aside(unfit: dict[str, Any]) -> None:
    assert cents(sheet(replace(PLAIN, practice=(replace(invoice(5000), **unfit),)))) == [18000]


# --- how well it is known, currency, countries --------------------------------------------------------------


def test_low_and_high_follow_the_weakest_fact_and_the_facts_are_shown_weakest_first() -> None:
    found = sheet(PLAIN)
    assert (found.low, found.high) == (Money(12600), Money(27000))
    looked = sheet(PLAIN.looked_at())
    assert (looked.low, looked.high) == (Money(16200), Money(20700))
    proven = dict.fromkeys((fact.name for fact in found.facts), Grade.PROVEN)
    certain = sheet(replace(PLAIN, grades=proven))
    assert certain.low == certain.net == certain.high
    doubtful = sheet(replace(PLAIN, grades={**proven, "medium": Grade.STATED}))
    assert doubtful.facts[0].name == "medium" and (doubtful.low, doubtful.high) == (
        Money(14400),
        Money(22500),
    )


def test_looking_makes_no_proof_weaker() -> None:
    assert replace(PLAIN, grades={"medium": Grade.PROVEN}).looked_at().grade("medium") is Grade.PROVEN


def test_another_currency_keeps_its_rate_day_and_source_on_every_line() -> None:
    exchange = Exchange(Currency.CHF, 961_300, date(2024, 2, 29), "ECB reference rate")
    found = sheet(replace(PLAIN, exchange=exchange, credited=False))
    assert [line.net for line in found.lines] == [Money(17303, Currency.CHF)] * 2  # 180.00 × 0.9613 = 173.034
    assert all("0.9613" in line.why and "ECB reference rate" in line.why for line in found.lines)
    with pytest.raises(Refused, match="no rate is needed"):
        sheet(replace(PLAIN, exchange=replace(exchange, currency=Currency.EUR)))


def test_damages_are_a_view_of_their_own_and_say_what_is_not_verified() -> None:
    assert countries_with_rules() == ("AT", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "PL", "US")
    found = sheet(PLAIN)
    views = {country: court_view(found, country, DAY) for country in countries_with_rules()}
    sums = {country: view.sum.minor if view and view.sum else None for country, view in views.items()}
    assert sums == {"AT": 36000, "CH": 18000, "DE": 18000, "ES": 18000, "FR": None, "GB": 18000, "IT": None,
                    "NL": 22500, "PL": 36000, "US": None}  # fmt: skip
    doubtful = {country for country, view in views.items() if view and not view.rule.verified}
    assert doubtful == {"AT", "ES", "PL"}
    assert court_view(found, "JP", DAY) is None
    assert damages_in("NL", date(2020, 1, 9)) is None, "not before its day"
    with pytest.raises(Refused):
        source_of("credit", date(2004, 12, 31))


# --- years later --------------------------------------------------------------------------------------------

#: As it was stored by the first version of this program.
OLD = {
    "use_class": "commercial", "medium": "website", "home_page": True, "longest_side_px": 1200,
    "first_seen": "2023-09-01", "last_seen": "2024-02-28", "credited": False,
}  # fmt: skip


def test_what_was_quoted_by_the_first_formula_is_quoted_again() -> None:
    found = again(OLD, "neutral-example-2024", shipped())
    # 80 % of 180.00; half of it for the home page; a quarter for the size; the name doubles
    assert cents(found) == [14400, 7200, 3600, 25200] and found.formula == 1
    assert (found.low, found.high) == (Money(35280), Money(75600))
    with pytest.raises(Refused, match="not known here any more"):
        again(OLD, "somebody-else's", shipped())


def test_the_edition_of_the_day_prices_it() -> None:
    assert sheet(PLAIN, date(2024, 1, 31)).formula == 1
    assert sheet(PLAIN, date(2024, 2, 1)).formula == 2
    with pytest.raises(Refused, match="No tariff is in force"):
        sheet(PLAIN, date(2023, 12, 31))


days = st.dates(date(2015, 1, 1), date(2026, 12, 31))
some_facts = st.builds(
    FeeFacts,
    use_class=st.just(UseClass.COMMERCIAL), medium=st.sampled_from(["website", "online_shop", "packaging"]),
    placement=st.sampled_from(Placement), longest_side_px=st.integers(1, 5000), first_seen=days,
    last_seen=st.just(date(2026, 12, 31)), credited=st.booleans(), uses=st.integers(1, 9),
    languages=st.integers(1, 5), altered=st.booleans(), exclusivity=st.sampled_from(Exclusivity),
    special=st.sampled_from(SpecialShot), source=st.sampled_from(Source), user=st.sampled_from(UserKind),
    professional=st.booleans(),
    practice=st.lists(
        st.builds(
            OwnInvoice, number=st.text("AB12", min_size=1, max_size=5), on=days,
            use_class=st.sampled_from(UseClass), medium=st.sampled_from(["website", "blog"]),
            months=st.integers(1, 60), net=st.integers(1, 90_000).map(Money),
        ),
        max_size=4,
    ).map(tuple),
    grades=st.dictionaries(st.sampled_from(["medium", "credited"]), st.sampled_from(Grade)),
)  # fmt: skip


@given(some_facts)
def test_the_same_facts_give_the_same_cents_after_a_way_through_storage(facts: FeeFacts) -> None:
    found = sheet(facts)
    stored = json.loads(json.dumps(facts.as_json()))
    assert again(stored, found.edition, shipped()) == found
    assert from_stored(stored) == facts
    assert found.net == Money(sum(cents(found))) and found.low <= found.net <= found.high
    assert found.net.minor >= 0


@given(some_facts, st.integers(1, 400))
def test_a_longer_use_is_never_cheaper(facts: FeeFacts, shorter: int) -> None:
    facts = replace(facts, practice=())
    begun = min(facts.first_seen + timedelta(days=shorter), facts.last_seen)
    assert sheet(replace(facts, first_seen=begun)).net <= sheet(facts).net


@given(some_facts)
def test_nobody_is_asked_for_more_than_the_owner_was_ever_paid(facts: FeeFacts) -> None:
    found = sheet(replace(facts, credited=True))
    usable = (
        [each for each in facts.practice if each.on.replace(year=each.on.year + 5) >= facts.first_seen]
        if not any((each.on.month, each.on.day) == (2, 29) for each in facts.practice)
        else []
    )
    if usable and found.basis is Basis.TARIFF:
        dearest = max(each.net.minor * 220 // 35 + 1 for each in facts.practice)
        assert found.net.minor <= dearest * facts.uses


# --- bad input ----------------------------------------------------------------------------------------------

GOOD = PLAIN.as_json()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"medium": "billboard"}, "“medium” has to be one of"),
        ({"use_class": 5}, "“use_class” has to be one of"),
        ({"longest_side_px": 0}, "whole number from 1"),
        ({"longest_side_px": True}, "whole number from 1"),
        ({"longest_side_px": 2.5}, "whole number from 1"),
        ({"first_seen": "yesterday"}, "a day such as 2024-03-01"),
        ({"last_seen": "2020-01-01"}, "cannot end before it began"),
        ({"credited": "yes"}, "true or false"),
        ({"credited": None}, "“credited” is missing"),
        ({"uses": 10**9}, "whole number from 1 to 1000"),
        ({"placment": "hero"}, "“placment” is not a fact of a fee"),
        ({"practice": [{"number": "1"}]}, "is missing"),
        ({"practice": "many"}, "a list of at most 50"),
        ({"practice": [7]}, "an object of names and values"),
        ({"exchange": {"currency": "CHF", "rate_millionths": 0, "on": "2024-01-01", "source": "x"}}, "whole number"),
        ({"grades": {"medium": "sure"}}, "“grades.medium” has to be one of"),
        ({"grades": {"colour": "proven"}}, "“grades.colour”"),
    ],
)  # fmt: skip
def test_a_wrong_fact_is_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence.replace("(", r"\(")):
        read_facts({**GOOD, **changes})


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(Refused) as refused:
        read_facts({"medium": "billboard", "colour": "red"})
    told = " ".join(refused.value.reasons)
    for word in ("medium", "use_class", "longest_side_px", "first_seen", "credited", "colour"):
        assert word in told, word


@pytest.mark.parametrize("nothing", [None, [], "facts", 7])
def test_facts_are_an_object(nothing: Any) -> None:
    with pytest.raises(Refused, match="an object"):
        read_facts(nothing)


def test_a_use_that_the_tariff_does_not_know_is_refused() -> None:
    with pytest.raises(Refused, match="no price for “packaging”"):
        sheet(replace(PLAIN, use_class=UseClass.PRIVATE, medium="packaging"))
    assert quote(PLAIN, shipped()[0]).formula == 1
