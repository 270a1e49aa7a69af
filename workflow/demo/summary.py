"""What the demo world came to, held against the truth it was built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select

from detection.crawl.tables import crawl_pages
from workflow.cases.models import Case, Letter
from workflow.cases.states import LetterState
from workflow.demo.web import World
from workflow.hits.models import ComparedImage, Hit
from workflow.kernel import audit
from workflow.kernel.db import Session
from workflow.kernel.ledger import JournalLine
from workflow.kernel.runtime import Runtime
from workflow.money.models import Payin
from workflow.money.states import PayinState
from workflow.payouts.models import Payout
from workflow.works.models import Work

ENOUGH = 0.85


def summary(runtime: Runtime, world: World) -> dict[str, Any]:
    """The figures of the demo, from its tables. Only here the truth of the planted uses is read."""
    planted = {(use.page_url, use.work_file): use.kind for use in world.truth_at(runtime.config.world_port)}
    with runtime.database.reading() as session:
        found, uncertain = _found(session)
        right = set(planted) & found
        return {
            "photographs": session.scalar(select(func.count()).select_from(Work)),
            "pages": session.scalar(select(func.count()).select_from(crawl_pages)),
            "images_compared": session.scalar(select(func.count()).select_from(ComparedImage)),
            "planted": len(planted),
            "hits": len(found),
            "hits_correct": len(right),
            "hits_wrong": len(found - set(planted)),
            "hits_uncertain": len(uncertain),
            "found_by_kind": _by_kind(planted, right),
            "missed": sorted(
                f"{kind}: {url} ({file})" for (url, file), kind in planted.items() if (url, file) not in right
            ),
            "cases": _cases(session),
            "payin_minor": _minor(session.scalars(select(Payin).where(Payin.state == PayinState.RECEIVED))),
            "payout_minor": _minor(session.scalars(select(Payout))),
            "journal_balance_minor": int(
                session.scalar(select(func.coalesce(func.sum(JournalLine.amount_minor), 0))) or 0
            ),
            "letters": session.scalar(
                select(func.count()).select_from(Letter).where(Letter.state == LetterState.SENT)
            ),
        }


def missing(told: dict[str, Any]) -> list[str]:
    """What the demo world should show and does not, as sentences; empty when all is there."""
    states = [case["state"] for case in told["cases"]]
    checks = [
        (told["hits_wrong"] == 0, f"{told['hits_wrong']} hits are wrong."),
        (told["hits_correct"] >= ENOUGH * told["planted"],
         f"Only {told['hits_correct']} of {told['planted']} planted uses were found."),
        (any(state in ("paid", "closed") for state in states), "No case was paid."),
        ("in_dunning" in states, "No case came into dunning."),
        (told["journal_balance_minor"] == 0, "The journal does not balance."),
        (told["payin_minor"] > 0 and told["payout_minor"] > 0, "No money was booked."),
        (told["letters"] > 0, "No letter was sent."),
    ]  # fmt: skip
    return [sentence for holds, sentence in checks if not holds]


def _found(session: Session) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    rows = session.execute(select(Hit, Work).join(Work, Work.id == Hit.work_id)).all()
    sure = {(hit.page_url, work.file_name) for hit, work in rows if hit.certainty == "confirmed"}
    rest = {(hit.page_url, work.file_name) for hit, work in rows if hit.certainty != "confirmed"}
    return sure, rest - sure


def _by_kind(planted: Mapping[tuple[str, str], str], right: set[tuple[str, str]]) -> dict[str, str]:
    kinds = sorted(set(planted.values()))
    return {
        str(
            kind
        ): f"{sum(planted[use] == kind for use in right)}/{sum(each == kind for each in planted.values())}"
        for kind in kinds
    }


def _cases(session: Session) -> list[dict[str, Any]]:
    told = []
    for case in session.scalars(select(Case).order_by(Case.id)):
        history = [
            f"{entry.at:%Y-%m-%d} {entry.action} → {entry.after}"
            for entry in audit.history(session, "case", case.id)
        ]
        held = [hold.kind.value for hold in case.holds if hold.closed_at is None]
        told.append(
            {"reference": case.reference, "state": case.state.value, "held_by": held, "history": history}
        )
    return told


def _minor(rows: Iterable[Payin | Payout]) -> int:
    return sum(row.amount.minor for row in rows)
