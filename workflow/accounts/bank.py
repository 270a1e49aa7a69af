"""The account that payouts go to: a change counts after three days, and the person is told at once.

The old account stays in force meanwhile; whoever did not ask for the change can take it back in Settings.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from workflow.accounts import approving
from workflow.accounts.mails import post_mail
from workflow.accounts.models import Account
from workflow.kernel import approvals, audit
from workflow.kernel.actors import Actor
from workflow.kernel.approvals import Approval, Decision, Wish
from workflow.kernel.calendar import local_date
from workflow.kernel.said import say

CHANGE = "bank_details.change"


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where money goes."""

    holder: str
    iban: str

    @property
    def known(self) -> bool:
        """Whether anything can be sent there."""
        return bool(self.holder and self.iban)


def in_force(session: Session, account_id: uuid.UUID, now: datetime) -> BankAccount:
    """The account payouts use at ``now``: a change whose three days are over, else the one before."""
    row = approvals.newest(session, CHANGE, account_id)
    if row is not None and row.decision is None and row.not_before <= now:
        return BankAccount(row.facts["holder"], row.facts["iban"])
    account = session.get_one(Account, account_id)
    return BankAccount(account.bank_holder, account.iban)


def pending(session: Session, account_id: uuid.UUID, now: datetime) -> Approval | None:
    """A change whose three days are not over."""
    row = approvals.newest(session, CHANGE, account_id)
    waits = row is not None and row.decision is None and row.not_before > now
    return row if waits else None


def change(session: Session, account: Account, wish: BankAccount, actor: Actor, now: datetime) -> bool:
    """Put another account in force: at once when there was none, after three days otherwise.

    What is ripe is settled first. Asking for the account in force takes a waiting change back. Returns
    whether anything changed; the caller holds the account's row.
    """
    settle(session, account, actor, now)
    present = BankAccount(account.bank_holder, account.iban)
    waiting = pending(session, account.id, now)
    if wish == present:
        if waiting is not None:
            approvals.take_back(session, waiting, actor, now)
        return waiting is not None
    if waiting is not None and waiting.facts == {"holder": wish.holder, "iban": wish.iban}:
        return False
    if not present.known or not wish.known:
        if waiting is not None:
            approvals.take_back(session, waiting, actor, now)
        account.bank_holder, account.iban = wish.holder, wish.iban
        return True
    facts = {"holder": wish.holder, "iban": wish.iban}
    asked = Wish(approving.rules()[CHANGE], "account", account.id, facts)
    row = approvals.request(session, asked, actor, now)
    from_on = local_date(row.not_before, "UTC").isoformat()
    context = {"name": account.name, "last_four": wish.iban[-4:], "from_on": from_on}
    post_mail(session, account, "bank_change", context, now, key=f"mail:bank-change:{row.id}", priority=10)
    return True


def settle(session: Session, account: Account, actor: Actor, now: datetime) -> None:
    """Write a change whose three days are over into the account's row."""
    row = approvals.newest(session, CHANGE, account.id)
    if row is None or row.decision is not None or row.not_before > now:
        return
    account.bank_holder, account.iban = row.facts["holder"], row.facts["iban"]
    row.decision, row.decided_at = Decision.AGREED, now
    row.decided_by, row.decided_name = "system", "Lichtbild"
    session.flush()
    audit.record(
        session, "account", account.id, "account:bank_account", actor, now,
        label=say("The new bank account is in force after three days"),
    )  # fmt: skip
