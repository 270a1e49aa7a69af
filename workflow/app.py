"""The two web applications, put together: which pages exist where, for whom, under which address."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask

from workflow.accounts import approval_routes, desk_sign_in, proof_routes
from workflow.accounts.queries import instance_languages, zone_name
from workflow.cases import worklist
from workflow.condition import figures, readiness
from workflow.desk import pages as desk_pages
from workflow.hits.found_copies import where_found
from workflow.hits.queries import count_open
from workflow.kernel import approvals
from workflow.kernel.actors import Role
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.money import to_do as money_to_do
from workflow.portal import access as portal_access
from workflow.web import current
from workflow.web.blueprints import RoleBlueprint
from workflow.web.health import Condition
from workflow.web.rendering import NavItem
from workflow.web.skeleton import DEFAULT_ZONE, Shape, make_app
from workflow.works import found

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: The modules whose ``BLUEPRINTS`` make up the desk, in the order of a case's life.
DESK_ROUTES = (
    "workflow.accounts.public_routes",
    "workflow.accounts.legal_routes",
    "workflow.accounts.sign_in_routes",
    "workflow.accounts.recovery_routes",
    "workflow.accounts.security_routes",
    "workflow.accounts.proof_routes",
    "workflow.accounts.approval_routes",
    "workflow.accounts.people_routes",
    "workflow.accounts.desk_routes",
    "workflow.accounts.operator_routes",
    "workflow.accounts.founding_routes",
    "workflow.accounts.notice_routes",
    "workflow.desk.routes",
    "workflow.works.rights_holder_routes",
    "workflow.works.operator_routes",
    "workflow.hits.rights_holder_routes",
    "workflow.cases.rights_holder_routes",
    "workflow.cases.operator_routes",
    "workflow.money.operator_routes",
    "workflow.money.transfer_routes",
    "workflow.payouts.rights_holder_routes",
    "workflow.payouts.operator_routes",
)
#: Only a demo instance shows its mailbox and its style guide.
DEMO_ROUTES = ("workflow.demo.routes",)
PORTAL_ROUTES = (
    "workflow.portal.infringer_routes",
    "workflow.portal.public_routes",
    "workflow.accounts.legal_routes",
    "workflow.money.webhook_routes",
)

OWNER_NAV = (
    NavItem("hits_rights_holder.inbox", say("Inbox"), "inbox"),
    NavItem("works_rights_holder.index", say("Photographs"), "images"),
    NavItem("cases_rights_holder.index", say("Cases"), "folder2-open"),
    NavItem("payouts_rights_holder.index", say("Money"), "cash-coin"),
    NavItem("accounts_desk.settings", say("Settings"), "gear"),
)
OPERATOR_NAV = (
    NavItem("cases_operator.queue", say("Queue"), "list-check"),
    NavItem("approvals_operator.index", say("To approve"), "check2-circle"),
    NavItem("cases_operator.index", say("Cases"), "folder2-open"),
    NavItem("letters_operator.index", say("Letters"), "envelope"),
    NavItem("money_operator.payments", say("Payments"), "credit-card"),
    NavItem("payouts_operator.index", say("Payouts"), "cash-coin"),
    NavItem("operator_people.index", say("People"), "people"),
    NavItem("operator_setup.show", say("Set-up"), "gear"),
)
PARTNER_NAV = (NavItem("accounts_desk.settings", say("Settings"), "gear"),)
NAV: dict[Role, tuple[NavItem, ...]] = {
    Role.RIGHTS_HOLDER: OWNER_NAV,
    Role.OPERATOR: OPERATOR_NAV,
    Role.LEGAL_PARTNER: PARTNER_NAV,
}


#: The operator's queue: money of which nobody knows whose it is, then the cases, then what is patient.
QUEUE = (*money_to_do.FIRST, *worklist.KINDS, *money_to_do.LAST)


def create_desk(runtime: Runtime) -> Flask:
    """Rights-holders, operators and legal partners; and the public site in front of it."""
    modules = DESK_ROUTES + (DEMO_ROUTES if runtime.config.demo else ())
    shape = Shape(
        site_url=runtime.config.desk_url,
        cookie_name="lb_desk",
        signed_in_loader=desk_sign_in.load,
        blueprints=_blueprints(modules),
        log_in_endpoint="accounts_public.log_in",
        nav=_nav,
        zone_name=_zone,
        languages=_languages,
        proxies=runtime.config.proxies,
        condition=Condition(_readiness, _figures, local_figures=True),
        csrf_exempt=frozenset({"notices_public.unsubscribe"}),
    )
    desk = make_app("desk", runtime, shape)
    desk.extensions["queue_kinds"] = QUEUE
    desk_pages.install(desk)
    found.install(desk, where_found)
    proof_routes.install(desk)
    approval_routes.install(desk)
    return desk


def create_portal(runtime: Runtime) -> Flask:
    """The infringer's side, the verify page and the webhooks; nothing of the desk exists here."""
    shape = Shape(
        site_url=runtime.config.portal_url,
        cookie_name="lb_portal",
        signed_in_loader=portal_access.signed_in,
        blueprints=_blueprints(PORTAL_ROUTES),
        log_in_endpoint=portal_access.LOG_IN_ENDPOINT,
        zone_name=_zone,
        languages=_languages,
        proxies=runtime.config.proxies,
        csrf_exempt=frozenset({"money_webhooks.stripe"}),
        condition=Condition(_readiness, _figures, local_figures=False),
    )
    return make_app("portal", runtime, shape)


def create_application(runtime: Runtime) -> WSGIApplication:
    """Both apps behind one port, told apart by the host name; an unknown host gets the desk's 400."""
    desk, portal = create_desk(runtime), create_portal(runtime)
    portal_host = urlsplit(runtime.config.portal_url).hostname

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname
        chosen: Callable[..., Any] = portal if host == portal_host else desk
        answer: Iterable[bytes] = chosen(environ, start_response)
        return answer

    return application


def _readiness() -> dict[str, bool]:
    return readiness(current.runtime())


def _figures() -> bytes:
    return figures(current.runtime())


def _blueprints(modules: Sequence[str]) -> list[RoleBlueprint]:
    blueprints: list[RoleBlueprint] = []
    for name in modules:
        blueprints.extend(importlib.import_module(name).BLUEPRINTS)
    return blueprints


def _nav(person: current.SignedIn | None) -> Sequence[NavItem]:
    if person is None:
        return ()
    items = NAV.get(person.actor.role, ())
    with current.reading() as session:
        if person.actor.role is Role.RIGHTS_HOLDER:
            waiting = {"hits_rights_holder.inbox": count_open(session, person.actor)}
        elif person.actor.role is Role.OPERATOR:
            waiting = {
                "cases_operator.queue": worklist.waiting(session, QUEUE),
                "approvals_operator.index": len(approvals.waiting(session, current.now())),
            }
        else:
            waiting = {}
    return [replace(item, count=waiting.get(item.endpoint, 0)) for item in items]


def _zone() -> str:
    with current.reading() as session:
        return zone_name(session) or DEFAULT_ZONE


def _languages() -> Sequence[str]:
    with current.reading() as session:
        return instance_languages(session)
