"""The rights-holder's share: held, available, paid; and back again."""

from __future__ import annotations

import uuid
from datetime import datetime

import pytest

from tests.databases import tamper
from tests.money.till import COLLEAGUE, OPERATOR, Till
from workflow.accounts import approving
from workflow.accounts.models import Account as Person
from workflow.cases import events
from workflow.kernel import approvals, ledger
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused
from workflow.money import services as money
from workflow.payouts import queries, services
from workflow.payouts.models import Payout
from workflow.payouts.states import PayoutState


def numbers(till: Till, owner_id: uuid.UUID) -> tuple[int, int, int]:
    """Held, available, paid; and the books must be well."""
    with till.runtime.database.reading() as session:
        assert ledger.check(session) == []
        assert queries.check(session) == []
        sums = queries.balances(session, owner_id)
        return sums.held.minor, sums.available.minor, sums.paid.minor


def step(till: Till, verb: object, payin_id: uuid.UUID) -> None:
    with till.runtime.database.transaction() as session:
        verb(session, till.payout(payin_id).id, OPERATOR, till.clock.business())  # type: ignore[operator]


def agree(session: Session, payout_id: uuid.UUID, _actor: Actor, now: datetime) -> None:
    """The second person agrees to the transfer that was asked for."""
    row = approvals.newest(session, "payouts.send", payout_id)
    assert row is not None
    approving.decide(session, row.id, agree=True, actor=COLLEAGUE, now=now, note="")


def test_the_way_of_a_share_from_held_to_paid(till: Till) -> None:
    case_id, payin_id = till.paid()
    owner = till.payout(payin_id).owner_id
    assert numbers(till, owner) == (9_900, 0, 0)
    till.close(case_id)
    assert numbers(till, owner) == (0, 9_900, 0)
    step(till, services.approve, payin_id)
    assert numbers(till, owner) == (0, 9_900, 0)
    with pytest.raises(Refused, match="waits for a second person"):
        step(till, services.mark_sent, payin_id)
    step(till, agree, payin_id)
    step(till, services.mark_sent, payin_id)
    assert numbers(till, owner) == (0, 0, 9_900)
    step(till, services.confirm, payin_id)
    payout = till.payout(payin_id)
    assert (payout.state, payout.sent_to) == (PayoutState.CONFIRMED, "Studio Example, DE02120300000000202051")
    assert numbers(till, owner) == (0, 0, 9_900)


def test_a_returned_transfer_is_due_again_and_can_be_repeated(till: Till) -> None:
    case_id, payin_id = till.paid()
    owner = till.payout(payin_id).owner_id
    till.close(case_id)
    for verb in (services.approve, agree, services.mark_sent, services.note_return):
        step(till, verb, payin_id)
    assert numbers(till, owner) == (0, 9_900, 0)
    for verb in (services.approve, agree, services.mark_sent):
        step(till, verb, payin_id)
    assert numbers(till, owner) == (0, 0, 9_900)


def test_it_is_held_while_the_payment_can_be_taken_back(till: Till) -> None:
    _, payin_id = till.paid()
    with pytest.raises(Refused, match="not possible"):
        step(till, services.approve, payin_id)


def test_a_refund_takes_the_share_back(till: Till) -> None:
    _, payin_id = till.paid()
    owner = till.payout(payin_id).owner_id
    with till.runtime.database.transaction() as session:
        money.ask_refund(session, payin_id, OPERATOR, till.clock.business())
    till.work()
    assert till.payout(payin_id).state is PayoutState.TAKEN_BACK
    assert numbers(till, owner) == (0, 0, 0)


def test_events_told_twice_or_in_the_wrong_order_change_nothing(till: Till) -> None:
    case_id = till.offered()
    payin_id = till.paid_at_the_page(case_id)
    till.catch_up_events_only()
    till.work("inbox:stripe")  # booked, the events wait
    paid, closed = events.CasePaid(case_id, payin_id), events.CaseClosed(case_id, "paid")
    with till.runtime.database.transaction() as session:
        services.release(session, till.runtime, closed)
        services.take_back(session, till.runtime, events.PaymentTakenBack(case_id, uuid.uuid4()))
        services.accrue(session, till.runtime, paid)
        services.accrue(session, till.runtime, paid)
    till.work()
    assert [row.state for row in till.all(Payout)] == [PayoutState.ACCRUED]
    till.close(case_id)
    with till.runtime.database.transaction() as session:
        services.release(session, till.runtime, closed)
    assert numbers(till, till.payout(payin_id).owner_id) == (0, 9_900, 0)


def test_an_accrual_that_comes_after_the_refund_is_taken_back(till: Till) -> None:
    case_id = till.offered()
    payin_id = till.paid_at_the_page(case_id)
    till.catch_up_events_only()
    till.work("inbox:stripe")
    with till.runtime.database.transaction() as session:
        money.ask_refund(session, payin_id, OPERATOR, till.clock.business())
    till.work("psp.refund")
    till.work()
    assert till.payout(payin_id).state is PayoutState.TAKEN_BACK
    assert numbers(till, till.payout(payin_id).owner_id) == (0, 0, 0)


def test_nothing_is_released_from_contested_money(till: Till) -> None:
    case_id, payin_id = till.paid()
    till.switch("/_standin/disputes", payment_intent=till.payin(payin_id).payment_intent)
    till.catch_up()
    till.work()
    till.close(case_id)
    assert till.payout(payin_id).state is PayoutState.ACCRUED
    assert numbers(till, till.payout(payin_id).owner_id) == (9_900, 0, 0)


def test_without_an_account_nothing_is_sent(till: Till) -> None:
    case_id, payin_id = till.paid()
    till.close(case_id)
    with till.runtime.database.transaction() as session:
        session.get_one(Person, till.payout(payin_id).owner_id).iban = ""
    with pytest.raises(Refused, match="bank account"):
        step(till, services.approve, payin_id)


def test_only_the_owner_sees_a_statement(till: Till) -> None:
    _, payin_id = till.paid()
    payout = till.payout(payin_id)
    mine = Actor(Role.RIGHTS_HOLDER, str(payout.owner_id))
    with till.runtime.database.reading() as session:
        found = queries.statement(session, mine, payout.id)
        assert (found.parts.owner, found.parts.vat.minor) == (payout.amount, 1_260)
        other = Actor(Role.RIGHTS_HOLDER, str(uuid.uuid4()))
        with pytest.raises(NotFound):
            queries.statement(session, other, payout.id)
        assert queries.statements(session, other, 1).rows == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE payouts SET amount_minor = amount_minor + 1",
        "UPDATE payouts SET state = 'available'",
        "UPDATE payouts SET state = 'taken_back'",
        "UPDATE cases SET owner_share_bp = 5400, operator_share_bp = 4600",
        "UPDATE journal_lines SET account = 'owner_available' WHERE account = 'owner_held'",
    ],
)
def test_the_self_check_sees_what_does_not_fit(till: Till, damage: str) -> None:
    till.paid()
    tamper(till.runtime.database, damage)
    with till.runtime.database.reading() as session:
        assert queries.check(session)
