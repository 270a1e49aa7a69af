"""What the operator does before a letter leaves: complete the recipient, set the price."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from workflow.accounts.queries import operator_profile
from workflow.cases.cadence import zone_of
from workflow.cases.letter_languages import choices_for
from workflow.cases.models import Case, ClaimLine, Offer
from workflow.cases.post.channels import CHOICE_WORDS, why_no_way
from workflow.cases.pricing import FeeFacts, FeeSheet, estimate, tariffs_of
from workflow.cases.services.moving import move
from workflow.cases.states import CaseState, CaseTrigger, ChannelChoice, ClaimNature, LetterKind
from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.calendar import WorkingDays
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused, Stale
from workflow.kernel.ids import new_id
from workflow.kernel.mail import checked_address
from workflow.kernel.money import Money
from workflow.kernel.said import say
from workflow.kernel.vat import VatKind, vat_rate_bp


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """Who is written to, as the operator found out, and from where that is known."""

    name: str
    email: str
    address: str
    country: str
    region: str
    source: str
    channel: ChannelChoice = ChannelChoice.RULE
    #: What letters are written in; empty = by the country.
    language: str = ""


def note_recipient(
    session: Session,
    case_id: uuid.UUID,
    facts: RecipientFacts,
    actor: Actor,
    now: datetime,
    *,
    seen_version: int | None = None,
) -> Case:
    """Write down who operates the page; only before the offer, and always with the source."""
    case = _locked(session, case_id, seen_version)
    if case.state is not CaseState.SUBMITTED:
        raise Refused(say("The recipient cannot be changed after the offer was sent."))
    if not facts.name.strip() or not facts.source.strip():
        raise Refused(say("Please give the name and where it is known from, such as the imprint's address."))
    zone_of(facts.country)
    WorkingDays(facts.country, facts.region or None)
    if facts.language and facts.language not in choices_for(operator_profile(session)):
        raise Refused(
            say("Letters of this instance are not written in this language; the set-up says in which.")
        )
    case.recipient_name = facts.name.strip()
    case.recipient_email = checked_address(facts.email) if facts.email.strip() else ""
    case.recipient_address = facts.address.strip()
    case.recipient_country = facts.country
    case.recipient_region = facts.region
    case.recipient_source = facts.source.strip()
    case.channel = facts.channel
    case.letter_language = facts.language
    if refusal := why_no_way(case, LetterKind.OFFER, "", now.date()):
        raise Refused(refusal)
    case.version += 1
    audit.record(
        session, "case", case.id, "case:note_recipient", actor, now,
        before=case.state.value, after=case.state.value, label=say("Recipient noted"),
        note=say(
            "{name} <{email}>, {country}; letters: {channel}; source: {source}",
            name=facts.name, email=facts.email, country=facts.country, channel=CHOICE_WORDS[facts.channel],
            source=facts.source,
        )[:1000],
    )  # fmt: skip
    session.flush()
    return case


def set_price(
    session: Session,
    case_id: uuid.UUID,
    facts: FeeFacts,
    actor: Actor,
    now: datetime,
    *,
    seen_version: int | None = None,
    net: Money | None = None,
    why: str = "",
) -> Offer:
    """Price the case by the tariff, or by ``net`` with a reason; the sheet is stored with its edition.

    One sheet for every use in the case. The licence carries the operator's VAT rate for licences.
    """
    case = _locked(session, case_id, seen_version)
    day, facts = now.date(), facts.looked_at()
    sheet = estimate(facts, day, tariffs_of(session))
    lines = _lines(case, sheet, net, why)
    total_net = sum((line.net for line in lines[1:]), lines[0].net)
    if total_net.minor <= 0:
        raise Refused(say("The price must be above zero."))
    profile = operator_profile(session)
    if profile is None:
        raise Refused(say("Complete the set-up first: the price needs the operator's VAT country."))
    rate = vat_rate_bp(VatKind.LICENCE, profile.country, day)
    vat = total_net.share_bp(rate)
    number = session.scalar(select(func.count()).select_from(Offer).where(Offer.case_id == case_id)) or 0
    offer = Offer(
        id=new_id(),
        case_id=case_id,
        number=number + 1,
        nature=ClaimNature.CONTRACT,
        net=total_net,
        vat_rate_bp=rate,
        vat=vat,
        total=total_net + vat,
        edition=sheet.edition,
        facts=facts.as_json(),
        sheet=sheet.as_json(),
        made_at=now,
        made_by=actor.name,
        lines=lines,
    )
    session.add(offer)
    session.flush()
    note = why or say("{count} × sheet of edition {edition}", count=len(case.uses), edition=sheet.edition)
    move(session, case_id, CaseTrigger.PRICE, actor, now, note=note, carries={"offer": offer.number})
    return offer


def _lines(case: Case, sheet: FeeSheet, net: Money | None, why: str) -> list[ClaimLine]:
    if net is not None:
        if not why.strip():
            raise Refused(say("A price other than the tariff's needs a reason."))
        return [ClaimLine(position=1, label=why.strip()[:300], nature=ClaimNature.CONTRACT, net=net)]
    return [
        ClaimLine(
            position=position,
            label=say("Licence for the use of “{work_title}”", work_title=use.work_title)[:300],
            nature=ClaimNature.CONTRACT,
            net=sheet.net,
        )
        for position, use in enumerate(case.uses, start=1)
    ]


def _locked(session: Session, case_id: uuid.UUID, seen_version: int | None) -> Case:
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise NotFound(say("This case"))
    if seen_version is not None and case.version != seen_version:
        raise Stale
    return case
