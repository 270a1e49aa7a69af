"""Who gets in where: every route of both apps, asked by everybody, about things that are and are not theirs.

The rightful person's own form is what the others send, so that a refusal is about the right and nothing else;
and what was refused left nothing behind.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from tests.contracts.bodies import DESK, PORTAL, Line, Stage
from tests.contracts.bodies.lines import NOTHING, UUID, ids_in
from tests.contracts.crowd import ROLE, listening, people, rows_of, three_cases
from tests.contracts.test_routes import addresses
from tests.contracts.things import things, within
from tests.world import Form, World
from workflow.accounts.permissions import May
from workflow.kernel.access import Doors, Permission
from workflow.kernel.actors import Role
from workflow.web.blueprints import RoleBlueprint

SNAPSHOT = Path(__file__).parents[1] / "snapshots" / "access_matrix.txt"
FINE = {200, 303}
#: Pages that say “not there” or “not now” to whoever holds the right, for a reason of this world.
NOT_THERE = {
    ("accounts_desk.contract", Role.OPERATOR): {404},  # only rights-holders have a contract
    ("accounts_desk.contract", Role.LEGAL_PARTNER): {404},
    **{("accounts_security.confirm_page", role): {404} for role in Role},  # no second factor waits
    ("operator_setup.logo", Role.OPERATOR): {404},  # no logo was sent
    ("post_operator.preview", Role.OPERATOR): {422},  # no letter waits for a batch
}


@dataclass(frozen=True)
class Route:
    """One method of one rule."""

    app: Flask
    endpoint: str
    method: str
    rule: str
    blueprint: RoleBlueprint
    action: Permission

    @property
    def is_open(self) -> bool:
        return self.action is Doors.OPEN

    @property
    def of_the_office(self) -> bool:
        """The office shares its work: no thing is a stranger's within it."""
        return self.blueprint.roles == {Role.OPERATOR}

    def refuses(self, who: str) -> int | None:
        """How ``who`` is turned away whatever they ask for; ``None`` when they hold the right."""
        role, rank = ROLE[who]
        if role is Role.PUBLIC:
            return 401 if self.method == "POST" else 303
        if role not in self.blueprint.roles:
            return 404
        held = any(g.role is role and (not g.ranks or rank in g.ranks) for g in self.action.grants)
        return None if held else 403


def routes(app: Flask) -> Iterator[Route]:
    """Every route but plain files."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule)):
        if rule.endpoint == "static":
            continue
        name, _, view = rule.endpoint.partition(".")
        blueprint = app.blueprints[name]
        assert isinstance(blueprint, RoleBlueprint)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            action = blueprint.actions[view, method == "POST"]
            yield Route(app, rule.endpoint, method, rule.rule, blueprint, action)


@pytest.fixture
def stage(full_world: World) -> Stage:
    """The world in which everything has happened, and one of everybody before it."""
    cases = three_cases(full_world)
    full_world._numbers.extend(range(40))  # other photographs than those of the life before
    return Stage(full_world, people(full_world), *cases, unanswered_case=full_world.offered())


def test_every_route_that_writes_has_a_body_and_every_other_answer_a_reason(world: World) -> None:
    """A new POST route needs its line in ``tests/contracts/bodies``."""
    for app, table in ((world.desk, DESK), (world.portal, PORTAL)):
        assert {route.endpoint for route in routes(app) if route.method == "POST"} == set(table)
        unexplained = [
            endpoint for endpoint, line in table.items()
            if (line.answer not in FINE and not line.why) or (line.other != 404 and not line.why_other)
        ]  # fmt: skip
        assert unexplained == []


@pytest.mark.slow
def test_everybody_gets_in_where_a_row_lets_them_and_nobody_else_anywhere(stage: Stage) -> None:
    """Own is done, another's is not there, no right is no way in; a refusal leaves every row as it was."""
    wrong: list[str] = []
    for app, table in ((stage.world.desk, DESK), (stage.world.portal, PORTAL)):
        writing = {route.endpoint: route for route in routes(app) if route.method == "POST"}
        for endpoint, line in table.items():
            wrong += pressed(stage, writing[endpoint], line)
    with listening(stage.world.runtime.database) as heard:
        for app in (stage.world.desk, stage.world.portal):
            for route in routes(app):
                if route.method == "GET":
                    wrong += looked_at(stage, route)
    assert wrong == [] and heard == []


def pressed(stage: Stage, route: Route, line: Line) -> list[str]:
    """Send the rightful body as everybody, the rightful person last; returns what went wrong."""
    to, fields = line.body(stage)
    assert path_of(route, to), f"{to} is not {route.rule}"
    database = stage.world.runtime.database
    wrong: list[str] = []
    before = rows_of(database)
    with listening(database) as heard:
        for who, address, expected in strangers(stage, route, line, (to, fields)):
            code = stage.send(who, address, fields)
            if code not in expected or heard:
                wrong.append(f"{who} POST {address} ({route.rule}): {code}, not {expected}; wrote {heard}")
                heard.clear()
    if rows_of(database) != before:
        wrong.append(f"POST {route.rule}: refused requests changed rows")
    with listening(database) as heard:
        code = stage.send(line.by, to, fields)
        if code != line.answer:
            wrong.append(f"{line.by} POST {to} ({route.rule}): {code}, not {line.answer}")
        if bool(heard) != line.writes:
            wrong.append(f"{line.by} POST {to} ({route.rule}): wrote {heard}")
    return wrong


def strangers(stage: Stage, route: Route, line: Line, form: Form) -> Iterator[tuple[str, str, set[int]]]:
    """Who is turned away, at which address, how; what does not exist turns the rightful person away too."""
    to, fields = form
    if not route.is_open:
        for who, visitor in stage.crowd.items():
            if visitor.client.application is not route.app or who == line.by:
                continue
            refusal = route.refuses(who)
            if refusal is None and ids_in(to, fields) and not route.of_the_office:
                refusal = line.other
            if refusal is not None:
                yield who, to, {refusal}
    if "<uuid:" in route.rule:
        yield line.by, UUID.sub(str(NOTHING), to), {404}
    if route.rule.endswith("/<token>"):
        yield line.by, f"{to.rpartition('/')[0]}/x", {404, 410}


def looked_at(stage: Stage, route: Route) -> list[str]:
    """Ask for one page as everybody; returns what went wrong."""
    if route.is_open:
        return []
    values = things(stage, route.endpoint)
    own = filled(route.rule, values)
    wrong = []
    for who, path, expected in onlookers(stage, route, own, values):
        visitor = stage.crowd[who]
        visitor._from = {**visitor._from, "REMOTE_ADDR": next(addresses)}
        code = visitor.get(path).status_code
        if code not in expected:
            wrong.append(f"{who} GET {path} ({route.rule}): {code}, not {sorted(expected)}")
    return wrong


def onlookers(
    stage: Stage, route: Route, own: str, values: dict[str, str]
) -> Iterator[tuple[str, str, set[int]]]:
    """Who asks for which address, and how they may be answered."""
    named = "<uuid:" in route.rule
    seen: set[Role] = set()
    for who, visitor in stage.crowd.items():
        if visitor.client.application is not route.app:
            continue
        refusal = route.refuses(who)
        if refusal is not None:
            yield who, own, {refusal}
        elif named and who.startswith("other"):
            yield who, own, {404}
        elif ROLE[who][0] not in seen:  # one of each role is enough: the page is the same
            seen.add(ROLE[who][0])
            yield who, own, NOT_THERE.get((route.endpoint, ROLE[who][0]), FINE)
            if named:
                yield who, UUID.sub(str(NOTHING), own), {404}
            if route.rule.count("<uuid:") > 1:
                yield who, filled(route.rule, {**values, **within(stage, stage.third_case.id)}), {404}


def path_of(route: Route, to: str) -> bool:
    """Whether the address is one of the rule's."""
    host = str(route.app.config["SERVER_NAME"])
    found, _ = route.app.url_map.bind(host).match(to.partition("?")[0], method=route.method)
    return bool(found == route.endpoint)


def filled(rule: str, values: dict[str, str]) -> str:
    path = re.sub(r"<int:\w+>", "1", rule)
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda m: values[m[1]], path)


def test_the_table_of_routes_and_rights_is_as_reviewed(world: World) -> None:
    """Changed on purpose? ``UPDATE_SNAPSHOTS=1 pytest tests/contracts/test_access.py``, then read the diff."""
    lines = []
    for app in (world.desk, world.portal):
        for route in routes(app):
            who = ", ".join(who for who in ROLE if not who.startswith("other") and route.refuses(who) is None)
            asks = " (asks again who it is)" if route.action.dangerous and route.method == "POST" else ""
            lines.append(
                f"{app.name:<7}{route.method:<5}{route.rule:<64}{route.action.value:<24}"
                f"{'anybody' if route.is_open else who}{asks}"
            )
    text = "\n".join(lines) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text()
    assert {route.action.value for app in (world.desk, world.portal) for route in routes(app)} >= {
        May.PAYMENTS_REFUND, May.PAYOUTS_READ, May.HITS_JUDGE, May.APPROVALS_DECIDE,
    }  # fmt: skip
