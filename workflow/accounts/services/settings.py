"""Profiles: an owner's, and the one of whoever operates this instance."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy.orm import Session

from workflow.accounts import approving, bank
from workflow.accounts.approving import OPERATOR_SUBJECT
from workflow.accounts.models import Account, OperatorProfile
from workflow.accounts.numbers import checked_bic, checked_iban, checked_vat_id
from workflow.accounts.places import checked_postcode, checked_region
from workflow.accounts.services.joining import vat_id_for
from workflow.accounts.states import REGISTERED, LegalBasis, TaxState
from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.money import Currency
from workflow.kernel.said import say

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Profile:
    """What an owner can change about the account."""

    name: str
    address: str
    country: str
    tax_state: TaxState
    vat_id: str
    bank_holder: str
    iban: str


@dataclass(frozen=True, slots=True)
class OperatorSetUp:
    """The answers of the set-up page; ``logo_document_id`` of ``None`` keeps the present logo."""

    name: str
    legal_basis: LegalBasis
    street: str
    postcode: str
    city: str
    country: str
    region: str
    register_entry: str
    vat_id: str
    contact_name: str
    phone: str
    sender_email: str
    bank_holder: str
    iban: str
    bic: str
    languages: tuple[str, ...]
    currency: Currency
    time_zone: str
    logo_document_id: uuid.UUID | None = None
    authority: str = ""


def change_profile(
    session: Session, account_id: uuid.UUID, wish: Profile, actor: Actor, now: datetime
) -> Account:
    """Store an owner's own facts; every number is checked, nothing is half-written."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound(say("This account"))
    reasons: list[str] = []
    vat_id = _or_reason(reasons, lambda: vat_id_for(wish.tax_state, wish.vat_id, wish.country))
    iban = _or_reason(reasons, lambda: checked_iban(wish.iban)) if wish.iban else ""
    if wish.iban and not wish.bank_holder:
        reasons.append(say("Please tell whose bank account this is."))
    if reasons:
        raise Refused(*reasons)
    wanted = bank.BankAccount(wish.bank_holder, iban or "")
    bank_changed = bank.change(session, account, wanted, actor, now)
    account.name = wish.name
    account.address = wish.address
    account.country = wish.country
    account.tax_state = wish.tax_state
    account.vat_id = vat_id
    session.flush()
    audit.record(
        session, "account", account.id, "account:change_profile", actor, now,
        label=say("Changed the profile"), note=say("Bank account changed") if bank_changed else "",
    )  # fmt: skip
    return account


def change_reading(
    session: Session, account_id: uuid.UUID, language: str, time_zone: str, actor: Actor, now: datetime
) -> Account:
    """Store in which language and zone this person reads; empty = the browser's, the instance's."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound(say("This account"))
    if time_zone and time_zone not in available_timezones():
        raise Refused(say("“{time_zone}” is not a time zone.", time_zone=time_zone))
    account.language, account.time_zone = language, time_zone
    session.flush()
    audit.record(
        session, "account", account.id, "account:change_reading", actor, now,
        label=say("Changed language or time zone"), note=f"{language} {time_zone}".strip(),
    )  # fmt: skip
    return account


def save_set_up(session: Session, wish: OperatorSetUp, actor: Actor, now: datetime) -> OperatorProfile:
    """Store who operates this instance; after this letters may leave."""
    checked = _checked(wish)
    profile = session.get(OperatorProfile, 1, with_for_update=True)
    first = profile is None
    if profile is None:
        profile = OperatorProfile(id=1)
        session.add(profile)
    elif (profile.iban, profile.bank_holder) != (checked["iban"], checked["bank_holder"]):
        facts = {"to": f"{checked['bank_holder']}, {checked['iban']}"}
        approving.require(session, "setup.bank_details", ("operator", OPERATOR_SUBJECT), facts, now)
    for name, value in checked.items():
        if name != "logo_document_id" or value is not None:
            setattr(profile, name, value)
    profile.updated_at = now
    session.flush()
    audit.record(
        session, "operator", OPERATOR_SUBJECT, "operator:set_up", actor, now,
        label=say("Completed the set-up") if first else say("Changed the set-up"),
    )  # fmt: skip
    return profile


def _checked(wish: OperatorSetUp) -> dict[str, object]:
    """The answers with every number in its stored form; :class:`Refused` with every reason."""
    reasons: list[str] = []
    values: dict[str, object] = asdict(wish)
    values["languages"] = list(wish.languages)
    values["postcode"] = _or_reason(reasons, lambda: checked_postcode(wish.postcode, wish.country))
    if wish.region:
        values["region"] = _or_reason(reasons, lambda: checked_region(wish.region, wish.country))
    values["iban"] = _or_reason(reasons, lambda: checked_iban(wish.iban))
    if wish.bic:
        values["bic"] = _or_reason(reasons, lambda: checked_bic(wish.bic))
    if wish.vat_id:
        values["vat_id"] = _or_reason(reasons, lambda: checked_vat_id(wish.vat_id, wish.country))
    if wish.legal_basis in REGISTERED and not wish.register_entry:
        reasons.append(say("A registered collector or law firm names its register and number."))
    if not wish.languages:
        reasons.append(say("Choose at least one language for letters."))
    try:
        ZoneInfo(wish.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        reasons.append(say("“{time_zone}” is not a time zone.", time_zone=wish.time_zone))
    if reasons:
        raise Refused(*reasons)
    return values


def _or_reason(reasons: list[str], check: Callable[[], T]) -> T | None:
    """The checked value, or ``None`` with its refusal added to ``reasons``."""
    try:
        return check()
    except Refused as refusal:
        reasons.extend(refusal.reasons)
        return None
