"""Payouts reach the account a second person agreed to, whatever happens in between, in whatever order."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.money.till import COLLEAGUE, OPERATOR, Till
from tests.payouts.test_payouts import step
from workflow.accounts import approving, bank
from workflow.accounts.models import Account as Person
from workflow.kernel import approvals, audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.approvals import Decision
from workflow.kernel.checks import states_are_as_told
from workflow.kernel.errors import NotAllowed, Refused
from workflow.kernel.outbox import OutboxMessage
from workflow.money.models import Payin
from workflow.payouts import services
from workflow.payouts.lifecycle import PAYOUT_LIFECYCLE
from workflow.payouts.models import Payout
from workflow.payouts.states import PayoutState

OLD = "Studio Example, DE02120300000000202051"
NEW = bank.BankAccount("Somebody Else", "DE89370400440532013000")


def change_to(till: Till, owner_id: uuid.UUID, account: bank.BankAccount) -> None:
    """Whoever is signed in as the owner enters this account."""
    with till.runtime.database.transaction() as session:
        person = session.get_one(Person, owner_id, with_for_update=True)
        bank.change(session, person, account, person.actor, till.clock.business())


def agree(till: Till, payout_id: uuid.UUID, actor: Actor = COLLEAGUE) -> None:
    with till.runtime.database.transaction() as session:
        row = approvals.newest(session, "payouts.send", payout_id)
        assert row is not None
        approving.decide(session, row.id, agree=True, actor=actor, now=till.clock.business(), note="")


@pytest.mark.parametrize("order", list(itertools.permutations(("change", "approve", "send", "revert"))))
@pytest.mark.parametrize("pause", [timedelta(0), timedelta(hours=73)])
def test_no_order_of_steps_pays_to_an_account_nobody_agreed_to(
    closed_till: Till, order: tuple[str, ...], pause: timedelta
) -> None:
    till = closed_till
    with till.runtime.database.reading() as session:
        payin_id = session.scalars(select(Payin.id)).one()
    payout = till.payout(payin_id)
    agreed_to: set[str] = set()
    for word in order:
        try:
            if word == "change":
                change_to(till, payout.owner_id, NEW)
            elif word == "revert":
                change_to(till, payout.owner_id, bank.BankAccount("Studio Example", "DE02120300000000202051"))
            elif word == "approve":
                step(till, services.approve, payin_id)
                agree(till, payout.id)
                with till.runtime.database.reading() as session:
                    row = approvals.newest(session, "payouts.send", payout.id)
                    assert row is not None
                    agreed_to.add(row.facts["to"])
            else:
                step(till, services.mark_sent, payin_id)
        except Refused:
            pass
        till.clock.advance(pause)
    sent = till.payout(payin_id)
    if sent.state is PayoutState.SENT:
        assert sent.sent_to in agreed_to
        if not pause:
            assert sent.sent_to == OLD, "a new account counts after three days"
    if order.index("send") < order.index("approve"):
        assert sent.state is not PayoutState.SENT


def test_whoever_asked_cannot_agree_and_a_stranger_to_the_till_neither(till: Till) -> None:
    case_id, payin_id = till.paid()
    till.close(case_id)
    step(till, services.approve, payin_id)
    payout_id = till.payout(payin_id).id
    with pytest.raises(NotAllowed, match="somebody else has to agree"):
        agree(till, payout_id, OPERATOR)
    with pytest.raises(NotAllowed, match="You may not do this"):
        agree(till, payout_id, Actor(Role.OPERATOR, "reviewer", "Reviewer", rank="reviewer"))
    agree(till, payout_id)
    with pytest.raises(Refused, match="decided already"):
        agree(till, payout_id)


def test_a_changed_account_makes_the_agreement_void(till: Till) -> None:
    case_id, payin_id = till.paid()
    till.close(case_id)
    step(till, services.approve, payin_id)
    payout: Payout = till.payout(payin_id)
    agree(till, payout.id)
    change_to(till, payout.owner_id, NEW)
    till.clock.advance(timedelta(hours=73))
    with pytest.raises(Refused, match="second person"):
        step(till, services.mark_sent, payin_id)
    assert till.payout(payin_id).state is PayoutState.APPROVED


def test_a_new_account_waits_three_days_and_the_owner_is_told(till: Till) -> None:
    _, payin_id = till.paid()
    owner_id = till.payout(payin_id).owner_id
    change_to(till, owner_id, NEW)
    now = till.clock.business()
    with till.runtime.database.reading() as session:
        assert bank.in_force(session, owner_id, now).iban == "DE02120300000000202051"
        assert bank.in_force(session, owner_id, now + timedelta(hours=71, minutes=59)).iban != NEW.iban
        assert bank.in_force(session, owner_id, now + timedelta(hours=72)) == NEW
        mails = [row for row in session.query(OutboxMessage) if row.key.startswith("mail:bank-change:")]
        [mail] = mails
        assert mail.payload["context"]["last_four"] == "3000"
        row = approvals.newest(session, "bank_details.change", owner_id)
        assert row is not None
        told = [entry.action for entry in audit.history(session, "approval", row.id)]
    assert "approval:bank_details.change:asked" in told


def test_alone_the_same_person_may_agree_after_a_day(till: Till) -> None:
    case_id, payin_id = till.paid()
    till.close(case_id)
    step(till, services.approve, payin_id)
    payout_id = till.payout(payin_id).id

    since = till.clock.business()

    def alone() -> approvals.Approval:
        with till.runtime.database.transaction() as session:
            row = approvals.newest(session, "payouts.send", payout_id)
            assert row is not None
            return approvals.decide(
                session, row.id, agree=True, actor=OPERATOR, now=till.clock.business(), note="", alone=since
            )

    with pytest.raises(NotAllowed, match="a day after"):
        alone()
    till.clock.advance(timedelta(hours=24))
    row = alone()
    assert (row.decision, row.alone) == (Decision.AGREED, True)
    with till.runtime.database.reading() as session:
        assert "one-person" in audit.history(session, "approval", row.id)[-1].label
        assert states_are_as_told(session, PAYOUT_LIFECYCLE) == [], "the payout's own history is untouched"
