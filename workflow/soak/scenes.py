"""The beginnings of the lives: each is built once per database and copied for every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workflow.kernel.db import Database
from workflow.kernel.runtime import Runtime
from workflow.schema import upgrade
from workflow.soak import life
from workflow.soak.company import Company
from workflow.soak.points import Life
from workflow.soak.stages import Databases, Ports, Stage
from workflow.soak.truth import Truth

Step = Callable[[Stage, Runtime], Any]


def _work(_stage: Stage, runtime: Runtime) -> None:
    life.work(runtime)


def _book(_stage: Stage, runtime: Runtime) -> None:
    life.book(runtime)


def _note_codes(stage: Stage, runtime: Runtime) -> None:
    """What the letters say, for those who got one."""
    lines = [f"{reference} {code}" for reference, code in life.codes(runtime)]
    (stage.instance_dir / "codes").write_text("\n".join(lines))


#: Scene -> the scene it goes on from, and what happens in it.
SCENES: dict[str, tuple[str, Sequence[Step]]] = {
    "settled": ("", (life.settle,)),
    "photographed": ("settled", (life.hand_in_photographs,)),
    "priced": ("settled", (life.price_two,)),
    "offered": ("priced", (_work, _note_codes)),
    "decided": ("settled", (life.price_two_on_paper,)),
    "trayed": ("decided", (_work, life.want_batch)),
    "due": ("offered", (life.let_reminders_come_due,)),
    "wanted": ("offered", (life.want_to_pay,)),
    "paid": ("offered", (life.pay,)),
    "reported": ("paid", ()),
    "booked": ("reported", (_book,)),
    "refunding": ("booked", (life.want_back,)),
    "fetched": ("photographed", ()),
    "empty": ("", ()),
}
BEGINS: dict[Life, str] = {
    Life.LETTERS: "priced",
    Life.POST: "trayed",
    Life.DATES: "due",
    Life.REPORTS: "paid",
    Life.BOOKINGS: "reported",
    Life.WISH: "offered",
    Life.PAGES: "wanted",
    Life.REFUND: "refunding",
    Life.UPLOAD: "settled",
    Life.CRAWL: "photographed",
    Life.HITS: "fetched",
    Life.MIGRATION: "empty",
}


class Scenes:
    """Builds what is asked for, once."""

    def __init__(self, root: Path, databases: Databases, ports: Ports, company: Company) -> None:
        self.databases = databases
        self._root, self._ports, self._company = root, ports, company
        self._built: dict[str, Stage] = {}

    def beginning(self, story: Life) -> Stage:
        """The stage on which this life begins; it is copied, never played on."""
        return self.named(BEGINS[story])

    def discard(self) -> None:
        """Throw every scene away."""
        for stage in self._built.values():
            stage.discard()
        self._built.clear()

    def named(self, name: str) -> Stage:
        """A scene, built when it is asked for the first time."""
        if name not in self._built:
            before, steps = SCENES[name]
            stage = self.named(before).copied(f"scene_{name}", self._root) if before else self._new(name)
            if steps:
                with life.opened(stage) as runtime:
                    for step in steps:
                        step(stage, runtime)
            if name == "reported":
                self._company.let_reports_arrive(stage)
            elif name == "fetched":
                self._company.fetch_once(stage)
            self._built[name] = stage
        return self._built[name]

    def _new(self, name: str) -> Stage:
        stage = Stage(f"scene_{name}", self._root / f"scene_{name}", self.databases, self._ports)
        stage.discard()
        stage.instance_dir.mkdir(parents=True)
        self.databases.create(stage.folder, stage.name)
        if name == "empty":
            Truth().keep(stage.instance_dir)
            return stage
        database = Database(stage.url)
        upgrade(database)
        database.dispose()
        return stage
