"""Comparing crawled pictures with photographs: each pair once, whenever either of them is new."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from detection.crawl.tables import crawl_images
from detection.matching import Matcher, Outcome
from detection.types import Match, Reference
from workflow.hits import crawled
from workflow.hits.models import ComparedImage, ComparedReference, FoundMatch
from workflow.kernel.db import Session
from workflow.kernel.failpoints import failpoint
from workflow.kernel.runtime import Runtime
from workflow.works.models import WorkFingerprint
from workflow.works.queries import fingerprint_of

#: Pictures whose results are kept in one transaction.
BATCH = 64

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Pending:
    """Pictures that were compared up to ``version`` and lack the references after it."""

    version: int
    count: int


def compare_new(runtime: Runtime, pool_size: int, tell: Tell) -> int:
    """Compare every picture with every photograph it was not compared with; returns how many pictures."""
    with runtime.database.transaction() as session:
        version = _number_new_references(session)
        failpoint("match.after_number")
    if not version:
        return 0
    with runtime.database.reading() as session:
        pending = _pending(session, version)
    total, done = sum(part.count for part in pending), 0
    for part in pending:
        with runtime.database.reading() as session:
            references = list(_references(session, part.version))
        with Matcher(references, processes=pool_size) as matcher:
            for batch in _batches(runtime, part.version):
                _compare(runtime, matcher, batch, version)
                done += len(batch)
                tell("Comparing pictures", done, total)
    return done


def _number_new_references(session: Session) -> int:
    """Give fingerprints not yet heard of the next version; returns the newest version, 0 for none."""
    newest = session.scalar(select(func.max(ComparedReference.version))) or 0
    unheard = session.scalars(
        select(WorkFingerprint.id).where(WorkFingerprint.id.not_in(select(ComparedReference.fingerprint_id)))
    ).all()
    if not unheard:
        return newest
    session.add_all(ComparedReference(fingerprint_id=key, version=newest + 1) for key in unheard)
    return newest + 1


def _pending(session: Session, version: int) -> list[Pending]:
    """How many pictures stand at which version, those below the newest."""
    stands = func.coalesce(ComparedImage.references_version, 0)
    found = session.execute(
        select(stands, func.count())
        .select_from(crawl_images.outerjoin(ComparedImage, ComparedImage.sha256 == crawl_images.c.sha256))
        .where(stands < version)
        .group_by(stands)
        .order_by(stands)
    )
    return [Pending(at, count) for at, count in found]


def _references(session: Session, after: int) -> Iterator[Reference]:
    rows = session.scalars(
        select(WorkFingerprint)
        .join(ComparedReference, ComparedReference.fingerprint_id == WorkFingerprint.id)
        .where(ComparedReference.version > after)
        .order_by(WorkFingerprint.id)
        .execution_options(yield_per=100)
    )
    for row in rows:
        yield Reference(str(row.work_id), fingerprint_of(row))


def _batches(runtime: Runtime, stands_at: int) -> Iterator[list[str]]:
    """Pictures at one version, by their hash, a batch at a time."""
    after = ""
    stands = func.coalesce(ComparedImage.references_version, 0)
    while True:
        with runtime.database.reading() as session:
            batch = list(
                session.scalars(
                    select(crawl_images.c.sha256)
                    .select_from(
                        crawl_images.outerjoin(ComparedImage, ComparedImage.sha256 == crawl_images.c.sha256)
                    )
                    .where(stands == stands_at, crawl_images.c.sha256 > after)
                    .order_by(crawl_images.c.sha256)
                    .limit(BATCH)
                )
            )
        if not batch:
            return
        after = batch[-1]
        yield batch


def _compare(runtime: Runtime, matcher: Matcher, batch: list[str], version: int) -> None:
    """Match outside, then keep the results of the batch in one transaction."""
    folder = runtime.config.crawl_dir
    paths = {sha256: crawled.path_of(folder, sha256) for sha256 in batch}
    there = [sha256 for sha256 in batch if paths[sha256].exists()]
    outcomes = list(matcher.match_many(paths[sha256] for sha256 in there))
    failpoint("match.after_compare")
    with runtime.database.transaction() as session:
        for sha256 in set(batch) - set(there):
            _note(session, sha256, version, "missing")
        for sha256, outcome in zip(there, outcomes, strict=True):
            _keep(session, sha256, outcome, version)
        failpoint("match.before_commit")
    failpoint("match.after_commit")


def _keep(session: Session, sha256: str, outcome: Outcome, version: int) -> None:
    _note(session, sha256, version, outcome.refused.code if outcome.refused else "")
    for match in outcome.matches:
        session.merge(_row(sha256, match))


def _note(session: Session, sha256: str, version: int, refused: str) -> None:
    session.merge(ComparedImage(sha256=sha256, references_version=version, refused=refused[:40]))


def _row(sha256: str, match: Match) -> FoundMatch:
    return FoundMatch(
        sha256=sha256,
        work_id=uuid.UUID(match.work_id),
        kind=match.kind,
        certainty=match.certainty,
        inliers=match.inliers,
        pdq_distance=match.pdq_distance,
        mirrored=match.mirrored,
        visible_share=match.visible_share,
        covered_share=match.covered_share,
        outline=[list(point) for point in match.outline],
        sentence=match.sentence[:500],
    )
