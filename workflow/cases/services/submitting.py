"""From judged hits to a submitted case: facts copied, evidence sealed, terms frozen, a code made."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from workflow.accounts.models import Account, ContractTerms
from workflow.cases.bargaining.limits import set_limit
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Evidence, Use
from workflow.cases.services.moving import move
from workflow.cases.states import CaseTrigger, EvidenceKind
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.documents import Vault
from workflow.kernel.errors import Refused
from workflow.kernel.ids import case_reference, new_id, normalise_code, secret_code
from workflow.kernel.lifecycle import begin
from workflow.kernel.said import say
from workflow.kernel.secrets import MasterKey

#: What a portal code is looked up by.
CODE_PURPOSE = "portal-code"
MAX_USES = 50


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """Bytes that show a use; copied into the case and sealed with its key."""

    kind: EvidenceKind
    name: str
    media_type: str
    data: bytes
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class UseFacts:
    """What detection and review found out about one use."""

    hit_id: uuid.UUID
    work_id: uuid.UUID
    work_title: str
    page_url: str
    page_title: str
    image_url: str
    found_sha256: str
    first_seen: datetime
    last_seen: datetime
    match_sentence: str
    match_facts: dict[str, Any]
    credit_found: str
    evidence: Sequence[EvidenceFile]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is written to, as far as it is known at submission; the operator completes it."""

    name: str = ""
    email: str = ""
    address: str = ""
    country: str = "DE"
    region: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class NewCase:
    """Everything a rights-holder hands in."""

    host: str
    uses: Sequence[UseFacts]
    attested: str
    recipient: Recipient = field(default_factory=Recipient)
    #: From how many per cent of the sum asked a counter-offer is accepted at once; 100 is never.
    lowest_percent: int = 100


def submit_case(
    session: Session,
    vault: Vault,
    secrets: MasterKey,
    randbelow: Callable[[int], int],
    new: NewCase,
    actor: Actor,
    now: datetime,
) -> Case:
    """Open the case and submit it in one go; :class:`Refused` says what is missing."""
    owner = session.get_one(Account, uuid.UUID(actor.id))
    if not new.uses:
        raise Refused(say("Choose at least one hit to submit."))
    if len(new.uses) > MAX_USES:
        raise Refused(
            say(
                "A case holds at most {max_use} uses. Please submit the rest as a second case.",
                max_use=MAX_USES,
            )
        )
    if not new.attested.strip():
        raise Refused(say("Please confirm that the photograph is yours and that you granted no licence."))
    terms = _terms_of(session, owner)
    code = secret_code(randbelow)
    case = Case(
        id=new_id(),
        reference=_free_reference(session, randbelow),
        owner_id=owner.id,
        owner_name=owner.name,
        terms_version=terms.version,
        owner_share_bp=terms.owner_share_bp,
        operator_share_bp=terms.operator_share_bp,
        attested=new.attested.strip(),
        host=new.host,
        recipient_name=new.recipient.name,
        recipient_email=new.recipient.email,
        recipient_address=new.recipient.address,
        recipient_country=new.recipient.country,
        recipient_region=new.recipient.region,
        recipient_source=new.recipient.source,
        code_lookup=secrets.peppered(normalise_code(code), CODE_PURPOSE),
    )
    begin(session, CASE_LIFECYCLE, case, actor, now)
    sealed = vault.put(
        session, scope_of(case.id), code.encode(), media_type="text/plain", name="portal-code", now=now
    )
    case.code_document_id = sealed.id
    set_limit(session, case.id, new.lowest_percent, actor, now)
    for position, facts in enumerate(new.uses, start=1):
        _add_use(session, vault, case, position, facts, now)
    session.flush()
    session.expire(case, ["uses"])
    return move(session, case.id, CaseTrigger.SUBMIT, actor, now, note=new.attested.strip()[:300])


def scope_of(case_id: uuid.UUID) -> str:
    """The vault's name for the case's key."""
    return f"case:{case_id}"


def _add_use(
    session: Session, vault: Vault, case: Case, position: int, facts: UseFacts, now: datetime
) -> None:
    use = Use(
        id=new_id(),
        case_id=case.id,
        position=position,
        hit_id=facts.hit_id,
        work_id=facts.work_id,
        work_title=facts.work_title,
        page_url=facts.page_url,
        page_title=facts.page_title,
        image_url=facts.image_url,
        found_sha256=facts.found_sha256,
        first_seen=facts.first_seen,
        last_seen=facts.last_seen,
        match_sentence=facts.match_sentence,
        match_facts=facts.match_facts,
        credit_found=facts.credit_found,
    )
    session.add(use)
    session.flush()
    for piece in facts.evidence:
        document = vault.put(
            session, scope_of(case.id), piece.data, media_type=piece.media_type, name=piece.name, now=now
        )
        session.add(
            Evidence(
                case_id=case.id,
                use_id=use.id,
                kind=piece.kind,
                document_id=document.id,
                sha256=document.address,
                captured_at=piece.captured_at,
            )
        )
    session.flush()


def _terms_of(session: Session, owner: Account) -> ContractTerms:
    terms = session.get(ContractTerms, owner.terms_version) if owner.terms_version else None
    if terms is None:
        raise Refused(say("Please accept the terms first: they say how a licence fee is shared."))
    return terms


def _free_reference(session: Session, randbelow: Callable[[int], int]) -> str:
    for _ in range(20):
        reference = case_reference(randbelow)
        if not session.scalar(select(func.count()).select_from(Case).where(Case.reference == reference)):
            return reference
    raise AssertionError("twenty random references in a row were taken")
