"""A campaign: many runs, one line each, kept as they come so that an interrupted one goes on."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.config import ROOT
from workflow.demo.server import WorldServer
from workflow.demo.web import load_world
from workflow.kernel.kills import Moment
from workflow.soak.cluster import private_cluster
from workflow.soak.company import Company
from workflow.soak.nursery import Nursery
from workflow.soak.points import PLACES, why_not
from workflow.soak.runs import Outcome, Rehearsal, Result
from workflow.soak.scenes import Scenes
from workflow.soak.stages import Databases, Ports, Postgres, Sqlite

DATABASES = ("sqlite", "postgresql")
RESULTS = ROOT / "bench" / "results"
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000


@dataclass(frozen=True, slots=True)
class Planned:
    """One run to be made."""

    database: str
    point: str
    moment: Moment
    nth: int

    @property
    def name(self) -> str:
        return f"{self.database} {self.point} {self.moment}"


@dataclass(frozen=True, slots=True)
class Order:
    """What to rehearse."""

    points: tuple[str, ...]
    moments: tuple[Moment, ...]
    databases: tuple[str, ...]
    seed: int
    only: str = ""
    #: At most so many, spread evenly over the plan; 0 = all.
    most: int = 0


def planned(order: Order) -> tuple[list[Planned], list[Result]]:
    """Every run of the order, and those that cannot be, with their reason."""
    chance = random.Random(order.seed)  # noqa: S311 - which pass is killed, not a secret
    runs: list[Planned] = []
    impossible: list[Result] = []
    for database in order.databases:
        for moment in order.moments:  # an interrupted campaign has then seen every point
            for point in sorted(order.points, key=lambda name: (PLACES[name].life, name)):
                nth = chance.randint(1, PLACES[point].passes)
                run = Planned(database, point, moment, nth)
                if order.only and order.only not in run.name:
                    continue
                why = why_not(point, moment)
                if why:
                    impossible.append(Result(database, point, moment, nth, Outcome.NOT_APPLICABLE, why=why))
                else:
                    runs.append(run)
    if order.most and len(runs) > order.most:
        runs = [runs[n * len(runs) // order.most] for n in range(order.most)]
        impossible = []
    return runs, impossible


class Journal:
    """The lines of a campaign in a file, one JSON object each; the first says what was ordered."""

    def __init__(self, path: Path, head: dict[str, Any], *, resume: bool) -> None:
        self._path = path
        self.results: list[Result] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        if resume and path.exists():
            _, *lines = path.read_text().splitlines()
            self.results = [_result(json.loads(line)) for line in lines if line.endswith("}")]
        self._rewrite(head)

    def add(self, result: Result) -> None:
        self.results.append(result)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result.as_json()) + "\n")

    def done(self) -> set[tuple[str, str, str]]:
        """What need not be run again: everything but what broke."""
        return {
            (result.database, result.point, result.moment)
            for result in self.results
            if result.outcome is not Outcome.BROKEN
        }

    def _rewrite(self, head: dict[str, Any]) -> None:
        self.results = [result for result in self.results if result.outcome is not Outcome.BROKEN]
        lines = [head, *(result.as_json() for result in self.results)]
        self._path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def run(
    order: Order,
    nursery_command: Sequence[str],
    journal: Journal,
    say: Callable[[str], None],
    admin_url: str = "",
) -> list[Result]:
    """Make every run that is not in the journal yet; returns all results of the order."""
    runs, impossible = planned(order)
    known = journal.done()
    for result in impossible:
        if (result.database, result.point, result.moment) not in known:
            journal.add(result)
    for database in order.databases:
        open_ones = [
            each
            for each in runs
            if each.database == database and (database, each.point, each.moment) not in known
        ]
        if open_ones:
            with rehearsal(database, nursery_command, admin_url) as stage:
                for number, each in enumerate(open_ones, start=1):
                    result = stage.kill(each.point, each.moment, each.nth)
                    journal.add(result)
                    say(f"{number}/{len(open_ones)} {line(result)}")
    return journal.results


@contextmanager
def rehearsal(database: str, nursery_command: Sequence[str], admin_url: str = "") -> Iterator[Rehearsal]:
    """Everything a run needs on one kind of database, in a folder that is taken away afterwards."""
    with ExitStack() as stack:
        nursery = stack.enter_context(Nursery(nursery_command))
        root = Path(tempfile.mkdtemp(prefix="lichtbild-soak-"))
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        databases: Databases
        if database == "sqlite":
            databases = Sqlite()
        else:
            databases = Postgres(
                admin_url or stack.enter_context(private_cluster()), f"soak_{root.name[-8:]}"
            )
        company = Company(nursery)
        stack.callback(company.end_all)
        ports = free_ports()
        scenes = Scenes(root, databases, ports, company)
        settled = scenes.named("settled")
        world = load_world(settled.instance_dir / "world")
        stack.enter_context(WorldServer(world, ports.world))
        yield Rehearsal(root, scenes, company)
        scenes.discard()


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """The figures of a campaign."""
    outcomes = Counter(result.outcome.value for result in results)
    killed = [result for result in results if result.outcome in (Outcome.WELL, Outcome.HARM)]
    return {
        "kills": len(killed),
        "points": len({result.point for result in killed}),
        "lost": sum(len(result.lost) for result in killed),
        "doubled": sum(len(result.doubled) for result in killed),
        "self_check": sum(len(result.self_check) for result in killed),
        "not_applicable": outcomes[Outcome.NOT_APPLICABLE.value],
        "broken": outcomes[Outcome.BROKEN.value],
    }


def sentence(results: Sequence[Result]) -> str:
    """The one line at the end."""
    figures = summary(results)
    silent = (
        f"self-check says {figures['self_check']} things" if figures["self_check"] else "self-check silent"
    )
    text = f"lost {figures['lost']}, doubled {figures['doubled']}, {silent} over {figures['kills']} kills"
    if figures["not_applicable"]:
        text += f"; {figures['not_applicable']} moments that a point does not have"
    return f"{text}; {figures['broken']} runs without a result" if figures["broken"] else text


def is_well(results: Sequence[Result]) -> bool:
    """Whether every run has a result and none did harm."""
    return bool(results) and all(
        result.outcome in (Outcome.WELL, Outcome.NOT_APPLICABLE) for result in results
    )


def line(result: Result) -> str:
    """One run for a person."""
    told = "; ".join((*result.lost, *result.doubled, *result.self_check)) or result.why
    where = f"{result.database:<11}{result.point:<28}{result.moment:<6}@{result.nth}"
    return f"{where}  {result.outcome}  {result.seconds:.1f} s  {told}".rstrip()


def head(order: Order) -> dict[str, Any]:
    """What identifies a campaign."""
    return {"seed": order.seed, "commit": commit(), "databases": list(order.databases),
            "moments": list(order.moments), "points": len(order.points)}  # fmt: skip


def commit() -> str:
    """Which code runs here; empty when nobody knows."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    except OSError:
        return ""
    return done.stdout.strip()


def free_ports() -> Ports:
    """Three free ports in a row."""
    for web in random.sample(range(LOWEST_PORT, HIGHEST_PORT), 200):
        with ExitStack() as stack:
            try:
                for port in range(web, web + 3):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return Ports(web)
    raise OSError("no three free ports in a row")


def _result(raw: dict[str, Any]) -> Result:
    lists = {name: tuple(raw[name]) for name in ("lost", "doubled", "self_check")}
    return Result(**{**raw, **lists, "outcome": Outcome(raw["outcome"])})


def as_text(figures: dict[str, Any], results: Sequence[Result]) -> str:
    """The result file for people: figures first, then everything that is not well."""
    odd = [result.as_json() for result in results if result.outcome is not Outcome.WELL]
    return json.dumps({**figures, "runs_not_well": odd}, indent=1, ensure_ascii=False) + "\n"
