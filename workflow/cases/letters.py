"""What a letter says: the facts of the case in the words the templates expect (templates/documents/).

A letter is decided by the life cycle, printed by the worker, stored sealed, then sent. Each PDF can be
printed again from the same rows with the same bytes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from workflow.accounts.contract import country_name, sender_of
from workflow.accounts.models import OperatorProfile
from workflow.accounts.queries import account, operator_profile
from workflow.cases.cadence import zone_of
from workflow.cases.calculation import calculation_of
from workflow.cases.contents import addressed, lacking, required
from workflow.cases.letter_languages import editions_of
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Evidence, Letter, Offer, Use
from workflow.cases.payment_reference import rf_reference
from workflow.cases.post.channels import address_lines
from workflow.cases.states import (
    ASKING,
    CaseState,
    Channel,
    ClaimNature,
    ClosedReason,
    EvidenceKind,
    LetterKind,
)
from workflow.kernel.actors import Role
from workflow.kernel.calendar import local_date
from workflow.kernel.db import Session
from workflow.kernel.documents import Vault
from workflow.kernel.errors import Refused
from workflow.kernel.pdf import ENGLISH, Press
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import Said, say

PICTURE_SIDE = 1000
OVER = (CaseState.PAID, CaseState.CLOSED, CaseState.SETTLED, CaseState.REJECTED)
AGREED = (CaseState.AGREED, CaseState.IN_INSTALMENTS)
HANDED_OVER = (CaseState.WITH_PARTNER, CaseState.IN_COURT)

TURN_WORDS = {
    Role.RIGHTS_HOLDER: say("the rights-holder's"),
    Role.OPERATOR: say("the operator's"),
    Role.INFRINGER: say("the recipient's"),
    Role.LEGAL_PARTNER: say("the legal partner's"),
    Role.SYSTEM: say("nobody's, the date decides"),
}
#: The steps of the cadence in the words of the reminder template.
REMINDER_KINDS = {
    "friendly_reminder": "friendly",
    "second_reminder": "second",
    "last_offer": "last_offer",
}


@dataclass(frozen=True, slots=True)
class Printable:
    """One document to print: its template, what it says, its pictures, its title and file name."""

    template: str
    context: dict[str, Any]
    images: dict[str, bytes]
    title: str
    file_name: str
    languages: tuple[str, ...] = (ENGLISH,)

    def written(self, press: Press) -> str:
        """The finished HTML."""
        return press.written(self.template, self.context, self.languages)

    def pdf(self, press: Press) -> bytes:
        """The PDF; the same every time."""
        return press.render(self.template, self.context, self.images, self.languages)


def why_not_send(case: Case, letter: Letter) -> str | None:
    """Asked in the very transaction before a letter leaves: is it still right to send it?"""
    if letter.kind is LetterKind.PAID and case.closed_reason not in (None, ClosedReason.PAID):
        return say("The payment was given back before this letter left.")
    if letter.kind not in ASKING:
        return None
    if case.state in OVER:
        return say("The case was paid or closed before this letter left.")
    if case.state in AGREED:
        return say("A sum was agreed before this letter left.")
    if case.state in HANDED_OVER:
        return say("A legal partner took over before this letter left.")
    if any(hold.closed_at is None for hold in case.holds):
        return say("An answer came in before this letter left.")
    return None


def current_offer(session: Session, case_id: uuid.UUID) -> Offer | None:
    """What is asked now: the latest offer."""
    return session.scalars(
        select(Offer).where(Offer.case_id == case_id).order_by(Offer.number.desc()).limit(1)
    ).first()


def _offer_of(session: Session, letter: Letter) -> Offer | None:
    """What was asked when this letter was decided."""
    asked = select(Offer).where(Offer.case_id == letter.case_id, Offer.made_at <= letter.queued_at)
    return session.scalars(asked.order_by(Offer.number.desc()).limit(1)).first()


def printables(session: Session, runtime: Runtime, letter: Letter, case: Case) -> list[Printable]:
    """The documents of a letter in its languages, the main one first."""
    languages = editions_of(letter)
    return [replace(item, languages=languages) for item in _printables(session, runtime, letter, case)]


def _printables(session: Session, runtime: Runtime, letter: Letter, case: Case) -> list[Printable]:
    profile = operator_profile(session)
    if profile is None:
        raise Refused(say("The set-up is not complete: a letter must say who sends it."))
    frame = _frame(session, runtime, profile, case, letter)
    images = _images(session, runtime, case.uses[0])
    name = f"{case.reference} "
    if letter.kind is LetterKind.PAID:
        # answers the payment: what was asked is what was paid
        paid = {**frame, **letter.facts}
        # on paper somebody must be addressed: a certificate has no window
        cover = [Printable("letter_enclosed", {**paid, "paid_on": _paid_on(case)}, {},
                           say("Letter with licence and receipt"), f"{name}letter.pdf")]  # fmt: skip
        return [
            *(cover if letter.channel is not Channel.MAIL else ()),
            Printable("licence_certificate", {**frame, **_licence(session, case, frame)},
                      {"work": images["work"]}, say("Licence certificate"), f"{name}licence.pdf"),
            Printable("receipt", {**paid, **_receipt(case, letter)}, {},
                      say("Receipt"), f"{name}receipt.pdf"),
        ]  # fmt: skip
    if letter.kind is LetterKind.CLOSING:
        assert case.closed_reason is not None
        told = {"closing_reason": case.closed_reason.value, "closed_on": _closed_on(case, letter), "note": ""}
        return [
            Printable("letter_closing", {**frame, **told}, {}, say("Closing letter"), f"{name}closing.pdf")
        ]
    if letter.kind is LetterKind.REMINDER:
        told = {"kind": REMINDER_KINDS[letter.step]}
        title = letter.step.replace("_", " ").capitalize()
        return [Printable("letter_reminder", {**frame, **told}, images, title, f"{name}reminder.pdf")]
    if letter.kind is LetterKind.DUNNING:
        told = _dates(letter.facts)
        title = letter.step.replace("_", " ").capitalize()
        return [Printable("letter_dunning", {**frame, **told}, {}, title, f"{name}formal reminder.pdf")]
    assert letter.kind is LetterKind.OFFER
    told = {"data_source": case.recipient_source}
    offer = _offer_of(session, letter)
    sheet = calculation_of(case, offer) if offer is not None else None
    calculation = [] if sheet is None else [
        Printable("claim_summary", {**frame, **sheet}, images, say("Calculation"), f"{name}calculation.pdf")
    ]  # fmt: skip
    return [Printable("letter_offer", {**frame, **told}, images, "Offer", f"{name}offer.pdf"), *calculation]


def code_of(session: Session, vault: Vault, case: Case) -> str:
    """The portal code again, from its sealed copy."""
    assert case.code_document_id is not None
    return vault.get(session, case.code_document_id).decode()


def portal_link(runtime: Runtime, case: Case, code: str) -> str:
    """The address with the code in its fragment, which no server and no log ever sees."""
    return f"{runtime.config.portal_url}/c/{quote(case.reference)}#code={quote(code)}"


def _frame(
    session: Session, runtime: Runtime, profile: OperatorProfile, case: Case, letter: Letter
) -> dict[str, Any]:
    use = case.uses[0]
    zone = zone_of(case.recipient_country)
    offer = current_offer(session, case.id)
    assert offer is not None, "a letter without a price"
    code = code_of(session, runtime.vault, case)
    title: str = use.work_title
    if len(case.uses) > 1:
        title = say("{title} and {count} more", title=use.work_title, count=len(case.uses) - 1)
    return {
        "today": letter.on,
        "reference": case.reference,
        "sender": {**sender_of(profile), "address_lines": _sender_lines(profile, case, letter)},
        "recipient_lines": window_lines(case, profile.country),
        "owner_name": case.owner_name,
        "work_title": title,
        "page_url": use.page_url,
        "page_title": use.page_title or case.host,
        "first_seen": local_date(use.first_seen, zone),
        "last_seen": local_date(use.last_seen, zone),
        "picture_left": "image:work",
        "picture_right": "image:found",
        "lines": [{"label": line.label, "net": line.net} for line in offer.lines],
        "net": offer.net,
        "vat_rate": f"{offer.vat_rate_bp / 100:g} %",
        "vat": offer.vat,
        "total": offer.total,
        "nature": offer.nature.value,
        "answer_by": letter.answer_by,
        "offered_on": case.offered_on,
        "code": code,
        "portal_url": runtime.config.portal_url,
        "portal_link": portal_link(runtime, case, code),
        "owner_address": _owner_address(session, profile, case, letter),
        "bank": {
            "holder": profile.bank_holder,
            "iban": profile.iban,
            "bic": profile.bic,
            "rf": rf_reference(case.reference),
        },
    }


def _owner_address(session: Session, profile: OperatorProfile, case: Case, letter: Letter) -> str:
    """In one line where the letter has to tell it, else nothing: nobody's address is told without need."""
    letter_to = addressed(case, profile, letter.kind, current_offer(session, case.id), letter.on)
    if all(each.id != "client_address" for each in required(letter_to)):
        return ""
    return ", ".join(account(session, case.owner_id).address.split("\n"))


def why_incomplete(
    session: Session, runtime: Runtime, letter: Letter, case: Case, main: Printable
) -> list[Said]:
    """What the finished main document of a letter lacks; empty when it says all it must."""
    profile = operator_profile(session)
    if profile is None or letter.kind is LetterKind.PAID:
        return []
    letter_to = addressed(case, profile, letter.kind, current_offer(session, case.id), letter.on)
    return lacking(main.written(runtime.press), letter_to)


def _sender_lines(profile: OperatorProfile, case: Case, letter: Letter) -> list[str]:
    """The sender's address; the country only where it is another one, as the letter's language names it."""
    if profile.country == case.recipient_country:
        return profile.address_lines
    return [*profile.address_lines, country_name(profile.country, editions_of(letter)[0])]


def _licence(session: Session, case: Case, frame: dict[str, Any]) -> dict[str, Any]:
    use = case.uses[0]
    original = session.scalars(
        select(Evidence).where(Evidence.use_id == use.id, Evidence.kind == EvidenceKind.PHOTOGRAPH)
    ).one()
    past_only = frame["nature"] == ClaimNature.DAMAGES.value
    return {
        "licence_number": f"L-{case.reference}",
        "granted_on": _paid_on(case),
        "licensee_lines": frame["recipient_lines"],
        "work_sha256": original.sha256,
        "picture": "image:work",
        "use": say("Use on the page named below, past use only")
        if past_only
        else say("Use on the page named below"),
        "territory": say("worldwide, as a page on the web"),
        "used_from": frame["first_seen"],
        "valid_until": _paid_on(case) if past_only else None,
        "credit_line": use.credit_found or f"© {case.owner_name}",
        "verify_url": f"{frame['portal_url']}/verify/{case.reference}",
    }


def _receipt(case: Case, letter: Letter) -> dict[str, Any]:
    return {
        "receipt_number": f"R-{case.reference}",
        "paid_on": _paid_on(case),
        "method": letter.facts.get("method", "card"),
        "supplied_on": _paid_on(case),
    }


def _paid_on(case: Case) -> date:
    assert case.paid_at is not None
    return local_day(case, case.paid_at)


def _closed_on(case: Case, letter: Letter) -> date:
    return local_day(case, case.closed_at) if case.closed_at else letter.on


def _images(session: Session, runtime: Runtime, use: Use) -> dict[str, bytes]:
    pictures: dict[str, bytes] = {}
    for kind, name in ((EvidenceKind.PHOTOGRAPH, "work"), (EvidenceKind.FOUND_IMAGE, "found")):
        piece = session.scalars(
            select(Evidence).where(Evidence.use_id == use.id, Evidence.kind == kind)
        ).one()
        data = runtime.vault.get(session, piece.document_id)
        pictures[name] = runtime.decoder.normalise(data, PICTURE_SIDE)
    return pictures


def _dates(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if value and name.endswith(("_date", "_since")) else value
        for name, value in facts.items()
    }


def window_lines(case: Case, sender_country: str) -> list[str]:
    """Name and address as the window shows them; abroad the country stands last, in capitals."""
    lines = [case.recipient_name, *address_lines(case.recipient_address)]
    if case.recipient_country != sender_country:
        lines = [*lines[:5], country_name(case.recipient_country).upper()]
    return lines[:6]


def whose_turn(case: Case) -> str:
    """Who is expected to act now, as a word."""
    role = CASE_LIFECYCLE.states[case.state].waits_for
    if any(hold.closed_at is None for hold in case.holds):
        return say("the operator's")
    return say("nobody's, it is over") if role is None else TURN_WORDS[role]


def local_day(case: Case, moment: datetime) -> date:
    """Which day it is where the recipient lives."""
    return local_date(moment, zone_of(case.recipient_country))
