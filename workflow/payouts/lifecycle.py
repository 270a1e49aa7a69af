"""The life of a payout, on one page: who may take which step, and what it books."""

from __future__ import annotations

from datetime import datetime

from workflow.accounts import approving, bank
from workflow.cases.models import Case
from workflow.cases.states import ClosedReason
from workflow.kernel import approvals, ledger
from workflow.kernel.access import OFFICE
from workflow.kernel.actors import Role
from workflow.kernel.approvals import Wish
from workflow.kernel.db import Session
from workflow.kernel.ledger import Posting
from workflow.kernel.lifecycle import Context, Lifecycle, State, Transition
from workflow.kernel.money import format_money
from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.models import Payin
from workflow.money.states import GOOD
from workflow.payouts.models import Payout
from workflow.payouts.states import PayoutState as S
from workflow.payouts.states import PayoutTrigger as T
from workflow.payouts.telling import tell_available, tell_returned, tell_sent

SEND_RULE = "payouts.send"

BY_US = frozenset({Role.SYSTEM})
BY_STAFF = frozenset({Role.OPERATOR})


# --- why not now ----------------------------------------------------------------------------------------


def window_is_over(context: Context[Payout]) -> str | None:
    """Held until nobody can simply take the payment back."""
    case = context.session.get_one(Case, context.subject.case_id)
    if case.closed_reason is ClosedReason.PAID:
        return None
    return say("The payment can still be taken back; the share is released when the case is closed.")


def payment_is_good(context: Context[Payout]) -> str | None:
    """Nothing is paid on from money that is contested or that a person has to look at."""
    payin = context.session.get_one(Payin, context.subject.payin_id, populate_existing=True)
    if payin.state not in GOOD:
        return say("The payment this share comes from is contested or was given back.")
    return say("The payment this share comes from waits for a decision.") if payin.trouble else None


def account_is_known(context: Context[Payout]) -> str | None:
    """Where to send it."""
    account = bank.in_force(context.session, context.subject.owner_id, context.now)
    return None if account.known else say("The rights-holder has not entered a bank account yet.")


# --- who else must agree --------------------------------------------------------------------------------


def wish_for(session: Session, payout: Payout, now: datetime) -> Wish:
    """Exactly this sum to exactly this account, for exactly this transfer."""
    account = bank.in_force(session, payout.owner_id, now)
    case = session.get_one(Case, payout.case_id)
    facts = {
        "case": case.reference, "sum": format_money(payout.amount), "to": f"{account.holder}, {account.iban}",
        "transfer": str(payout.transfers + 1),
    }  # fmt: skip
    return Wish(approving.rules()[SEND_RULE], "payout", payout.id, facts)


def a_second_person_agreed(context: Context[Payout]) -> None:
    """To the sum and the account; if the account changed meanwhile, the agreement is void."""
    approvals.require(context.session, wish_for(context.session, context.subject, context.now), context.now)


def ask_a_second_person(context: Context[Payout]) -> None:
    """Approving is the first person's word; it asks for the second."""
    wish = wish_for(context.session, context.subject, context.now)
    approvals.request(context.session, wish, context.actor, context.now)


# --- what is written ------------------------------------------------------------------------------------


def book_release(context: Context[Payout]) -> None:
    """From held to available."""
    payout = context.subject
    payout.available_at = context.now
    own = {"case_id": payout.case_id, "owner_id": payout.owner_id}
    ledger.book(
        context.session, f"release:{payout.id}", say("Share released"), context.now,
        [
            Posting(Account.OWNER_HELD, payout.amount, **own),
            Posting(Account.OWNER_AVAILABLE, -payout.amount, **own),
        ],
    )  # fmt: skip


def book_transfer(context: Context[Payout]) -> None:
    """From available out of our bank account, to the very account a second person agreed to."""
    payout = context.subject
    account = bank.in_force(context.session, payout.owner_id, context.now)
    payout.transfers += 1
    payout.sent_at = context.now
    payout.sent_to = f"{account.holder}, {account.iban}"
    own = {"case_id": payout.case_id, "owner_id": payout.owner_id}
    ledger.book(
        context.session, transfer_key(payout), say("Share transferred"), context.now,
        [
            Posting(Account.OWNER_AVAILABLE, payout.amount, **own),
            Posting(Account.BANK, -payout.amount, **own),
        ],
    )  # fmt: skip


def note_arrival(context: Context[Payout]) -> None:
    """The bank statement shows it."""
    context.subject.confirmed_at = context.now


def undo_transfer(context: Context[Payout]) -> None:
    """The money is in our bank account again, and due again."""
    entry = ledger.entry_by_key(context.session, transfer_key(context.subject))
    assert entry is not None, "what was sent was booked"
    ledger.reverse(context.session, entry.id, say("Transfer returned by the bank"), context.now, Account)
    context.subject.sent_at = context.subject.confirmed_at = None


def transfer_key(payout: Payout) -> str:
    """The journal's key of the newest transfer."""
    return f"payout:{payout.id}:{payout.transfers}"


STATES: tuple[State[Payout], ...] = (
    State(S.ACCRUED, "Held", Role.SYSTEM, owner="Held while the payment can still be taken back"),
    State(S.AVAILABLE, "Available", Role.OPERATOR, owner="Available: it comes with the next payout"),
    State(S.APPROVED, "Approved", Role.OPERATOR, owner="Approved for the next transfer"),
    State(S.SENT, "Sent", Role.OPERATOR, owner="On its way to your account"),
    State(S.CONFIRMED, "Confirmed", None, owner="Paid to your account"),
    State(S.RETURNED, "Returned", Role.OPERATOR, owner="Your bank sent it back: please check your account"),
    State(S.TAKEN_BACK, "Taken back", None, owner="The payment was given back, so there is nothing to pay"),
)

TRANSITIONS: tuple[Transition[Payout], ...] = (
    Transition(T.RELEASE, (S.ACCRUED,), S.AVAILABLE, BY_US | BY_STAFF, "Release",
               guards=(window_is_over, payment_is_good), effects=(book_release, tell_available)),
    Transition(T.TAKE_BACK, (S.ACCRUED,), S.TAKEN_BACK, BY_US, "Take back"),
    Transition(T.APPROVE, (S.AVAILABLE, S.RETURNED), S.APPROVED, BY_STAFF, "Approve",
               guards=(payment_is_good, account_is_known), effects=(ask_a_second_person,)),
    Transition(T.SEND, (S.APPROVED,), S.SENT, BY_STAFF, "Mark as sent",
               guards=(payment_is_good, account_is_known), agreed=(a_second_person_agreed,),
               effects=(book_transfer, tell_sent)),
    Transition(T.CONFIRM, (S.SENT,), S.CONFIRMED, BY_STAFF, "Confirm arrival", effects=(note_arrival,)),
    Transition(T.RETURN, (S.SENT, S.CONFIRMED), S.RETURNED, BY_STAFF, "Returned by the bank",
               effects=(undo_transfer, tell_returned),
               warning="The booking of the transfer is reversed and the share is due again."),
)  # fmt: skip

PAYOUT_LIFECYCLE: Lifecycle[Payout] = Lifecycle("payout", Payout, S.ACCRUED, STATES, TRANSITIONS, OFFICE)
