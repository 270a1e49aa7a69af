"""What of the money waits for a person: kinds of work for the operator's queue, before and after its own."""

from __future__ import annotations

from datetime import UTC, datetime, time

from workflow.cases.models import Hold
from workflow.cases.worklist import SHOWN, Asked, Item, Kind, Way
from workflow.kernel.db import Session
from workflow.kernel.said import say, stored
from workflow.money.models import Payin
from workflow.money.transfers import queries
from workflow.money.transfers.models import BankTransfer

NOON = time(12, tzinfo=UTC)


def _unmatched(session: Session, _now: datetime) -> Asked:
    rows = session.scalars(queries.unmatched().order_by(BankTransfer.value_on).limit(SHOWN))
    return [
        Item(
            datetime.combine(row.value_on, NOON),
            say("{amount} from {sender}", amount=row.amount, sender=row.party),
            why=row.purpose,
            way=Way("transfers_operator.show", {"transfer_id": row.id}, say("Find its case")),
        )
        for row in rows
    ], ""  # fmt: skip


def _trouble(session: Session, _now: datetime) -> Asked:
    rows = session.execute(queries.in_trouble().order_by(Payin.opened_at).limit(SHOWN))
    return [
        Item(
            payin.opened_at, say("A payment does not fit"), case, stored(payin.trouble),
            way=Way("money_operator.show", {"payin_id": payin.id}, say("Decide")),
        )
        for payin, case in rows
    ], ""  # fmt: skip


def _too_much(session: Session, now: datetime) -> Asked:
    return [
        Item(
            credit.case.paid_at or credit.case.closed_at or now,
            say("{amount} lie on its account and are not owed", amount=credit.amount), credit.case,
            way=Way("transfers_operator.back", {"case_id": credit.case.id}, say("Give it back")),
        )
        for credit in queries.to_give_back(session)[:SHOWN]
    ], ""  # fmt: skip


def _awaited(session: Session, _now: datetime) -> Asked:
    rows = session.execute(queries.awaited().order_by(Hold.opened_at).limit(SHOWN))
    return [
        Item(hold.opened_at, say("A payment is on its way"), case, stored(hold.reason)) for hold, case in rows
    ], ""


#: Before everything else: money of which nobody knows whose it is.
FIRST = (
    Kind("transfers", say("Bank transfers without a case"), 1, lambda: (queries.unmatched(),), _unmatched),
    Kind("payments", say("Payments that do not fit"), 1, lambda: (queries.in_trouble(),), _trouble),
)
#: After it: what is patient.
LAST = (
    Kind("credits", say("Money to give back"), 5, lambda: (queries.over_paid(),), _too_much),
    Kind("awaited", say("Payments on their way"), 7, lambda: (queries.awaited(),), _awaited),
)
__all__ = ["FIRST", "LAST"]
