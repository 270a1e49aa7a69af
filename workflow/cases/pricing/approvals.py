"""Whether this instance asks for prices of a neutral tariff: somebody answers for that by name.

A neutral tariff ships with the program and is no survey of any market. An offer priced by it leaves only
once a person of the office approved the edition, and not any more after that was taken back. Prices from
the rights-holder's own invoices, and prices an operator set by hand with a reason, need no approval.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from workflow.cases.pricing import tariff_files
from workflow.cases.pricing.editions import known, tariff_on, tariffs_of
from workflow.cases.pricing.quoting import again
from workflow.cases.pricing.tariff_files import NAME_LENGTH
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Base, Session
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.money import Money
from workflow.kernel.said import Said, say

NOTE_LENGTH = 500


class TariffApproval(Base):
    """One decision about one edition. Append-only; the newest row of an edition counts."""

    __tablename__ = "tariff_approvals"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    edition: Mapped[str] = mapped_column(String(NAME_LENGTH), index=True)
    #: ``False``: taken back.
    approved: Mapped[bool]
    note: Mapped[str] = mapped_column(String(NOTE_LENGTH))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))


def decisions_on(session: Session, edition: str) -> list[TariffApproval]:
    """Every decision about the edition, the newest first."""
    asked = select(TariffApproval).where(TariffApproval.edition == edition)
    return list(session.scalars(asked.order_by(TariffApproval.at.desc(), TariffApproval.id.desc())))


def approval_of(session: Session, edition: str) -> TariffApproval | None:
    """The approval that stands, or ``None``."""
    newest = next(iter(decisions_on(session, edition)), None)
    return newest if newest is not None and newest.approved else None


def decide_on_tariff(
    session: Session, edition: str, *, approved: bool, note: str, actor: Actor, now: datetime
) -> TariffApproval:
    """Approve a neutral edition for the offers of this instance, or take that back; both say why.

    :class:`NotFound` for an unknown edition; :class:`Refused` for a licensed one, which needs none, without
    a reason, and when it was decided so already.
    """
    assert actor.role in (Role.OPERATOR, Role.SYSTEM)
    tariff = next((each.tariff for each in known(session) if each.tariff.edition == edition), None)
    if tariff is None:
        raise NotFound(say("This tariff"))
    if not tariff.example:
        raise Refused(say("A tariff you have licensed needs no approval."))
    if not note.strip():
        raise Refused(say("Please say why, in a sentence."))
    if (approval_of(session, edition) is not None) is approved:
        raise Refused(say("This was decided already."))
    row = TariffApproval(
        edition=edition, approved=approved, note=note.strip()[:NOTE_LENGTH], at=now, by=actor.name
    )
    session.add(row)
    session.flush()
    audit.record(
        session, "tariff", row.id, "tariff:approve" if approved else "tariff:take_back", actor, now,
        label=say("Approved a neutral tariff") if approved else say("Took the approval of a tariff back"),
        note=f"{edition}: {row.note}"[:1000],
    )  # fmt: skip
    return row


def why_not_approved(
    session: Session, edition: str, facts: Mapping[str, Any], nets: Sequence[Money]
) -> Said | None:
    """Why an offer with lines of these sums cannot leave yet, as far as its tariff goes."""
    if all(each.edition != edition or not each.example for each in tariff_files.shipped()):
        return None
    if approval_of(session, edition) is not None:
        return None
    sheet = again(facts, edition, tariffs_of(session))
    if not sheet.example or any(net != sheet.net for net in nets):
        return None
    return say(
        "The price rests on the neutral example tariff, which nobody has approved for this instance. Approve "
        "it under Set-up, Tariffs, load a licensed one, or set a price of your own with its reason."
    )


def tariff_today(session: Session, on: date) -> tuple[bool, Said]:
    """Whether offers of that day can be priced by a tariff and leave, and why (not)."""
    try:
        tariff = tariff_on(session, on)
    except Refused:
        return False, say("No tariff is in force today: prices are set by hand.")
    if not tariff.example:
        return True, say("A tariff of yours is loaded.")
    approval = approval_of(session, tariff.edition)
    if approval is None:
        return False, say(
            "Only the neutral example is loaded, and nobody has approved it: load one you have licensed, or "
            "answer for the example."
        )
    return True, say(
        "{name} approved the neutral example on {day}. Load a licensed tariff when you have one.",
        name=approval.by, day=approval.at.date(),
    )  # fmt: skip
