"""Three cases of the demo, led by the hands that lead them in earnest: services, portal pages, worker."""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from workflow.accounts.models import Account
from workflow.cases.models import Case, Letter
from workflow.cases.post.batches import ask_for_batch, candidates
from workflow.cases.post.models import PostBatch
from workflow.cases.post.posting import mark_posted
from workflow.cases.pricing import FeeFacts, Placement
from workflow.cases.services import move, note_recipient, set_price
from workflow.cases.services.deciding import note_look
from workflow.cases.services.offering import RecipientFacts
from workflow.cases.states import CaseTrigger, UseClass
from workflow.demo.portal_visit import PortalVisit
from workflow.hits.models import Hit
from workflow.hits.services.judging import judge
from workflow.hits.services.submitting import Attestation, gather, submit_hits
from workflow.hits.states import HitState, Verdict
from workflow.kernel.actors import Actor, Role
from workflow.kernel.clock import DemoClock
from workflow.kernel.db import Session
from workflow.kernel.runtime import Runtime
from workflow.money.gateways import gateway_for
from workflow.ticker import seal, tick
from workflow.wiring import handlers
from workflow.worker import Worker

ATTESTED = Attestation(
    (
        "I made this photograph, or I hold the exclusive rights in it.",
        "I have not granted a licence for this use.",
    )
)
SETTLE_SECONDS = 30


def submit_three(runtime: Runtime, owner: Actor) -> tuple[uuid.UUID, ...]:
    """Judge and submit the best hit of three different sites; the rest stays in the inbox."""
    with runtime.database.reading() as session:
        shown = session.scalars(
            select(Hit).where(Hit.owner_id == uuid.UUID(owner.id), Hit.state == HitState.SHOWN)
        ).all()
        by_site: dict[str, list[Hit]] = defaultdict(list)
        for hit in shown:
            if hit.operator_email and hit.certainty == "confirmed":
                by_site[hit.domain].append(hit)
        sites = sorted(by_site, key=lambda site: (-len(by_site[site]), site))[:3]
        best = [max(by_site[site], key=lambda hit: (hit.inliers, str(hit.id))).id for site in sites]
    assert len(best) == 3, "the demo's web has three sites with hits and an imprint"  # noqa: PLR2004
    cases = []
    for hit_id in best:
        now = runtime.clock.business()
        with runtime.database.transaction() as session:
            judge(session, hit_id, Verdict.ILLEGAL, owner, now)
        gathered = gather(runtime, [hit_id], owner, now)
        with runtime.database.transaction() as session:
            cases.append(submit_hits(session, runtime, [hit_id], gathered, ATTESTED, owner, now).id)
    return tuple(cases)


def price_and_send(runtime: Runtime, case_id: uuid.UUID, operator: Actor) -> None:
    """The operator completes the recipient, prices by the tariff and sends the offer."""
    now = runtime.clock.business()
    with runtime.database.transaction() as session:
        case = session.get_one(Case, case_id)
        use = case.uses[0]
        found = RecipientFacts(
            name=case.recipient_name or case.host,
            email=case.recipient_email,
            address=case.recipient_address,
            country=case.recipient_country or "DE",
            region=case.recipient_region or "BE",
            source=case.recipient_source or f"imprint of {case.host}",
        )
        note_recipient(session, case_id, found, operator, now)
        facts = FeeFacts(
            use_class=UseClass.COMMERCIAL,
            medium="website",
            placement=Placement.SUB_PAGE,
            longest_side_px=800,
            first_seen=use.first_seen.date(),
            last_seen=use.last_seen.date(),
            credited=bool(use.credit_found),
        )
        set_price(session, case_id, facts, operator, now)
        move(session, case_id, CaseTrigger.OFFER, operator, now)


def work(runtime: Runtime) -> int:
    """Do what the outbox holds."""
    return Worker(runtime, handlers(gateway_for(runtime.config))).drain()


def pay_through_portal(runtime: Runtime, case_id: uuid.UUID) -> None:
    """Open the portal with the letter's code and pay by the test card, page by page."""
    with PortalVisit(runtime) as visit:
        visit.enter(case_id)
        visit.pay(lambda: work(runtime))
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            work(runtime)
            with runtime.database.reading() as session:
                if session.get_one(Case, case_id).paid_at is not None:
                    return
            time.sleep(0.2)
    raise AssertionError("the payment of the demo was not booked")


def answer_through_portal(runtime: Runtime, case_id: uuid.UUID) -> None:
    """Open the portal and ask a question: from then on no reminder leaves."""
    with PortalVisit(runtime) as visit:
        visit.enter(case_id)
        visit.ask("We think that our designer bought a licence. Please give us some days to find it.")
    work(runtime)


def let_days_pass(
    runtime: Runtime, days: int, say: Callable[[str], None] | None = None
) -> list[dict[str, Any]]:
    """Move the business clock day by day; each day the ticker looks and the worker works."""
    clock = runtime.clock
    assert isinstance(clock, DemoClock)
    hands = Worker(runtime, handlers(gateway_for(runtime.config)))
    told: list[dict[str, Any]] = []
    for _ in range(days):
        day = clock.advance(timedelta(days=1))
        tick(runtime.database, day)
        hands.drain()
        _look(runtime)
        for line in _written(runtime, {entry["letter_id"] for entry in told}):
            told.append(line)
            if say:
                say(f"{line['on']}  {line['reference']}  {line['letter']:<28}{line['state']}")
    seal(runtime.database, clock.business())
    return told


def bring_to_the_post(runtime: Runtime) -> None:
    """The demo's operator prints what waits for the post and takes it there."""
    now = runtime.clock.business()
    with runtime.database.transaction() as session:
        staff = _staff(session)
        if staff is None or all(each.reason for each in candidates(session, now)):
            return
        actor = staff.actor
        ask_for_batch(session, f"demo {now:%Y-%m-%d}", actor, now)
    work(runtime)
    with runtime.database.transaction() as session:
        newest = session.scalars(select(PostBatch).order_by(PostBatch.number.desc())).first()
        if newest is not None and newest.on == now.date():
            mark_posted(session, newest.id, newest.on, {}, actor, now)


def _look(runtime: Runtime) -> None:
    """The demo's operator looks at silent cases when asked to; without that nothing becomes formal."""
    now = runtime.clock.business()
    with runtime.database.transaction() as session:
        staff = _staff(session)
        silent = session.scalars(select(Case).where(Case.needs_a_look).order_by(Case.id))
        for case in silent if staff else ():
            assert staff is not None
            note_look(session, case.id, "The picture is still there.", staff.actor, now,
                      seen_version=case.version)  # fmt: skip


def _staff(session: Session) -> Account | None:
    return session.scalars(select(Account).where(Account.role == Role.OPERATOR).order_by(Account.id)).first()


def _written(runtime: Runtime, known: set[str]) -> list[dict[str, Any]]:
    since = runtime.clock.business() - timedelta(days=2)
    with runtime.database.reading() as session:
        rows = session.execute(
            select(Letter, Case)
            .join(Case, Case.id == Letter.case_id)
            .where(Letter.queued_at >= since)
            .order_by(Letter.queued_at, Letter.id)
        ).all()
        return [
            {
                "letter_id": str(letter.id),
                "on": letter.on.isoformat(),
                "reference": case.reference,
                "letter": words(letter),
                "state": letter.state.value,
            }
            for letter, case in rows
            if str(letter.id) not in known
        ]


def letters_by_case(runtime: Runtime) -> list[dict[str, Any]]:
    """Every case of the demo with all its letters, and what holds it: after an answer none was sent."""
    with runtime.database.reading() as session:
        told = []
        for case in session.scalars(select(Case).order_by(Case.id)):
            letters = session.scalars(
                select(Letter).where(Letter.case_id == case.id).order_by(Letter.queued_at, Letter.id)
            )
            told.append(
                {
                    "reference": case.reference,
                    "state": case.state.value,
                    "held_since": [
                        f"{hold.kind.value} {hold.opened_at:%Y-%m-%d}"
                        for hold in case.holds
                        if hold.closed_at is None
                    ],
                    "letters": [f"{letter.on} {words(letter)}: {letter.state.value}" for letter in letters],
                }
            )
        return told


def words(letter: Letter) -> str:
    """What a letter is, for a list."""
    return (letter.step or letter.kind.value).replace("_", " ")
