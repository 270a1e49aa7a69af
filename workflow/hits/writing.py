"""From matches and sightings to hits: what the page tells, which rule holds, what was seen again."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from detection.types import Certainty
from workflow.accounts import notices
from workflow.accounts.models import Account
from workflow.accounts.queries import zone_name
from workflow.cases.passport.queries import covering, why_covered
from workflow.cases.pricing import FeeSheet, estimate, from_stored, tariffs_of
from workflow.hits import crawled
from workflow.hits.crawled import Find
from workflow.hits.imprint import PATH, OperatorFacts, read_imprint
from workflow.hits.judging_facts import fee_facts, licence_likelihood
from workflow.hits.lifecycle import HIT_LIFECYCLE
from workflow.hits.models import DomainRule, FoundMatch, Hit
from workflow.hits.page_facts import PageFacts, noon, read_page
from workflow.hits.services.ruling import sentence_of
from workflow.hits.states import HitState, HitTrigger, Verdict
from workflow.kernel.actors import SYSTEM
from workflow.kernel.calendar import local_date
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.failpoints import failpoint
from workflow.kernel.hosts import host_of, registrable
from workflow.kernel.ids import new_id
from workflow.kernel.lifecycle import advance, begin
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.works.models import Work

BATCH = 50
OBSERVED: str = say("Seen by our search")
#: Whose days group the notices of new hits before the set-up.
DEFAULT_ZONE = "Europe/Berlin"

Tell = Callable[[str, int, int], None]


@dataclass(slots=True)
class Written:
    """What became of the finds of one run."""

    new: int = 0
    again: int = 0
    #: SHA-256 of the pictures of new hits.
    pictures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """What the page and its site say."""

    page: PageFacts
    operator: OperatorFacts


def write_hits(runtime: Runtime, tell: Tell) -> Written:
    """A hit for every match on every page that shows the picture; old ones are only seen again."""
    written, imprints = Written(), dict[str, OperatorFacts]()
    shift = runtime.clock.business() - runtime.clock.wall()
    with runtime.database.reading() as session:
        total = crawled.count_finds(session)
    for batch in _batches(runtime):
        with runtime.database.reading() as session:
            told = {
                find.page_url: _told(runtime, session, find, imprints)
                for find in batch
                if find.hit_id is None
            }
        failpoint("hits.after_read")
        with runtime.database.transaction() as session:
            now, shown = runtime.clock.business(), Counter[uuid.UUID]()
            for find in batch:
                if find.hit_id is None:
                    hit = _write(session, find, told[find.page_url], shift, now, written)
                    shown[hit.owner_id] += hit.state is HitState.SHOWN
                else:
                    _see_again(session, find, shift, written)
            day = local_date(now, zone_name(session) or DEFAULT_ZONE)
            for owner_id in sorted(owner for owner, count in shown.items() if count):
                notices.count_hits(session, owner_id, shown[owner_id], day, now)
            failpoint("hits.before_commit")
        failpoint("hits.after_commit")
        tell("Writing hits", written.new + written.again, total)
    return written


def _batches(runtime: Runtime) -> Iterator[list[Find]]:
    """Finds without a hit or newer than it, a page's largest picture first."""
    while True:
        with runtime.database.reading() as session:
            batch = crawled.finds(session, BATCH)
        if not batch:
            return
        yield batch


def _told(runtime: Runtime, session: Session, find: Find, imprints: dict[str, OperatorFacts]) -> Told:
    page = crawled.page_as_fetched(session, runtime.config.crawl_dir, find.page_url)
    facts = read_page(page.body, find.page_url) if page else PageFacts()
    host = host_of(find.page_url)
    if host not in imprints:
        imprints[host] = _operator_of(runtime, session, host)
    return Told(facts, imprints[host])


def _operator_of(runtime: Runtime, session: Session, host: str) -> OperatorFacts:
    for url in crawled.pages_of_host(session, host):
        if PATH.search(url):
            page = crawled.page_as_fetched(session, runtime.config.crawl_dir, url)
            facts = read_imprint(page.body, url) if page else None
            if facts is not None:
                return facts
    return OperatorFacts()


def _write(
    session: Session, find: Find, told: Told, shift: timedelta, now: datetime, written: Written
) -> Hit:
    work = session.get_one(Work, find.work_id)
    match = session.get_one(FoundMatch, (find.sha256, find.work_id))
    hit = _hit_of(find, told, work, match, shift, now)
    _add_judged(session, hit, told, work)
    begin(session, HIT_LIFECYCLE, hit, SYSTEM, now, note=hit.sentence)
    verdict, why = _aside(session, hit)
    if verdict is None:
        advance(session, HIT_LIFECYCLE, hit.id, HitTrigger.SHOW, SYSTEM, now)
    else:
        advance(
            session, HIT_LIFECYCLE, hit.id, HitTrigger.SET_ASIDE, SYSTEM, now,
            note=why, carries={"verdict": verdict},
        )  # fmt: skip
    written.new += 1
    written.pictures.append(hit.found_sha256)
    return hit


def _hit_of(find: Find, told: Told, work: Work, match: FoundMatch, shift: timedelta, now: datetime) -> Hit:
    seen_first, source = find.first_seen + shift, OBSERVED
    if told.page.published and noon(told.page.published) < seen_first:
        seen_first, source = noon(told.page.published), told.page.published_source
    host = host_of(find.page_url)
    return Hit(
        id=new_id(), owner_id=work.owner_id, work_id=work.id,
        page_url=find.page_url, page_key=page_key(find.page_url), page_title=find.page_title[:500],
        host=host, domain=registrable(host), image_url=find.image_url, found_sha256=find.sha256,
        found_width=find.width, found_height=find.height, channel=find.channel[:40], alt=find.alt[:500],
        credit_found=find.credit[:300],
        kind=match.kind, certainty=match.certainty, inliers=match.inliers, pdq_distance=match.pdq_distance,
        mirrored=match.mirrored, visible_share=match.visible_share, covered_share=match.covered_share,
        outline=match.outline, sentence=match.sentence,
        first_seen=seen_first, first_seen_source=source,
        last_seen=find.last_seen + shift, last_seen_source=OBSERVED, observed=find.observed,
        operator_name=told.operator.name[:300], operator_email=told.operator.email[:300],
        operator_address=told.operator.address, operator_country=told.operator.country,
        operator_source=told.operator.source, found_at=now,
    )  # fmt: skip


def page_key(url: str) -> str:
    """What an index holds instead of the address."""
    return hashlib.sha256(url.encode()).hexdigest()


def _add_judged(session: Session, hit: Hit, told: Told, work: Work) -> None:
    """The two guesses: is it licensed, what would it have cost."""
    owner = session.get_one(Account, hit.owner_id)
    names = [name for name in (owner.name, work.creator, work.credit_line) if name]
    licensed = licence_likelihood(hit.credit_found, names, told.page)
    guessed = fee_facts(
        told.page,
        told.operator,
        longest_side=hit.longest_side,
        first_seen=hit.first_seen.date(),
        last_seen=hit.last_seen.date(),
        credited=licensed.credited,
    )
    hit.licence, hit.licence_reasons = licensed.likelihood, list(licensed.reasons)
    hit.fee_facts, hit.fee_reasons = guessed.facts.as_json(), list(guessed.reasons)
    _price(hit, guessed.sheet(hit.found_at.date(), tariffs_of(session)))


def _price(hit: Hit, sheet: FeeSheet | None) -> None:
    hit.fee_low_minor = sheet.low.minor if sheet else None
    hit.fee_high_minor = sheet.high.minor if sheet else None
    hit.fee_currency = sheet.low.currency if sheet else None


def _aside(session: Session, hit: Hit) -> tuple[Verdict | None, str]:
    """The rule that keeps the hit from the inbox, and why; ``None`` to show it."""
    rules = session.scalars(select(DomainRule).where(DomainRule.owner_id == hit.owner_id))
    rule = next((rule for rule in rules if rule.covers(hit.host)), None)
    if rule is not None:
        return Verdict.WHITELISTED, sentence_of(rule)
    if entry := covering(session, hit.work_id, hit.domain, hit.page_url):
        return Verdict.LEGAL, why_covered(session, entry)
    shown = session.scalars(
        select(Hit).where(
            Hit.work_id == hit.work_id,
            Hit.page_key == hit.page_key,
            Hit.id != hit.id,
            Hit.state != HitState.FOUND,
        )
    ).all()
    for other in shown:
        surer = other.certainty is Certainty.CONFIRMED or hit.certainty is Certainty.UNCERTAIN
        if other.verdict is not Verdict.DUPLICATE and surer:
            return Verdict.DUPLICATE, say("The same photograph on the same page, in another size.")
    return None, ""


def _see_again(session: Session, find: Find, shift: timedelta, written: Written) -> None:
    """The use goes on: its last day moves, and the fee with it. What was decided stays."""
    hit = session.get_one(Hit, find.hit_id, with_for_update=True)
    hit.last_seen = max(hit.last_seen, find.last_seen + shift)
    hit.observed = max(hit.observed, find.observed)
    if hit.state is not HitState.SUBMITTED:
        facts = replace(from_stored(hit.fee_facts), last_seen=hit.last_seen.date())
        hit.fee_facts = facts.as_json()
        try:
            _price(hit, estimate(facts, hit.last_seen.date(), tariffs_of(session)))
        except Refused:
            _price(hit, None)
    written.again += 1
