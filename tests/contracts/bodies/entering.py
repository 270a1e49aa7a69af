"""Knocking, coming in and going out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.contracts.bodies.lines import Line, Stage, bare, on
from tests.contracts.crowd import PASSWORD
from tests.second_step import code_for
from tests.world import Form
from workflow.accounts.models import Account
from workflow.accounts.notice_tables import FoundingLink
from workflow.accounts.notices import NoticeKind
from workflow.accounts.queries import account_by_email
from workflow.accounts.services import joining, recovery
from workflow.accounts.tokens import new_token, token_hash
from workflow.accounts.unsubscribing import unsubscribe_url
from workflow.kernel.actors import Role
from workflow.kernel.db import Session

FRESH = {"name": "Fresh Eyes", "email": "fresh@example.org", "password": "a kite above the dunes"}


def _fresh(stage: Stage, email: str = "") -> None:
    """Somebody before an empty browser; with ``email`` half-way in."""
    stage.extra["fresh"] = stage.world.anybody()
    if email:
        page = stage.extra["fresh"].press("/log-in", {"email": email, "password": PASSWORD})
        assert page.location.startswith("/log-in/"), page.location


def _log_in(stage: Stage) -> Form:
    _fresh(stage)
    return stage.form("fresh", "/log-in", {"email": "partner@example.org", "password": PASSWORD})


def _code(stage: Stage) -> Form:
    _fresh(stage, "cashier@example.org")
    code = code_for(stage.world.runtime, "cashier@example.org")
    return stage.form("fresh", "/log-in/code", {"code": code})


def _enrol(stage: Stage) -> Form:
    _fresh(stage, "newcomer@example.org")
    code = code_for(stage.world.runtime, "newcomer@example.org")
    return stage.form("fresh", "/log-in/second-factor", {"code": code})


def _link(stage: Stage, post: Callable[[Session, Callable[[str], str], datetime], None]) -> str:
    """The token in the link that ``post`` writes into a mail."""
    tokens: list[str] = []

    def keep(token: str) -> str:
        tokens.append(token)
        return f"https://example.org/{token}"

    stage.change(lambda session: post(session, keep, stage.world.clock.wall()))
    return tokens[0]


def _confirm(stage: Stage) -> Form:
    def post(session: Session, keep: Callable[[str], str], wall: datetime) -> None:
        account = account_by_email(session, FRESH["email"])
        assert account is not None
        joining.post_confirmation(session, account, keep, wall)

    return stage.form("nobody", f"/confirm/{_link(stage, post)}")


def _choose(stage: Stage) -> Form:
    def post(session: Session, keep: Callable[[str], str], wall: datetime) -> None:
        recovery.ask_new_password(session, FRESH["email"], keep, wall)

    page = f"/new-password/{_link(stage, post)}"
    return stage.form("nobody", page, {"password": "a harbour in the rain"})


def _found(stage: Stage) -> Form:
    token, wall = new_token(), stage.world.clock.wall()
    link = FoundingLink(token_hash=token_hash(token), created_at=wall, expires_at=wall + timedelta(hours=1))
    stage.change(lambda session: session.add(link))
    return f"/begin/{token}", list(FRESH.items())


def _unsubscribe(stage: Stage) -> Form:
    owner = stage.first(Account, Account.role == Role.RIGHTS_HOLDER)
    url = unsubscribe_url(stage.world.runtime.config, owner.id, NoticeKind.DIGEST)
    return stage.form("nobody", "/unsubscribe/" + url.rsplit("/", 1)[1])


def _log_out(stage: Stage) -> Form:
    _fresh(stage)
    given = {"email": "other@example.org", "password": PASSWORD}
    assert stage.visitor("fresh").press("/log-in", given).status_code == 303
    return stage.form("fresh", "/settings", action="/log-out")


LINES = {
    "public.contact": on("nobody", "/contact", {"name": "A", "email": "a@example.org", "text": "Hello"}),
    "language.choose": bare("nobody", "/language", ("language", "en"), ("back", "/"), writes=False),
    "accounts_public.sign_up": on(
        "nobody", "/sign-up",
        {**FRESH, "kind": "photographer", "capacity": "author", "country": "DE", "tax_state": "private",
         "accept_terms": "y"},
    ),
    "accounts_public.confirm_now": Line("nobody", _confirm),
    "accounts_recovery.ask": on("nobody", "/forgotten-password", {"email": FRESH["email"]}, answer=200),
    "accounts_recovery.choose": Line("nobody", _choose),
    "accounts_public.log_in": Line("fresh", _log_in),
    "accounts_sign_in.code": Line("fresh", _code),
    "accounts_sign_in.enrol": Line("fresh", _enrol, answer=200),
    "founding_public.found": Line(
        "nobody", _found, answer=409, why="somebody operates this instance already", writes=False
    ),
    "notices_public.unsubscribe": Line("nobody", _unsubscribe, answer=200),
}  # fmt: skip
LAST = {"accounts_desk.log_out": Line("fresh", _log_out)}
