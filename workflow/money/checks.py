"""Truths of money that came in: what was asked, what was paid and what is booked agree, to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, func, select

from workflow.cases.models import Case, Offer
from workflow.cases.states import CaseState, ClosedReason
from workflow.kernel.checks import BATCH, MOST, batches, shortened
from workflow.kernel.db import Session
from workflow.kernel.ledger import JournalEntry, JournalLine
from workflow.kernel.money import Money
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.models import Payin
from workflow.money.services.payments import entry_key
from workflow.money.states import LIVE, PayinState, PayinWay
from workflow.money.transfers.models import BankTransfer, Direction
from workflow.money.transfers.recording import entry_key as transfer_key
from workflow.money.waterfall import split

#: A card page is open for a day; what is still live after two is stuck.
STUCK_AFTER = timedelta(days=2)
KEY_START = "payin:"
DISAGREE = say("The transfer of {day} from {party} is withdrawn or booked back, but not both.")

Booked = dict[str, dict[str, int]]


def claims_are_as_booked(session: Session) -> list[str]:
    """Each payment that came: asked for by its offer, divided as the offer says, booked once and no more."""
    received = (
        select(Payin, Case, Offer)
        .join(Case, Case.id == Payin.case_id)
        .join(Offer, Offer.id == Payin.offer_id)
        .where(Payin.received_at.is_not(None))
        .execution_options(yield_per=BATCH)
    )
    problems: list[str] = []
    for batch in batches(session.execute(received)):
        keys = [entry_key(payin.id) for payin, _case, _offer in batch]
        booked = _booked(session, [*keys, *(f"reverse:{key}" for key in keys)])
        for payin, case, offer in batch:
            problems += [
                say("Case {case}: {what}", case=case.reference, what=what)
                for what in _misfits(payin, case, offer, booked)
            ]
        session.expunge_all()
    return shortened(problems)


def nothing_is_booked_without_a_payment(session: Session) -> list[str]:
    """Each booking of a payment belongs to one that was received."""
    bookings = select(JournalEntry.key).where(JournalEntry.key.like(f"{KEY_START}%"))
    known = select(Payin.id).where(Payin.received_at.is_not(None))
    booked = session.scalar(select(func.count()).select_from(bookings.subquery())) or 0
    there = session.scalar(select(func.count()).select_from(known.subquery())) or 0
    if booked <= there:
        return []  # one that lacks its booking is named above
    names = {entry_key(key) for key in session.scalars(known.execution_options(yield_per=BATCH))}
    strange = (
        key for key in session.scalars(bookings.execution_options(yield_per=BATCH)) if key not in names
    )
    return shortened(
        [say("The booking {key} belongs to no payment that was received.", key=key) for key in strange]
    )


def paid_cases_were_paid(session: Session) -> list[str]:
    """A case is paid exactly if a payment of it was received and not given back."""
    kept = exists().where(
        Payin.case_id == Case.id, Payin.received_at.is_not(None), Payin.state != PayinState.REFUNDED
    )
    paid = (Case.state == CaseState.PAID) | (Case.closed_reason == ClosedReason.PAID)
    unpaid = select(Case.reference).where(paid, ~kept).limit(MOST)
    open_ = ~paid & Case.state.not_in((CaseState.CLOSED, CaseState.SETTLED, CaseState.REJECTED))
    late = select(Case.reference).where(open_, kept).limit(MOST)
    return shortened(
        [
            *(
                say("Case {case} is paid, but no payment of it was received.", case=case)
                for case in session.scalars(unpaid)
            ),
            *(
                say("Case {case} was paid, but still asks for money.", case=case)
                for case in session.scalars(late)
            ),
        ]
    )


def payments_that_are_stuck(session: Session, runtime: Runtime) -> list[str]:
    """No payment waits for longer than its card page can be open."""
    before = runtime.clock.wall() - STUCK_AFTER
    stuck = (
        select(Case.reference)
        .join(Payin, Payin.case_id == Case.id)
        .where(Payin.state.in_(LIVE), Payin.asked_at < before)
        .limit(MOST + 1)
    )
    return shortened(
        [
            say(
                "Case {case}: a payment has been open for more than two days; ask the payment service.",
                case=case,
            )
            for case in session.scalars(stuck)
        ]
    )


def transfers_are_booked(session: Session) -> list[str]:
    """Each bank transfer is booked, a withdrawn one booked back; no account of a case is short."""
    problems: list[str] = []
    rows = session.scalars(select(BankTransfer).execution_options(yield_per=BATCH))
    for batch in batches(rows):
        keys = [transfer_key(row.id) for row in batch]
        booked = _booked(session, [*keys, *(f"reverse:{key}" for key in keys)])
        for row in batch:
            amount = row.amount.minor if row.direction is Direction.IN else -row.amount.minor
            entry = booked.get(transfer_key(row.id), {})
            back = booked.get(f"reverse:{transfer_key(row.id)}", {})
            if entry.get(Account.BANK.value, 0) != amount:
                problems.append(
                    say(
                        "The transfer of {day} from {party} is not booked.", day=row.value_on, party=row.party
                    )
                )
            if (row.withdrawn_at is not None) != bool(back):
                told = say(DISAGREE, day=row.value_on, party=row.party)
                problems.append(told)
        session.expunge_all()
    short = (
        select(Case.reference)
        .join(JournalLine, JournalLine.case_id == Case.id)
        .where(JournalLine.account == Account.CUSTOMER_CREDIT.value)
        .group_by(Case.reference, JournalLine.currency)
        .having(func.sum(JournalLine.amount_minor) > 0)
        .limit(MOST + 1)
    )
    problems += [
        say("Case {case}: more was taken from its account than came.", case=case)
        for case in session.scalars(short)
    ]
    return shortened(problems)


def _booked(session: Session, keys: Sequence[str]) -> Booked:
    """What lies in each account, by the key of the entry."""
    rows = session.execute(
        select(JournalEntry.key, JournalLine.account, func.sum(JournalLine.amount_minor))
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalEntry.key.in_(keys))
        .group_by(JournalEntry.key, JournalLine.account)
    )
    found: Booked = defaultdict(dict)
    for key, account, minor in rows:
        found[key][account] = int(minor)
    return found


def _misfits(payin: Payin, case: Case, offer: Offer, booked: Booked) -> list[str]:
    entry = booked.get(entry_key(payin.id))
    if payin.total != offer.total:
        return [say("the payment is not the sum that was asked for.")]
    if entry is None:
        return [say("a payment was received, but it is not booked.")]
    parts = split(payin.total, offer.vat_rate_bp, case.owner_share_bp)
    by_card, zero = payin.way is PayinWay.CARD, Money.zero(payin.amount.currency)
    expected: dict[Any, Money] = {
        Account.PSP_CLEARING: payin.amount if by_card else zero,
        Account.CUSTOMER_CREDIT: payin.on_account if by_card else payin.amount,
        Account.VAT_LICENCES: -offer.vat,
        Account.COMMISSION: -parts.operator,
        Account.OWNER_HELD: -parts.owner,
    }
    wrong = [account for account, amount in expected.items() if entry.get(account.value, 0) != amount.minor]
    problems: list[str] = [
        say("the booking of the payment differs in {account}.", account=account.value) for account in wrong
    ]
    back = booked.get(f"reverse:{entry_key(payin.id)}")
    if (payin.state is PayinState.REFUNDED) != (back is not None):
        problems.append(say("the payment and its booking disagree about whether it was given back."))
    return problems
