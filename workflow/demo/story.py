"""The demo world from nothing: a small web, real photographs, real crawl, and three cases with their ends.

One case is paid through the portal, one stays silent and comes into dunning, one is answered and stands
still. Everything goes through the same services, pages and processes as in earnest; only the card page is
the stand-in's and the business clock moves.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from workflow.accounts.models import Account
from workflow.config import Config
from workflow.demo import cases, people, searching
from workflow.demo.summary import summary
from workflow.demo.web import World, build_world
from workflow.kernel.clock import DemoClock
from workflow.kernel.db import Database
from workflow.kernel.errors import Refused
from workflow.kernel.runtime import Runtime
from workflow.schema import upgrade

#: The demo world begins on a day whose rates and rules are all known.
FIRST_DAY = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
SEED = 7
#: Stands in the folder of a demo that was built to its end.
READY = "ready"
#: Until one of the three pays, after its last offer; until then the reminders have left.
DAYS_UNTIL_PAID = 50
#: Then the silent one comes into dunning, while the paid one is still open to a refund.
DAYS_AFTERWARDS = 13

Say = Callable[[str], None]


def found(config: Config, say: Say) -> dict[str, Any]:
    """Build the demo world afresh and return its summary; takes away what stood in its folder."""
    began = time.monotonic()
    _clear(config)
    say("The database and the people")
    runtime = _empty_instance(config)
    operator, owner = people.settle_in(runtime)
    say("A small web with altered photographs")
    world = build_world(config.instance_dir / "world", SEED)
    say("Upload of the photographs")
    searching.upload(runtime, owner.actor)
    say("Crawl and comparison")
    searching.search(runtime, world)
    say("Three cases are submitted, checked and offered")
    paid, _silent, answered = _three_cases(runtime, operator, owner)
    cases.answer_through_portal(runtime, answered)
    say(f"{DAYS_UNTIL_PAID} days pass, then one pays")
    cases.let_days_pass(runtime, DAYS_UNTIL_PAID)
    cases.pay_through_portal(runtime, paid)
    say(f"{DAYS_AFTERWARDS} more days pass")
    cases.let_days_pass(runtime, DAYS_AFTERWARDS)
    cases.bring_to_the_post(runtime)
    told = summary(runtime, world) | {"seconds": round(time.monotonic() - began, 1)}
    runtime.database.dispose()
    (config.instance_dir / READY).touch()
    return told


def told(config: Config) -> dict[str, Any]:
    """The summary of an existing demo as it is now."""
    from workflow.building import build_runtime

    runtime = build_runtime(config)
    try:
        return summary(runtime, world_of(config))
    finally:
        runtime.database.dispose()


def advance(runtime: Runtime, days: int, say: Say) -> dict[str, Any]:
    """Let days pass on an existing demo; what was written meanwhile, and every case with all its letters."""
    written = cases.let_days_pass(runtime, days, say)
    return {"written": written, "cases": cases.letters_by_case(runtime)}


def _three_cases(runtime: Runtime, operator: Account, owner: Account) -> tuple[uuid.UUID, ...]:
    submitted = cases.submit_three(runtime, owner.actor)
    for case_id in submitted:
        cases.price_and_send(runtime, case_id, operator.actor)
    cases.work(runtime)
    return submitted


def _clear(config: Config) -> None:
    if not config.demo:
        raise Refused("Only a demo instance can be built afresh.")
    if (
        not config.database_url.startswith("sqlite:///")
        or str(config.instance_dir) not in config.database_url
    ):
        raise Refused("The demo is built on its own SQLite file; unset LICHTBILD_DATABASE_URL for it.")
    for entry in config.instance_dir.iterdir():
        if entry.name == "secret.key":
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _empty_instance(config: Config) -> Runtime:
    from workflow.building import build_runtime

    database = Database(config.database_url)
    upgrade(database)
    database.dispose()
    runtime = build_runtime(config, decoders=2)
    assert isinstance(runtime.clock, DemoClock)
    runtime.clock.move_to(FIRST_DAY)
    assert runtime.clock.business() - FIRST_DAY < timedelta(minutes=1)
    return runtime


def world_of(config: Config) -> World:
    """The small web of an existing demo."""
    from workflow.demo.web import load_world

    return load_world(config.instance_dir / "world")
