"""“I pay by transfer”: our clocks stand still until the money is here or a person asks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from workflow.accounts.models import OperatorProfile
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case
from workflow.cases.payment_reference import rf_reference
from workflow.cases.services import move
from workflow.cases.states import CaseTrigger, HoldKind
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.epc import epc_svg, in_fours
from workflow.kernel.errors import Refused
from workflow.kernel.money import Money
from workflow.kernel.said import say


@dataclass(frozen=True, slots=True)
class BankDetails:
    """What a transfer needs; ``qr`` fills it in a bank's app (euro only)."""

    holder: str
    iban: str
    bic: str
    amount: Money
    reference: str
    qr: Markup | None


def bank_details(profile: OperatorProfile, case: Case, amount: Money, label: str) -> BankDetails:
    """Where to and with which reference ``amount`` is paid for this case; ``label`` names the code."""
    rf = rf_reference(case.reference)
    return BankDetails(
        holder=profile.bank_holder, iban=in_fours(profile.iban), bic=profile.bic, amount=amount,
        reference=in_fours(rf), qr=epc_svg(profile.bank_holder, profile.iban, profile.bic, amount, rf, label),
    )  # fmt: skip


def announce_transfer(session: Session, case_id: uuid.UUID, actor: Actor, now: datetime) -> Case:
    """Stop our clocks for a transfer that is on its way; saying it twice is saying it once."""
    case = session.get_one(Case, case_id, with_for_update=True, populate_existing=True)
    if CASE_LIFECYCLE.find(case.state, CaseTrigger.RECEIVE_PAYMENT) is None:
        raise Refused(say("Nothing can be paid for this case now."))
    if any(hold.kind is HoldKind.PAYMENT_PENDING and hold.closed_at is None for hold in case.holds):
        return case
    note = say("A bank transfer was announced.")
    carries = {"kind": HoldKind.PAYMENT_PENDING}
    return move(session, case_id, CaseTrigger.HOLD, actor, now, note=note, carries=carries)
