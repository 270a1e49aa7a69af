"""From the wish to pay to the booking, with the real library against the stand-in and a real database."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import event, select, text

from tests.money.till import OPERATOR, Till, use_card
from workflow.cases.models import Offer
from workflow.cases.services import move
from workflow.cases.states import CaseState, CaseTrigger, ClaimNature, ClosedReason
from workflow.kernel import ledger
from workflow.kernel.errors import Refused, Stale
from workflow.kernel.inbox import InboxMessage, InboxState
from workflow.kernel.ledger import JournalEntry
from workflow.kernel.money import Currency, Money
from workflow.kernel.outbox import OutboxMessage
from workflow.money import jobs, services
from workflow.money.gateway import GatewayUnavailable, GatewayUnknown, PaymentFacts
from workflow.money.models import Payin
from workflow.money.states import PayinState
from workflow.money.stripe_gateway import StripeGateway
from workflow.payouts import queries as payouts

PAID = {"psp_clearing": 19_260, "vat_licences": -1_260, "commission": -8_100, "owner_held": -9_900}
FEE = {"psp_fees": 313, "psp_clearing": -313}


def well(till: Till) -> None:
    """The truths that must hold after every step."""
    with till.runtime.database.reading() as session:
        assert ledger.check(session) == []
        assert payouts.check(session) == []


# --- opening --------------------------------------------------------------------------------------------


def test_a_payment_is_booked_once_and_divided_to_the_cent(till: Till) -> None:
    case_id, payin_id = till.paid()
    assert till.books(payin_id) == [PAID, FEE]
    assert till.payin(payin_id).state is PayinState.RECEIVED
    assert till.payin(payin_id).checkout_url is None
    assert till.case(case_id).state is CaseState.PAID
    well(till)
    for _ in range(3):
        till.catch_up()
        till.work()
    assert till.books(payin_id) == [PAID, FEE]


def test_opening_twice_is_one_payment(till: Till) -> None:
    case_id = till.offered()
    assert till.open(case_id) == till.open(case_id)
    assert [row.kind for row in till.all(OutboxMessage)].count("psp.checkout") == 1


def test_what_is_paid_cannot_be_paid_again(till: Till) -> None:
    case_id, _ = till.paid()
    with pytest.raises(Refused, match="paid already"):
        till.open(case_id)


def test_a_closed_case_takes_no_money(till: Till) -> None:
    case_id = till.offered()
    with till.runtime.database.transaction() as session:
        reason = {"reason": ClosedReason.LICENSED}
        move(session, case_id, CaseTrigger.CLOSE, OPERATOR, till.clock.business(), carries=reason)
    with pytest.raises(Refused, match="Nothing can be paid"):
        till.open(case_id)


def test_an_expired_page_fails_and_a_new_payment_may_begin(till: Till) -> None:
    case_id = till.offered()
    first = till.open(case_id)
    till.work("psp.checkout")
    till.let_the_page_expire()
    till.catch_up()
    till.work()
    assert till.payin(first).state is PayinState.FAILED
    assert till.payin(first).checkout_url is None
    second = till.open(case_id)
    assert second != first
    assert till.books(first) == []


def test_when_what_is_owed_changes_the_old_page_is_shut_and_a_new_sum_asked(till: Till) -> None:
    case_id = till.offered()
    first = till.open(case_id)
    till.work("psp.checkout")
    old_url = till.payin(first).checkout_url
    assert old_url
    with till.runtime.database.transaction() as session:
        last = session.scalars(select(Offer).where(Offer.case_id == case_id)).one()
        session.add(
            Offer(
                case_id=case_id, number=2, nature=ClaimNature.DAMAGES, net=last.net, vat_rate_bp=0,
                vat=Money.zero(), total=last.net, edition=last.edition, facts=last.facts, sheet=last.sheet,
                made_at=last.made_at, made_by="test", lines=[],
            )
        )  # fmt: skip
    second = till.open(case_id)
    till.work("psp.shut", "psp.checkout")
    assert second != first
    assert till.payin(first).state is PayinState.FAILED
    assert (till.payin(first).amount, till.payin(second).amount) == (Money(19_260), Money(18_000))
    assert "has expired" in requests.get(old_url, timeout=10).text


def test_a_declined_card_leaves_the_page_open(till: Till) -> None:
    payin_id = till.open(till.offered())
    till.work("psp.checkout")
    url = till.payin(payin_id).checkout_url
    assert url
    use_card(url, "4000000000000002")
    till.catch_up()
    till.work()
    assert (till.payin(payin_id).state, till.books(payin_id)) == (PayinState.PENDING, [])
    use_card(url)
    till.catch_up()
    till.work()
    assert till.books(payin_id) == [PAID, FEE]


def test_without_keys_the_page_waits_and_says_so(till: Till) -> None:
    payin_id = till.open(till.offered())
    with pytest.raises(GatewayUnavailable, match="not set up"):
        jobs.make_checkout(till.runtime, None, {"payin_id": str(payin_id)})
    assert till.payin(payin_id).state is PayinState.OPENED


class Forgetful(StripeGateway):
    """The request arrives, the answer is lost."""

    def create_checkout(self, request: Any) -> Any:
        super().create_checkout(request)
        raise GatewayUnknown("The connection broke.")


@pytest.mark.parametrize("late", [False, True])
def test_an_unknown_outcome_never_makes_a_second_page(till: Till, *, late: bool) -> None:
    payin_id = till.open(till.offered())
    payload = {"payin_id": str(payin_id)}
    with pytest.raises(GatewayUnknown):
        jobs.make_checkout(till.runtime, Forgetful("sk_test_demo", "whsec_demo", till.standin.url), payload)
    if late:
        till.let_the_page_expire()
    else:
        till.clock.advance(timedelta(hours=1))
    jobs.make_checkout(till.runtime, till.gateway, payload)
    assert len(till.stripe.v1.checkout.sessions.list().data) == 1
    expected = PayinState.FAILED if late else PayinState.PENDING
    assert till.payin(payin_id).state is expected


# --- what does not fit ----------------------------------------------------------------------------------


def test_another_sum_is_left_for_a_person_and_nothing_is_booked(till: Till) -> None:
    case_id = till.offered()
    payin_id = till.paid_at_the_page(case_id)
    with till.runtime.database.transaction() as session:
        session.execute(text("UPDATE payins SET amount_minor = 19261"))
    till.catch_up()
    till.work()
    payin = till.payin(payin_id)
    assert (payin.state, till.books(payin_id)) == (PayinState.PENDING, [])
    assert "192,60" in payin.trouble and "192,61" in payin.trouble
    assert till.case(case_id).state is CaseState.OFFERED
    with pytest.raises(Refused, match="A person is looking"):
        till.open(case_id)
    with till.runtime.database.transaction() as session:
        services.ask_refund(session, payin_id, OPERATOR, till.clock.business())
    till.work()
    assert till.payin(payin_id).state is PayinState.FAILED
    assert till.payin(payin_id).trouble == ""
    assert till.stripe.v1.refunds.list().data[0].amount == 19_260
    assert till.open(case_id) != payin_id
    well(till)


def test_another_currency_is_left_for_a_person(till: Till) -> None:
    payin_id = till.open(till.offered())
    nothing = Money.zero(Currency.USD)
    facts = PaymentFacts("pi_x", payin_id, Money(19_260, Currency.USD), nothing, nothing, None, "ch_x")
    with till.runtime.database.transaction() as session:
        services.take_payment(session, payin_id, facts, till.clock.business())
    assert "another currency" in till.payin(payin_id).trouble
    assert till.books(payin_id) == []


def test_a_second_payment_of_a_paid_case_is_surplus(till: Till) -> None:
    case_id, payin_id = till.paid()
    nothing = Money.zero()
    facts = PaymentFacts("pi_second", payin_id, Money(19_260), nothing, nothing, None, "ch_x")
    with till.runtime.database.transaction() as session:
        services.apply_facts(session, payin_id, facts, till.clock.business())
    assert "second payment" in till.payin(payin_id).trouble
    assert till.books(payin_id) == [PAID, FEE]
    assert till.case(case_id).state is CaseState.PAID


def test_money_for_a_closed_case_is_not_booked(till: Till) -> None:
    case_id = till.offered()
    payin_id = till.paid_at_the_page(case_id)
    with till.runtime.database.transaction() as session:
        reason = {"reason": ClosedReason.LICENSED}
        move(session, case_id, CaseTrigger.CLOSE, OPERATOR, till.clock.business(), carries=reason)
    till.catch_up()
    till.work()
    assert "give it back" in till.payin(payin_id).trouble
    assert till.books(payin_id) == []


# --- at the same time, and in between -------------------------------------------------------------------


def test_parallel_copies_book_once(till: Till) -> None:
    payin_id = till.paid_at_the_page(till.offered())
    till.catch_up_events_only()
    waiting = [row.id for row in till.all(InboxMessage) if row.state is InboxState.RECEIVED] * 4
    failed: list[BaseException] = []

    def read(inbox_id: Any) -> None:
        try:
            jobs.read_stripe_event(till.runtime, till.gateway, {"inbox_id": str(inbox_id)})
        except BaseException as problem:  # noqa: BLE001 - told to the test below
            failed.append(problem)

    threads = [threading.Thread(target=read, args=(key,)) for key in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, len(threads) >= 8) == ([], True)
    assert till.books(payin_id) == [PAID, FEE]
    till.work()
    well(till)


def test_a_kill_before_the_commit_leaves_nothing_and_repeats_safely(till: Till) -> None:
    case_id = till.offered()
    payin_id = till.paid_at_the_page(case_id)
    till.catch_up_events_only()
    inbox_id = till.all(InboxMessage)[0].id
    kills = []

    def kill(connection: Any) -> None:
        booked = connection.exec_driver_sql("SELECT count(*) FROM journal_entries").scalar()
        if booked and not kills:
            kills.append(booked)
            raise KeyboardInterrupt

    event.listen(till.runtime.database.engine, "commit", kill)
    with pytest.raises(KeyboardInterrupt):
        jobs.read_stripe_event(till.runtime, till.gateway, {"inbox_id": str(inbox_id)})
    event.remove(till.runtime.database.engine, "commit", kill)
    assert kills and till.books(payin_id) == []
    assert till.case(case_id).state is CaseState.OFFERED
    till.work()
    assert till.books(payin_id) == [PAID, FEE]
    well(till)


# --- giving back ----------------------------------------------------------------------------------------


def test_a_refund_reverses_everything_but_the_fee(till: Till) -> None:
    case_id, payin_id = till.paid()
    with till.runtime.database.transaction() as session:
        services.ask_refund(session, payin_id, OPERATOR, till.clock.business())
    with pytest.raises(Refused, match="already"), till.runtime.database.transaction() as session:
        services.ask_refund(session, payin_id, OPERATOR, till.clock.business())
    till.work()
    till.catch_up()
    till.work()
    assert till.books(payin_id) == [PAID, FEE, {name: -cents for name, cents in PAID.items()}]
    assert till.payin(payin_id).state is PayinState.REFUNDED
    assert till.case(case_id).state is CaseState.CLOSED
    assert len(till.stripe.v1.refunds.list().data) == 1
    well(till)


def test_a_refund_from_a_stale_page_is_refused(till: Till) -> None:
    _, payin_id = till.paid()
    with pytest.raises(Stale), till.runtime.database.transaction() as session:
        services.ask_refund(session, payin_id, OPERATOR, till.clock.business(), seen_version=1)


def test_a_refund_after_the_window_is_refused(till: Till) -> None:
    case_id, payin_id = till.paid()
    till.close(case_id)
    with (
        pytest.raises(Refused, match="time for refunds is over"),
        till.runtime.database.transaction() as session,
    ):
        services.ask_refund(session, payin_id, OPERATOR, till.clock.business())


def test_a_partial_refund_follows_the_money_and_asks_a_person(till: Till) -> None:
    case_id, payin_id = till.paid()
    intent = till.payin(payin_id).payment_intent
    assert intent
    till.stripe.v1.refunds.create({"payment_intent": intent, "amount": 5_000})
    for _ in range(2):
        till.catch_up()
        till.work()
    assert till.books(payin_id)[2:] == [{"refunds": 5_000, "psp_clearing": -5_000}]
    assert "decide who bears it" in till.payin(payin_id).trouble
    assert till.case(case_id).state is CaseState.PAID
    with pytest.raises(Refused, match="part went back"), till.runtime.database.transaction() as session:
        services.ask_refund(session, payin_id, OPERATOR, till.clock.business())
    well(till)


@pytest.mark.parametrize(("ending", "state"), [("won", PayinState.WON), ("lost", PayinState.LOST)])
def test_a_contest_takes_the_money_away_until_it_is_decided(
    till: Till, ending: str, state: PayinState
) -> None:
    _, payin_id = till.paid()
    intent = till.payin(payin_id).payment_intent
    opened = till.switch("/_standin/disputes", payment_intent=intent)
    till.catch_up()
    till.work()
    assert till.payin(payin_id).state is PayinState.DISPUTED
    assert till.books(payin_id)[2:] == [{"disputed": 19_260, "psp_clearing": -19_260}]
    till.switch(f"/_standin/disputes/{opened['id']}/close", status=ending)
    till.catch_up()
    till.work()
    assert till.payin(payin_id).state is state
    assert len(till.books(payin_id)) == (4 if ending == "won" else 3)
    well(till)


def test_nothing_about_strangers_payments_is_kept(till: Till) -> None:
    page = till.stripe.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {"quantity": 1,
                 "price_data": {"currency": "eur", "unit_amount": 900, "product_data": {"name": "A mug"}}}
            ],
            "success_url": "http://portal.localhost:8000/x",
        }
    )  # fmt: skip
    assert page.url
    use_card(page.url)
    till.catch_up()
    till.work()
    assert {row.outcome for row in till.all(InboxMessage)} == {"No effect: it names no payment of ours."}
    assert (till.all(Payin), till.all(JournalEntry)) == ([], [])
