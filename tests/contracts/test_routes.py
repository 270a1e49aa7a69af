"""Every route of both apps: it has a role and a limit, it never breaks, and looking changes nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from tests.contracts.sources import calls, dotted, modules
from tests.world import Made, Visitor, World, words
from workflow.cases.letters import code_of
from workflow.cases.models import Case
from workflow.kernel.actors import Role
from workflow.web.blueprints import RoleBlueprint
from workflow.web.limits import DEFAULT_LIMIT, limiter

#: Anybody may try these as often as they like to, so each needs a limit of its own.
GUESSED = {
    "desk": {"accounts_public.log_in", "accounts_public.sign_up", "public.contact", "founding_public.found",
             "notices_public.unsubscribe", "accounts_sign_in.code", "accounts_recovery.ask"},
    "portal": {"portal_public.enter_with_code", "portal_public.look_up", "money_webhooks.stripe", "portal_answers.send",
               "portal_payments.pay", "portal_price.send",
               "portal_counter.send", "portal_counter.take"},
}  # fmt: skip
#: Pages that no link of a settled world leads to: links in mails, plain files, pages between two steps.
NOT_LINKED = {
    "health.healthz", "health.metrics", "static", "accounts_public.confirm", "accounts_public.sign_up_done", "portal_public.link",
    "portal_public.logo", "portal_public.statement", "operator_setup.logo", "portal_payments.to_card_page", "portal_answers.received",
    "works_operator.image", "cases_operator.recipient", "demo_styleguide.show", "portal_public.verify_case",
    "post_operator.scan", "post_operator.preview", "letters_operator.preview",
    "accounts_desk.contract", "accounts_desk.start", "portal_payments.back", "accounts_sign_in.code",
    "accounts_sign_in.enrol",
    "founding_public.begin", "notices_public.leave", "accounts_recovery.choose", "accounts_security.confirm_page",
    "accounts_proof.show",
}  # fmt: skip
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|BEGIN IMMEDIATE)\b", re.IGNORECASE)
MOST_PAGES = 260
#: Of one kind of page a few are enough; of mails, which have no order within a second, all.
OF_A_KIND = {"demo_mailbox.show": 200}
addresses = (f"198.51.{high}.{low}" for high, low in itertools.product(range(256), range(1, 255)))


@dataclass
class Walk:
    """One role in one app: what it saw, by endpoint."""

    role: Role
    visitor: Visitor
    app: Flask
    seen: dict[str, TestResponse] = field(default_factory=dict)
    #: What a page of this very role led to.
    own: set[str] = field(default_factory=set)

    def endpoint(self, path: str) -> str:
        site = urlsplit(self.app.config["SERVER_NAME"])
        adapter = self.app.url_map.bind(str(site.netloc or self.app.config["SERVER_NAME"]))
        try:
            return str(adapter.match(urlsplit(path).path, method="GET")[0])
        except Exception:  # noqa: BLE001 - no page of this app
            return ""

    def look(self, path: str) -> TestResponse:
        if path not in self.seen:
            self.visitor._from = {"REMOTE_ADDR": next(addresses)}
            self.seen[path] = self.visitor.get(path)
        return self.seen[path]

    def walk(self) -> None:
        """Every page without arguments, and whatever they link to; a few of each kind."""
        waiting = [
            rule.rule
            for rule in self.app.url_map.iter_rules()
            if "GET" in rule.methods and not rule.arguments
        ]
        kinds: dict[str, int] = {}
        while waiting:
            path = waiting.pop(0)
            endpoint = self.endpoint(path)
            if (
                path in self.seen
                or not endpoint
                or kinds.get(endpoint, 0) >= OF_A_KIND.get(endpoint, 12)
                or len(self.seen) > MOST_PAGES
            ):
                continue
            kinds[endpoint] = kinds.get(endpoint, 0) + 1
            answer = self.look(path)
            if answer.status_code in (301, 302, 303, 307, 308):
                waiting.append(_own(answer.location, path, self.app))
            elif answer.mimetype == "text/html" and answer.text.strip():
                tree = html.fromstring(answer.text)
                links = tree.xpath("//a/@href|//img/@src|//link/@href|//script/@src|//object/@data")
                found = [_own(link, path, self.app) for link in links]
                # mails to others, shown in the demo's mailbox, lead to pages of others
                if answer.status_code == 200 and not endpoint.startswith("demo_mailbox"):
                    self.own |= set(found)
                waiting += found


def _own(link: str, page: str, app: Flask) -> str:
    base = f"http://{app.config['SERVER_NAME']}"
    full = urlsplit(urldefrag(urljoin(base + page, link)).url)
    if full.netloc != app.config["SERVER_NAME"]:
        return ""
    return full.path + (f"?{full.query}" if full.query else "")


@contextmanager
def listening(world: World) -> Iterator[list[str]]:
    """Every statement that would write, as the database hears it."""
    heard: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if WRITES.match(statement):
            heard.append(statement)

    def begun(connection: Any) -> None:
        if connection.get_execution_options().get("lichtbild_mode") != "read":
            heard.append("BEGIN for writing")

    event.listen(world.runtime.database.engine, "before_cursor_execute", hear)
    event.listen(world.runtime.database.engine, "begin", begun)
    yield heard
    event.remove(world.runtime.database.engine, "before_cursor_execute", hear)
    event.remove(world.runtime.database.engine, "begin", begun)


def visitors(world: World) -> list[Walk]:
    """Everybody who can look: nobody in particular, owner, operator, and the recipient of every case."""
    with world.runtime.database.reading() as session:
        cases = [
            Made(case.id, case.reference, code_of(session, world.runtime.vault, case))
            for case in session.scalars(select(Case).where(Case.offered_on.is_not(None)))
        ]
    return [
        Walk(Role.PUBLIC, world.anybody(), world.desk),
        Walk(Role.RIGHTS_HOLDER, world.as_owner(), world.desk),
        Walk(Role.OPERATOR, world.as_operator(), world.desk),
        Walk(Role.PUBLIC, Visitor(world.portal), world.portal),
        *(Walk(Role.INFRINGER, world.recipient(case), world.portal) for case in cases),
    ]


@pytest.mark.slow
def test_looking_at_every_page_writes_nothing_and_breaks_nothing(full_world: World) -> None:
    walks = visitors(full_world)
    full_world.work()
    for walk in walks:  # codes took their time: whoever was idle for a minute is noted once, see desk_sign_in
        walk.visitor.get("/")
    with listening(full_world) as heard:
        for walk in walks:
            walk.walk()
        # and what one may see is not there for the others
        for walk, other in itertools.permutations(walks, 2):
            if walk.app is other.app and walk.role is not other.role:
                for path, answer in list(other.seen.items())[:80]:
                    if answer.status_code == 200 and not _public(walk.app, other.endpoint(path)):
                        foreign = walk.look(path)
                        if foreign.status_code == 200:
                            assert walk.role in _roles(walk.app, walk.endpoint(path)), (walk.role, path)
    assert heard == []
    broken = [
        (walk.role.value, path, answer.status_code, words(answer.text)[:300] if answer.text else "")
        for walk in walks for path, answer in walk.seen.items() if answer.status_code >= 500
    ]  # fmt: skip
    assert broken == []
    for walk in walks:
        reached = {walk.endpoint(path) for path, answer in walk.seen.items() if answer.status_code == 200}
        assert len(reached) >= 3, (walk.role, reached)
    # no link of ours leads nowhere
    dead = [
        (walk.role.value, path) for walk in walks for path, answer in walk.seen.items()
        if answer.status_code == 404 and path in walk.own and walk.endpoint(path) not in NOT_LINKED
    ]  # fmt: skip
    assert dead == []
    # nothing is there that nobody finds
    for app in (full_world.desk, full_world.portal):
        there = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
        reached = {
            walk.endpoint(path) for walk in walks if walk.app is app
            for path, answer in walk.seen.items() if answer.status_code == 200
        }  # fmt: skip
        assert there - reached - NOT_LINKED == set(), f"{app.name}: no link leads there"


def test_every_route_has_a_role_and_a_limit(world: World) -> None:
    for app in (world.desk, world.portal):
        for rule in app.url_map.iter_rules():
            assert rule.methods <= {"GET", "HEAD", "OPTIONS", "POST"}, rule
            if rule.endpoint == "static":
                continue
            blueprint = app.blueprints[rule.endpoint.split(".")[0]]
            assert isinstance(blueprint, RoleBlueprint) and blueprint.roles, rule
        view = app.view_functions
        own = {endpoint for endpoint in GUESSED[app.name] if _own_limits(view[endpoint])}
        assert own == GUESSED[app.name]
    assert DEFAULT_LIMIT and limiter.enabled
    exempted = [
        f"{source.name}:{call.lineno}" for source in modules() for call in calls(source.tree)
        if dotted(call.func).endswith("limiter.exempt")
    ]  # fmt: skip
    assert exempted == []


def test_whoever_knocks_too_often_is_told_to_wait(world: World) -> None:
    visitor = Visitor(world.desk, "203.0.113.99")
    codes = [visitor.get("/healthz").status_code for _ in range(650)]
    assert codes[:500] == [200] * 500 and codes[-1] == 429


def test_every_answer_says_what_a_browser_may_do(world: World) -> None:
    for visitor, path in (
        (world.anybody(), "/"),
        (Visitor(world.portal), "/"),
        (world.as_owner(), "/photographs/"),
    ):
        answer = visitor.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "'unsafe" not in policy and "default-src" in policy and "frame-ancestors" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in world.as_owner().get("/photographs/").headers["Cache-Control"]


def test_what_does_not_exist_is_a_calm_page(world: World) -> None:
    for visitor in (world.anybody(), world.as_operator(), Visitor(world.portal)):
        for path in (
            "/nothing",
            "/operator/cases/nothing",
            "/%00",
            "/..%2f..%2fetc/passwd",
            "/static/../config.py",
        ):
            answer = visitor.get(path)
            assert answer.status_code in (303, 404), (path, answer.status_code)


def _own_limits(view: Any) -> bool:
    name = f"{view.__module__}.{view.__name__}.{view.__name__}"  # as Flask-Limiter calls it
    return bool(limiter.limit_manager.decorated_limits(name))


def _roles(app: Flask, endpoint: str) -> frozenset[Role]:
    if endpoint in ("", "static"):
        return frozenset(Role)
    blueprint = app.blueprints[endpoint.split(".")[0]]
    assert isinstance(blueprint, RoleBlueprint)
    return frozenset(Role) if blueprint.public else blueprint.roles


def _public(app: Flask, endpoint: str) -> bool:
    return _roles(app, endpoint) == frozenset(Role)
