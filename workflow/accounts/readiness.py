"""What an instance still needs before letters, payments and payouts work: words, and answers of people.

The items themselves are derived in ``cases`` (they need the tariff).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, select

from workflow.accounts.models import Account
from workflow.accounts.notice_tables import Acknowledgement
from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.said import Said, say

#: What operators confirm by pressing a button, because no program can see it.
MASTER_KEY_KEPT = "master_key_kept"
FIRST_STEPS_DONE = "first_steps_done"


class Blocks(StrEnum):
    """What cannot happen while an item is open."""

    #: No offer can be sent.
    LETTERS = "letters"
    #: Nobody can pay by card.
    PAYMENTS = "payments"
    #: No share can be paid out.
    PAYOUTS = "payouts"
    #: Nothing stands still, but somebody should know.
    NOTHING = "nothing"


BLOCKS_WORDS: dict[Blocks, Said] = {
    Blocks.LETTERS: say("Letters"),
    Blocks.PAYMENTS: say("Payments"),
    Blocks.PAYOUTS: say("Payouts"),
    Blocks.NOTHING: say("Nothing"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist: what, whether it is done, why (not), and where to change it."""

    key: str
    what: Said
    done: bool
    #: What it is now, or what is missing.
    why: Said
    blocks: tuple[Blocks, ...] = ()
    #: Endpoint and arguments of the page that changes it; empty = none.
    endpoint: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    anchor: str = ""
    #: What to type or to set on the server, for what no page can change.
    command: str = ""
    #: Only letters by e-mail need it; a letter on paper leaves without.
    by_mail_only: bool = False
    #: What was ordered waits until this works again; nothing needs to be refused meanwhile.
    only_waits: bool = False

    @property
    def is_open(self) -> bool:
        """Whether something stands still because of it."""
        return not self.done and any(each is not Blocks.NOTHING for each in self.blocks)


def open_items(items: Iterable[Item], what: Blocks) -> list[Item]:
    """Those that keep ``what`` from happening."""
    return [item for item in items if not item.done and what in item.blocks]


def acknowledged(session: Session, what: str) -> tuple[Account, datetime] | None:
    """Who said last that it is done, and when (business time)."""
    row = session.execute(
        select(Account, Acknowledgement.at)
        .join(Acknowledgement, Acknowledgement.account_id == Account.id)
        .where(Acknowledgement.what == what)
        .order_by(Acknowledgement.at.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def has_acknowledged(session: Session, account_id: uuid.UUID, what: str) -> bool:
    """Whether this very person said so."""
    return session.scalar(_own(account_id, what)) is not None


def acknowledge(session: Session, what: str, actor: Actor, now: datetime, label: str) -> None:
    """Write down that this person says it is done; saying it again moves the day."""
    account_id = uuid.UUID(actor.id)
    row = session.scalars(_own(account_id, what)).first()
    if row is None:
        session.add(Acknowledgement(account_id=account_id, what=what, at=now))
    else:
        row.at = now
    session.flush()
    audit.record(session, "account", account_id, f"account:{what}", actor, now, label=label)


def _own(account_id: uuid.UUID, what: str) -> Select[Acknowledgement]:
    return select(Acknowledgement).where(
        Acknowledgement.account_id == account_id, Acknowledgement.what == what
    )
