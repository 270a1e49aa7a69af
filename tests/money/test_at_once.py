"""Card and transfers at the same moment: the claim is paid once, and what is too much is kept for its payer."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable
from functools import partial

import pytest

from tests.journeys.test_at_once import meanwhile, waiting
from tests.kernel.test_contention import at_once
from tests.money.test_transfers import balance
from tests.world import Made, World
from workflow.cases.states import CaseState
from workflow.checks import problems
from workflow.kernel.errors import Refused
from workflow.kernel.failpoints import armed
from workflow.kernel.ledger import JournalEntry
from workflow.kernel.money import Money
from workflow.money.chart import Account
from workflow.money.models import Payin
from workflow.money.states import GOOD
from workflow.money.transfers.models import BankTransfer
from workflow.money.transfers.recording import Statement, assign_transfer, record_transfer
from workflow.wiring import handlers
from workflow.worker import Worker

pytestmark = pytest.mark.postgresql_only("SQLite has one writer at a time")
TOTAL = 10_699
ROUNDS = 4


def line(world: World, minor: int, number: int = 0) -> Statement:
    return Statement(world.now.date(), Money(minor), "Example Walks Ltd", f"part {number}")


def transfer(world: World, case: Made, minor: int, number: int = 0) -> None:
    world.runtime.database.run(
        lambda session: record_transfer(
            session, line(world, minor, number), world.operator, world.now, key=uuid.uuid4().hex, case_id=case.id
        )
    )  # fmt: skip


def paid_once(world: World, case: Made) -> None:
    """One payment that counts, one booking of it, and nothing that self-check would name."""
    world.work()
    assert world.case(case).state is CaseState.PAID
    good = [row for row in world.all(Payin) if row.case_id == case.id and row.state in GOOD]
    assert [row.total for row in good] == [Money(TOTAL)]
    booked = {f"payin:{row.id}" for row in world.all(Payin) if row.case_id == case.id}
    assert sum(entry.key in booked for entry in world.all(JournalEntry)) == 1
    assert problems(world.runtime) == []


def test_a_transfer_that_is_written_down_while_the_card_is_booked(world: World) -> None:
    case = world.offered(9_999)
    world.pay(world.recipient(case))
    for body in world.reports():
        assert world.webhook(body).status_code == 200
    reports = waiting(world, "inbox:stripe")

    def book() -> None:
        with armed("book.after_journal=sleep:3@1"):
            Worker(world.runtime, handlers(world.gateway)).drain(limit=reports)

    meanwhile(world, book, lambda: transfer(world, case, TOTAL))
    paid_once(world, case)
    assert balance(world, Account.CUSTOMER_CREDIT, case) == -TOTAL, "all of it goes back"
    assert balance(world, Account.BANK) == TOTAL


def test_two_people_give_the_same_money_to_a_case(world: World) -> None:
    case, other = world.offered(9_999), world.offered(9_999)
    with world.runtime.database.transaction() as session:
        row = record_transfer(session, line(world, TOTAL), world.operator, world.now, key=uuid.uuid4().hex)
        transfer_id = row.id
    refused: list[str] = []
    gate = threading.Barrier(2)

    def give(to: Made) -> Callable[[], None]:
        def press() -> None:
            gate.wait(20)
            try:
                world.runtime.database.run(
                    lambda session: assign_transfer(session, transfer_id, to.id, world.operator, world.now)
                )
            except Refused as refusal:
                refused.append(str(refusal))

        return press

    assert at_once(give(case), give(other)) == []
    assert len(refused) == 1 and "has its case already" in refused[0]
    [kept] = world.all(BankTransfer)
    assert kept.case_id in (case.id, other.id)
    world.work()
    states = sorted(world.case(each).state.value for each in (case, other))
    assert states == ["offered", "paid"] and problems(world.runtime) == []


def test_two_people_write_down_the_same_line(world: World) -> None:
    """One record, one booking; the other one is told."""
    case = world.offered(9_999)
    raised = at_once(*(partial(transfer, world, case, 5_000) for _ in range(2)))
    assert len(raised) == 1 and isinstance(raised[0], Refused) and "written down already" in str(raised[0])
    assert len(world.all(BankTransfer)) == 1 and balance(world, Account.BANK) == 5_000
    assert problems(world.runtime) == []


@pytest.mark.slow
def test_many_payers_at_once_pay_once_and_lose_nothing(world: World) -> None:
    """Two to five at a time, parts and wholes, with and without a card payment on its way (T15)."""
    chance = random.Random(20240301)
    for turn in range(ROUNDS):
        case = world.offered(9_999)
        card = turn % 2 == 0
        if card:
            world.pay(world.recipient(case))
            for body in world.reports():
                assert world.webhook(body).status_code == 200
        parts = [chance.choice((TOTAL, 5_000, 5_699, 3_000)) for _ in range(chance.randint(2, 5))]
        payers: list[Callable[[], None]] = [
            partial(transfer, world, case, minor, turn * 10 + at) for at, minor in enumerate(parts)
        ]
        if card:
            payers.append(lambda: Worker(world.runtime, handlers(world.gateway)).drain())
        before = balance(world, Account.BANK)
        assert at_once(*payers) == []
        world.work()
        came = sum(parts) + (TOTAL if card else 0)
        assert balance(world, Account.BANK) - before == sum(parts)
        kept = -balance(world, Account.CUSTOMER_CREDIT, case)
        if came >= TOTAL:
            good = [row for row in world.all(Payin) if row.case_id == case.id and row.state in GOOD]
            assert world.case(case).state is CaseState.PAID and [row.total for row in good] == [Money(TOTAL)]
            by_transfer = TOTAL - good[0].amount.minor if good[0].way.value == "card" else TOTAL
            assert kept == sum(parts) - by_transfer
        else:
            assert kept == sum(parts) and world.case(case).state is CaseState.OFFERED
    assert problems(world.runtime) == []
