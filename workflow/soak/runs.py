"""One run: a life is begun, a process is killed at one moment of one point, everything is started again."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from workflow.checks import problems
from workflow.kernel.kills import Moment
from workflow.soak import life, oracle
from workflow.soak.company import FINISH_SECONDS, Company, reports_taken, time_passes
from workflow.soak.life import until
from workflow.soak.nursery import Child
from workflow.soak.points import PLACES, Life
from workflow.soak.scenes import Scenes
from workflow.soak.stages import Stage
from workflow.soak.truth import read_truth

REACH_SECONDS = 120.0
#: A process that passed the point and then has nothing more to do is not killed any more.
LATE_SECONDS = 15.0
#: Told to stop, it closes everything first.
CLOSING_SECONDS = 60.0
WITH_STANDIN = (Life.REPORTS, Life.BOOKINGS, Life.WISH, Life.PAGES, Life.REFUND)
#: Moments that never come when nothing more is flushed.
MAY_NOT_COME = (Moment.FLUSH,)


class Outcome(StrEnum):
    """How a run ended."""

    #: Killed; nothing lost, nothing doubled, self-check silent.
    WELL = "well"
    #: Killed; something is lost or doubled, or self-check speaks.
    HARM = "harm"
    #: The point was passed and this moment never came: nothing was flushed after it.
    NOT_APPLICABLE = "not applicable"
    #: The point was never passed, or the rehearsal itself broke: no result, which is an error.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a campaign."""

    database: str
    point: str
    moment: str
    nth: int
    outcome: Outcome
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    self_check: tuple[str, ...] = ()
    why: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Rehearsal:
    """Runs on one kind of database."""

    root: Path
    scenes: Scenes
    company: Company
    number: int = 0

    def __post_init__(self) -> None:
        self._undisturbed: dict[Life, Counter[tuple[Any, ...]]] = {}

    def kill(self, point: str, moment: Moment, nth: int) -> Result:
        """Kill at this moment of this pass, start again, compare."""
        began = time.monotonic()
        place = PLACES[point]
        database = self.scenes.databases.name
        try:
            self._undisturbed_end(place.life)
            stage = self.copy(place.life)
            try:
                ended = self._disturbed(stage, place.life, place.process, f"{point}=kill:{moment}@{nth}")
                reached = f"failpoint {point}: " in _log(stage, place.process)
                if ended != -signal.SIGKILL:
                    why = f"it was passed, and then “{place.process}” flushed nothing more"
                    if not (reached and moment in MAY_NOT_COME):
                        tail = _log(stage, place.process)[-600:]
                        why = f"never reached: “{place.process}” ended with {ended}. {tail}"
                    outcome = Outcome.NOT_APPLICABLE if reached and moment in MAY_NOT_COME else Outcome.BROKEN
                    return Result(database, point, moment, nth, outcome, why=why,
                                  seconds=round(time.monotonic() - began, 1))  # fmt: skip
                self.end_well(stage, place.life)
                return self._judged(stage, place.life, (database, point, moment, nth), began)
            finally:
                self.company.end_all()
                stage.discard()
        except (AssertionError, OSError, sqlite3.Error) as broken:
            self.company.end_all()
            why = f"{type(broken).__name__}: {broken}"
            return Result(database, point, moment, nth, Outcome.BROKEN, why=why,
                          seconds=round(time.monotonic() - began, 1))  # fmt: skip

    def end_of(
        self, story: Life, change: Callable[[Stage], None] | None = None
    ) -> tuple[list[str], list[str]]:
        """Live it undisturbed, after ``change`` on its stage; what is lost and doubled against the oracle."""
        stage = self.copy(story)
        try:
            if change:
                change(stage)
            self.end_well(stage, story)
            return harm(stage)
        finally:
            self.company.end_all()
            stage.discard()

    def _undisturbed_end(self, story: Life) -> Counter[tuple[Any, ...]]:
        if story not in self._undisturbed:
            stage = self.copy(story)
            try:
                self.end_well(stage, story)
                lost, doubled = harm(stage)
                assert not lost and not doubled, f"{story} undisturbed: lost {lost}, doubled {doubled}"
                self._undisturbed[story] = _everything(stage)
            finally:
                self.company.end_all()
                stage.discard()
        return self._undisturbed[story]

    def copy(self, story: Life) -> Stage:
        self.number += 1
        return self.scenes.beginning(story).copied(f"run_{self.number}", self.root)

    def _disturbed(self, stage: Stage, story: Life, process: str, failpoints: str) -> int | None:
        """Start with one process armed; its exit code, or ``None`` when it did not die."""
        company = self.company
        if story in (Life.BOOKINGS, Life.PAGES, Life.REFUND):
            company.start(stage, "standin")
        if story is Life.DATES and process == "worker":
            ticker = company.start(stage, "ticker")
            assert until(lambda: _handed_over(stage), FINISH_SECONDS), "the ticker found no date"
            company.nursery.end(ticker)
        armed = company.start(stage, process, failpoints)
        if process == "web":
            if not company.serving(stage, armed):
                return armed.code
            if story is Life.REPORTS:
                company.start(stage, "standin")
            company.visit(stage, story)
        code = self._death(armed, failpoints)
        company.end_all()
        company.nursery.sweep(armed)
        return code

    def _death(self, armed: Child, failpoints: str) -> int | None:
        """Wait until it dies; not for ever when the point was passed and nothing follows."""
        end, passed_at = time.monotonic() + REACH_SECONDS, 0.0
        patience = CLOSING_SECONDS if ":exit" in failpoints else LATE_SECONDS
        point = failpoints.partition("=")[0]
        while time.monotonic() < end:
            if self.company.nursery.wait(armed, 0.05) is not None:
                return armed.code
            if not passed_at and f"failpoint {point}: " in armed.log.read_text():
                passed_at = time.monotonic()
            if passed_at and time.monotonic() - passed_at > patience:
                return None
        return None

    def end_well(self, stage: Stage, story: Life) -> None:
        """Start again, unarmed, and let everything come to its end."""
        company = self.company
        if story is Life.MIGRATION:
            company.to_its_end(stage, "upgrade")
            return
        time_passes(stage)
        if story is Life.DATES:
            ticker = company.start(stage, "ticker")
            assert until(lambda: _dates_done(stage), FINISH_SECONDS), "a date stays open"
            company.nursery.end(ticker)
        if story in (Life.REPORTS, Life.WISH, Life.UPLOAD):
            web = company.start(stage, "web")
            assert company.serving(stage, web), web.log.read_text()[-1500:]
            if story is Life.REPORTS:
                company.start(stage, "standin")
                assert until(lambda: reports_taken(stage), FINISH_SECONDS), "reports do not arrive"
            company.visit(stage, story)
            company.end_all()
        if story in (Life.CRAWL, Life.HITS):
            company.to_its_end(stage, "crawl")
        company.finish(stage, with_standin=story in WITH_STANDIN)
        company.end_all()
        _note(stage, story)

    def _judged(self, stage: Stage, story: Life, what: tuple[str, str, str, int], began: float) -> Result:
        lost, doubled = harm(stage)
        twin, found = self._undisturbed_end(story), _everything(stage)
        lost += [
            f"{' '.join(map(str, fact))}: {n} fewer than undisturbed" for fact, n in (twin - found).items()
        ]
        doubled += [
            f"{' '.join(map(str, fact))}: {n} more than undisturbed" for fact, n in (found - twin).items()
        ]
        with life.opened(stage) as runtime:
            told = problems(runtime)
        outcome = Outcome.HARM if lost or doubled or told else Outcome.WELL
        return Result(
            *what, outcome, tuple(lost), tuple(doubled), tuple(told),
            seconds=round(time.monotonic() - began, 1),
        )  # fmt: skip


def _note(stage: Stage, story: Life) -> None:
    """What was asked for in this life, beyond what its beginning says."""
    truth = read_truth(stage.instance_dir)
    if story is Life.UPLOAD:
        truth.told(stage.instance_dir, photographs=life.hashes())
    elif story is Life.WISH:
        truth.told(stage.instance_dir, wish=tuple(life.NETS))
    elif story in (Life.CRAWL, Life.HITS):
        truth.told(stage.instance_dir, searched=True)


def harm(stage: Stage) -> tuple[list[str], list[str]]:
    """The oracle's judgement."""
    asked = read_truth(stage.instance_dir)
    with stage.plain_sql() as database:
        found = oracle.is_there(database, stage.instance_dir, asked)
    standin = stage.instance_dir / "standin.sqlite"
    lost, doubled = oracle.differences(oracle.must_be(asked) + oracle.told(standin), found)
    must, did = oracle.must_be_charged(asked), oracle.charged(standin)
    lost += [f"payment service: {kind} {cents}: {n} missing" for (kind, cents), n in (must - did).items()]
    doubled += [f"payment service: {kind} {cents}: {n} too many" for (kind, cents), n in (did - must).items()]
    return lost, doubled


#: Rows that depend on how often something was tried or looked at, not on what happened.
BY_CHANCE = (
    "audit_entries",
    "audit_seals",
    "upload_records",
    "psp_cursors",
    "alembic_version",
    "crawl_rounds",
    "portal_attempts",
    "pulses",
    "findings",
)


def _everything(stage: Stage) -> Counter[tuple[Any, ...]]:
    """How many rows every table has, how many messages of each kind, and every mail."""
    found: Counter[tuple[Any, ...]] = Counter()
    with stage.plain_sql() as database:
        for table in _tables(stage):
            if table not in (*BY_CHANCE, "outbox") and "session" not in table:
                found[("rows", table)] = int(database.one(f'SELECT count(*) FROM "{table}"'))  # noqa: S608 - ours
        for action, count in database.rows(
            "SELECT action, count(*) FROM audit_entries WHERE action NOT LIKE '%enter%' GROUP BY action"
        ):
            found[("audit", action)] = int(count)
        for kind, count in database.rows(
            "SELECT kind, count(*) FROM outbox"
            " WHERE kind NOT IN ('self_check', 'psp.reconcile', 'notices', 'housekeeping') GROUP BY kind"
        ):
            found[("messages", kind)] = int(count)
    for mail, count in oracle.mails(stage.instance_dir / "mailbox").items():
        found[("mail", *mail)] = count
    return found


def _tables(stage: Stage) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if stage.url.startswith("sqlite")
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    with stage.plain_sql() as database:
        return sorted(str(name) for (name,) in database.rows(query))


def _handed_over(stage: Stage) -> bool:
    with stage.plain_sql() as database:
        return bool(database.one("SELECT count(*) FROM outbox WHERE kind = 'deadline' AND state = 'pending'"))


def _dates_done(stage: Stage) -> bool:
    """Every reminder that was due is with the worker or behind it, and the audit chain is sealed."""
    with stage.plain_sql() as database:
        waiting = database.one("SELECT count(*) FROM outbox WHERE kind = 'deadline'")
        fired = database.one("SELECT count(*) FROM deadlines WHERE state = 'fired'")
        sealed = database.one("SELECT count(*) FROM audit_seals")
    return max(int(waiting), int(fired)) >= len(life.NETS) and bool(sealed)


def _log(stage: Stage, process: str) -> str:
    path = stage.folder / f"{process}.log"
    return path.read_text(errors="replace") if path.exists() else ""
