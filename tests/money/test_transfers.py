"""Bank transfers: parts, whole, too much, without a case, given back; each cent booked once and told truly."""

from __future__ import annotations

import secrets
from datetime import date

import pytest
from sqlalchemy import func, select

from tests.journeys.test_silence import next_date
from tests.world import Made, Visitor, World, words
from workflow.cases.letters import printables
from workflow.cases.models import Case, Letter
from workflow.cases.payment_reference import case_of, rf_reference
from workflow.cases.states import CaseState, HoldKind, LetterKind
from workflow.checks import problems
from workflow.kernel.deadlines import DeadlineState
from workflow.kernel.epc import in_fours
from workflow.kernel.ids import case_reference
from workflow.kernel.ledger import JournalLine
from workflow.kernel.money import Money
from workflow.money.chart import Account
from workflow.money.models import Payin
from workflow.money.states import PayinState, PayinWay
from workflow.money.transfers.models import BankTransfer


def write_down(operator: Visitor, amount: str, **facts: str) -> tuple[int, str]:
    """The operator types a line of the statement; where it led, or what was said."""
    told = {"amount": amount, "party": "Example Walks Ltd", "purpose": "", **facts}
    answer = operator.press("/operator/transfers/new", told)
    return answer.status_code, answer.location or words(answer.text)


def balance(world: World, account: Account, made: Made | None = None) -> int:
    with world.runtime.database.reading() as session:
        total = select(func.coalesce(func.sum(JournalLine.amount_minor), 0)).where(
            JournalLine.account == account.value
        )
        return int(
            session.scalar(total if made is None else total.where(JournalLine.case_id == made.id)) or 0
        )


def receipt_of(world: World, made: Made) -> str:
    with world.runtime.database.reading() as session:
        letter = session.scalars(select(Letter).where(Letter.kind == LetterKind.PAID)).one()
        case = session.get_one(Case, made.id)
        [receipt] = [
            item.written(world.runtime.press)
            for item in printables(session, world.runtime, letter, case)
            if item.template == "receipt"
        ]
        return words(receipt)


def all_is_well(world: World) -> None:
    world.work()
    assert problems(world.runtime) == []


def test_paid_in_two_parts(world: World) -> None:
    case = world.offered(9_999)
    visitor, operator = world.recipient(case), world.as_operator()
    page = words(visitor.page("/pay/transfer"))
    rf = in_fours(rf_reference(case.reference))
    assert "106,99 €" in page and rf in page and "DE02 1203 0000 0000 2020 51" in page
    assert visitor.press("/pay/transfer", action="/pay/transfer").status_code == 303
    assert next_date(world, case)[1] is DeadlineState.PAUSED
    assert "A payment is on its way" in words(visitor.page("/case"))
    code, _ = write_down(operator, "50,00", purpose=f"Invoice {rf}")
    assert code == 303 and world.case(case).state is CaseState.OFFERED
    assert "50,00 € of 106,99 € came already; 56,99 € are still open" in words(visitor.page("/case"))
    assert "56,99 €" in words(visitor.page("/pay"))
    assert balance(world, Account.CUSTOMER_CREDIT, case) == -5_000 and balance(world, Account.BANK) == 5_000
    code, _ = write_down(operator, "56,99", purpose=case.reference.lower().replace("-", ""))
    assert code == 303
    paid = world.case(case)
    assert paid.state is CaseState.PAID and all(hold.closed_at for hold in paid.holds)
    [payin] = world.all(Payin)
    assert (payin.way, payin.state, payin.total) == (PayinWay.TRANSFER, PayinState.RECEIVED, Money(10_699))
    assert balance(world, Account.CUSTOMER_CREDIT) == 0 and balance(world, Account.BANK) == 10_699
    assert balance(world, Account.OWNER_HELD) == -5_499 and balance(world, Account.VAT_LICENCES) == -700
    all_is_well(world)
    assert "Your payment was received" in words(visitor.page("/case"))
    assert "bank transfer, received" in receipt_of(world, case)


def test_too_much_goes_back_and_no_further(world: World) -> None:
    case, operator = world.offered(9_999), world.as_operator()
    assert write_down(operator, "120,00", purpose=case.reference)[0] == 303
    assert world.case(case).state is CaseState.PAID
    assert balance(world, Account.CUSTOMER_CREDIT, case) == -1_301
    queue = words(operator.page("/operator/queue"))
    assert "Money to give back 1" in queue and "13,01 €" in queue
    to = f"/operator/transfers/back/{case.id}"
    more = operator.press(to, {"amount": "13,02", "party": "Example Walks Ltd, IBAN"})
    assert more.status_code == 422 and "Only 13,01 € lie on the account" in words(more.text)
    assert operator.press(to, {"amount": "13,01", "party": "Example Walks Ltd, IBAN"}).status_code == 303
    assert balance(world, Account.CUSTOMER_CREDIT) == 0 and balance(world, Account.BANK) == 10_699
    assert "Money to give back" not in operator.page("/operator/queue")
    all_is_well(world)


def test_the_rest_by_card(world: World) -> None:
    case, operator = world.offered(9_999), world.as_operator()
    visitor = world.recipient(case)
    assert visitor.press("/pay", action="/pay").status_code == 303
    write_down(operator, "50,00", purpose=case.reference)
    world.work()
    [first] = world.all(Payin)
    assert first.state is PayinState.FAILED, "its page asked for all of it"
    world.paid(case)
    [payin] = [row for row in world.all(Payin) if row.state is PayinState.RECEIVED]
    assert (payin.way, payin.amount, payin.on_account) == (PayinWay.CARD, Money(5_699), Money(5_000))
    assert world.case(case).state is CaseState.PAID
    assert balance(world, Account.CUSTOMER_CREDIT) == 0 and balance(world, Account.OWNER_HELD) == -5_499
    all_is_well(world)


def test_a_part_that_goes_back_shuts_the_card_page_that_counted_on_it(world: World) -> None:
    case, operator = world.offered(9_999), world.as_operator()
    write_down(operator, "50,00", purpose=case.reference)
    visitor = world.recipient(case)
    assert visitor.press("/pay", action="/pay").status_code == 303
    world.work()
    [payin] = world.all(Payin)
    assert (payin.state, payin.amount) == (PayinState.PENDING, Money(5_699))
    back = operator.press(
        f"/operator/transfers/back/{case.id}", {"amount": "50", "party": "Example Walks Ltd"}
    )
    assert back.status_code == 303 and balance(world, Account.CUSTOMER_CREDIT, case) == 0
    assert world.all(Payin)[0].state is PayinState.FAILED
    assert "106,99 €" in words(visitor.page("/pay"))
    all_is_well(world)


def test_money_without_a_case_waits_for_one(world: World) -> None:
    case, operator = world.offered(9_999), world.as_operator()
    code, place = write_down(operator, "106,99", purpose="For the picture")
    assert code == 303
    assert "Bank transfers without a case 1" in words(operator.page("/operator/queue"))
    all_is_well(world)
    wrong = operator.press(place, {"reference": "AAAAAA-A"}, action="/assign")
    assert wrong.status_code == 422
    assert operator.press(place, {"reference": case.reference}, action="/assign").status_code == 303
    assert world.case(case).state is CaseState.PAID
    assert "without a case" not in words(operator.page("/operator/queue"))
    again = operator.send(*operator.form(place, {"note": "Typed twice"}, "/withdraw"))
    assert again.status_code == 422 and "paid a claim" in words(again.text)
    all_is_well(world)


def test_a_purpose_is_read_among_words_and_several_cases_are_nobodys_guess(world: World) -> None:
    case, other, operator = world.offered(9_999), world.offered(9_999), world.as_operator()
    rf, of_other = in_fours(rf_reference(case.reference)), in_fours(rf_reference(other.reference))
    for purpose in (f"{case.reference} and {other.reference}", f"{rf} {of_other}", "RF18 5390 0754 7034"):
        assert write_down(operator, "10,00", purpose=purpose)[0] == 303
    assert [row.case_id for row in world.all(BankTransfer)] == [None] * 3
    assert write_down(operator, "106,99", purpose=f"Rechnung {rf} bitte quittieren")[0] == 303
    assert world.case(case).state is CaseState.PAID and world.case(other).state is CaseState.OFFERED
    all_is_well(world)


def test_a_wrong_record_is_taken_back_with_its_booking(world: World) -> None:
    case, operator = world.offered(9_999), world.as_operator()
    _, place = write_down(operator, "40,00", purpose=case.reference)
    code, told = write_down(operator, "40,00", purpose=case.reference)
    assert code == 422 and "written down already" in told
    assert operator.press(place, {"note": "Another account"}, action="/withdraw").status_code == 303
    assert balance(world, Account.CUSTOMER_CREDIT) == 0 and balance(world, Account.BANK) == 0
    assert write_down(operator, "40,00", purpose=case.reference, again="y")[0] == 303
    assert len(world.all(BankTransfer)) == 2
    all_is_well(world)


def test_a_payment_by_transfer_is_given_back_whole(world: World) -> None:
    case, operator = world.offered(9_999), world.as_operator()
    write_down(operator, "106,99", purpose=case.reference)
    world.work()
    [payin] = world.all(Payin)
    answer = operator.press(f"/operator/payments/{payin.id}", {}, action="/refund")
    assert (answer.status_code, answer.location) == (303, f"/operator/transfers/back/{case.id}")
    assert world.case(case).state is CaseState.CLOSED
    assert (
        balance(world, Account.CUSTOMER_CREDIT, case) == -10_699 and balance(world, Account.OWNER_HELD) == 0
    )
    back = operator.press(f"/operator/transfers/back/{case.id}", {"party": "Example Walks Ltd"})
    assert back.status_code == 303 and balance(world, Account.BANK) == 0
    all_is_well(world)


@pytest.mark.parametrize(("facts", "told"), [
    ({"amount": "0"}, "more than nothing"), ({"amount": "-5"}, "more than nothing"), ({"amount": "1e9"}, "is not an amount"),
    ({"amount": "5", "value_on": "2031-01-01"}, "has not been yet"),
    ({"amount": "5", "value_on": "2020-01-01"}, "more than a year back"),
    ({"amount": "5", "value_on": "never"}, "Not a valid date"), ({"amount": "5", "party": " "}, "who paid"),
    ({"amount": "5", "reference": "AAAAAA-A"}, "No case has the reference"),
])  # fmt: skip
def test_what_cannot_be_is_refused_and_writes_nothing(world: World, facts: dict[str, str], told: str) -> None:
    code, said = write_down(world.as_operator(), **facts)
    assert code == 422 and told in said
    assert world.all(BankTransfer) == [] and balance(world, Account.BANK) == 0


def test_references_catch_a_slip() -> None:
    case = case_reference(secrets.randbelow)
    rf = rf_reference(case)
    assert rf.startswith("RF") and case_of(in_fours(rf)) == case_of(rf.lower()) == case
    # the standard's own example is right, but no case of ours
    assert case_of("RF18 5390 0754 7034") is None
    slips = {rf[:at] + other + rf[at + 1 :] for at in range(4, len(rf)) for other in "3456789ABCXYZ"} - {rf}
    assert [slip for slip in slips if case_of(slip)] == []


def test_clocks_run_on_when_the_money_does_not_come(world: World) -> None:
    case = world.offered(9_999)
    world.recipient(case).press("/pay/transfer", action="/pay/transfer")
    world.days_pass(8)
    operator = world.as_operator()
    assert "Payments on their way 1" in words(operator.page("/operator/queue"))
    [hold] = [hold for hold in world.case(case).holds if hold.closed_at is None]
    assert hold.kind is HoldKind.PAYMENT_PENDING
    answer = operator.press(
        f"/operator/cases/{case.id}",
        {"trigger": "resume", "hold_id": str(hold.id), "note": "Nothing came"}, action="/act",
    )  # fmt: skip
    assert answer.status_code == 303
    # decided on Saturday, 9 March: ten working days later is Friday, 22 March
    assert next_date(world, case) == (date(2024, 3, 22), DeadlineState.OPEN)
