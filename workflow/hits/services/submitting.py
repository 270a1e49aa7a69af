"""From judged hits to a submitted case: evidence gathered first, then everything in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from workflow.cases.models import Case
from workflow.cases.services import EvidenceFile, NewCase, Recipient, UseFacts, submit_case
from workflow.cases.services.submitting import MAX_USES
from workflow.cases.states import EvidenceKind
from workflow.hits import crawled
from workflow.hits.guards import reasons_against
from workflow.hits.lifecycle import HIT_LIFECYCLE
from workflow.hits.models import Hit
from workflow.hits.queries import owner_key
from workflow.hits.states import HitState, HitTrigger, Verdict
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.lifecycle import advance
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.works.models import Work

_ORDER = {EvidenceKind.PHOTOGRAPH: 0, EvidenceKind.FOUND_IMAGE: 1, EvidenceKind.PAGE: 2}


@dataclass(frozen=True, slots=True)
class Attestation:
    """What the rights-holder confirms, in the words that stood beside the boxes."""

    sentences: tuple[str, ...]
    note: str = ""
    #: From how many per cent of the sum asked a counter-offer is accepted at once; 100 is never.
    lowest_percent: int = 100

    @property
    def text(self) -> str:
        """As it is kept with the case."""
        lines = [
            *self.sentences,
            *([say("Note: {strip}", strip=self.note.strip())] if self.note.strip() else []),
        ]
        return "\n".join(lines)


#: The evidence of each hit, read before the transaction.
Gathered = dict[uuid.UUID, tuple[EvidenceFile, ...]]


def gather(runtime: Runtime, hit_ids: Sequence[uuid.UUID], actor: Actor, now: datetime) -> Gathered:
    """Read both pictures and the page of every hit; writes nothing. :class:`Refused` when one is gone."""
    found: Gathered = {}
    with runtime.database.reading() as session:
        for hit_id in list(dict.fromkeys(hit_ids))[:MAX_USES]:
            hit = session.get(Hit, hit_id)
            if hit is None or hit.owner_id != owner_key(actor):
                raise NotFound(say("This hit"))
            found[hit.id] = _evidence_of(runtime, session, hit, now)
    return found


def submit_hits(
    session: Session,
    runtime: Runtime,
    hit_ids: Sequence[uuid.UUID],
    gathered: Gathered,
    attestation: Attestation,
    actor: Actor,
    now: datetime,
) -> Case:
    """Make one case of these hits of one domain and hand it in; the case or nothing.

    Sent twice, the second finds the case of the first. :class:`Refused` names every reason.
    """
    hits = _locked(session, hit_ids, actor)
    already = _case_of(session, hits)
    if already is not None:
        return already
    reasons = [f"{hit.page_url[:80]}: {reason}" for hit in hits for reason in _against(session, hit)]
    if len({hit.domain for hit in hits}) > 1:
        reasons.append(say("The hits lie on different domains. Please make a case for each."))
    if reasons:
        raise Refused(*reasons[:20])
    case = submit_case(
        session,
        runtime.vault,
        runtime.secrets,
        runtime.randbelow,
        NewCase(
            host=_host_of(hits),
            uses=[_use_of(session, hit, gathered[hit.id]) for hit in hits],
            attested=attestation.text,
            recipient=_recipient_of(hits),
            lowest_percent=attestation.lowest_percent,
        ),
        actor,
        now,
    )
    for hit in hits:
        advance(
            session, HIT_LIFECYCLE, hit.id, HitTrigger.SUBMIT, actor, now,
            note=case.reference, carries={"case_id": case.id},
        )  # fmt: skip
    return case


def _locked(session: Session, hit_ids: Sequence[uuid.UUID], actor: Actor) -> list[Hit]:
    wanted = list(dict.fromkeys(hit_ids))
    if not wanted:
        raise Refused(say("Choose at least one hit to submit."))
    if len(wanted) > MAX_USES:
        raise Refused(
            say(
                "A case holds at most {max_use} hits. Please submit the rest as a second case.",
                max_use=MAX_USES,
            )
        )
    found = session.scalars(
        select(Hit)
        .where(Hit.id.in_(wanted), Hit.owner_id == owner_key(actor))
        .order_by(Hit.id)
        .with_for_update()
    ).all()
    if len(found) != len(wanted):
        raise NotFound(say("This hit"))
    return list(found)


def _case_of(session: Session, hits: Sequence[Hit]) -> Case | None:
    """The case all of them are part of already; :class:`Refused` when only some are."""
    cases = {hit.case_id for hit in hits}
    if cases == {None}:
        return None
    if len(cases) > 1:
        raise Refused(say("Some of these hits are part of a case already. Please look at the list again."))
    return session.get_one(Case, cases.pop())


def _against(session: Session, hit: Hit) -> list[str]:
    reasons = reasons_against(session, hit)
    if hit.state is not HitState.REVIEWED or hit.verdict is not Verdict.ILLEGAL:
        reasons.append(say("Mark the hit as illegal first."))
    return reasons


def _host_of(hits: Sequence[Hit]) -> str:
    hosts = {hit.host for hit in hits}
    return hosts.pop() if len(hosts) == 1 else hits[0].domain


def _recipient_of(hits: Sequence[Hit]) -> Recipient:
    """What was found on the pages, for the operator to confirm; the first hit that says anything."""
    told = next((hit for hit in hits if hit.operator_name or hit.operator_email), hits[0])
    return Recipient(
        name=told.operator_name[:200],
        email=told.operator_email[:200],
        address=told.operator_address,
        country=told.operator_country,
        source=told.operator_source[:300],
    )


def _use_of(session: Session, hit: Hit, evidence: tuple[EvidenceFile, ...]) -> UseFacts:
    work = session.get_one(Work, hit.work_id)
    return UseFacts(
        hit_id=hit.id,
        work_id=work.id,
        work_title=work.title,
        page_url=hit.page_url,
        page_title=hit.page_title,
        image_url=hit.image_url,
        found_sha256=hit.found_sha256,
        first_seen=hit.first_seen,
        last_seen=hit.last_seen,
        match_sentence=hit.sentence,
        match_facts=match_facts(hit),
        credit_found=hit.credit_found,
        evidence=evidence,
    )


def match_facts(hit: Hit) -> dict[str, object]:
    """What the case keeps of the match: lengths in pixels of the found picture, shares in 0..1."""
    return {
        "kind": hit.kind.value,
        "certainty": hit.certainty.value,
        "inliers": hit.inliers,
        "pdq_distance": hit.pdq_distance,
        "mirrored": hit.mirrored,
        "visible_share": hit.visible_share,
        "covered_share": hit.covered_share,
        "outline": hit.outline,
        "found_width": hit.found_width,
        "found_height": hit.found_height,
        "channel": hit.channel,
        "alt": hit.alt,
        "first_seen_source": hit.first_seen_source,
        "last_seen_source": hit.last_seen_source,
        "licence": hit.licence.value,
        "licence_reasons": hit.licence_reasons,
        "fee_facts": hit.fee_facts,
        "fee_reasons": hit.fee_reasons,
    }


def _evidence_of(runtime: Runtime, session: Session, hit: Hit, now: datetime) -> tuple[EvidenceFile, ...]:
    work = session.get_one(Work, hit.work_id)
    ours = EvidenceFile(
        EvidenceKind.PHOTOGRAPH, "photograph.jpg", "image/jpeg",
        runtime.vault.get(session, work.display_document_id), now,
    )  # fmt: skip
    found = crawled.found_picture(session, runtime.config.crawl_dir, hit.found_sha256)
    pieces = [
        ours,
        EvidenceFile(
            EvidenceKind.FOUND_IMAGE, f"found.{found.suffix}", found.media_type, found.data, hit.observed_at
        ),
    ]
    page = crawled.page_as_fetched(session, runtime.config.crawl_dir, hit.page_url)
    if page is not None:
        pieces.append(EvidenceFile(EvidenceKind.PAGE, "page.html", "text/html", page.body, page.fetched_at))
    return tuple(sorted(pieces, key=lambda piece: _ORDER[piece.kind]))
