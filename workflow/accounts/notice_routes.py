"""The bell: what somebody was told, reading it, and the switches in Settings. And the way out of mails."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.routing import BuildError

from workflow.accounts import bell, notices
from workflow.accounts.forms import ConfirmForm
from workflow.accounts.notice_tables import NoticeChannel
from workflow.accounts.permissions import May
from workflow.accounts.unsubscribing import read_token
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.forms import load_or_422
from workflow.web.limits import limit

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

DESK = (Role.RIGHTS_HOLDER, Role.OPERATOR, Role.LEGAL_PARTNER)

notices_desk = role_blueprint("notices_desk", __name__, role=DESK, reads=May.ACCOUNT_READ)
notices_public = role_blueprint("notices_public", __name__, role=Role.PUBLIC)
BLUEPRINTS = (notices_desk, notices_public)


def _my_id() -> uuid.UUID:
    return uuid.UUID(actor().id)


@notices_desk.get("/notices")
def index() -> ResponseReturnValue:
    """Every notice, newest first."""
    before = _moment(request.args.get("before", ""))
    with reading() as session:
        rows = bell.notices_of(session, _my_id(), before=before, limit=bell.PAGE + 1)
    shown = rows[: bell.PAGE]
    older = shown[-1].at.isoformat() if len(rows) > bell.PAGE else ""
    return render_template("accounts/notices.html", rows=shown, older=older, before=before)


@notices_desk.post("/notices/<uuid:notice_id>/open", action=May.ACCOUNT_CHANGE)
def open_one(notice_id: uuid.UUID) -> ResponseReturnValue:
    """Mark it as read and go where it leads."""
    load_or_422(ConfirmForm())
    with writing() as session:
        line = bell.open_notice(session, _my_id(), notice_id, now())
    try:
        onward = url_for(line.endpoint, **dict[str, Any](line.args)) if line.endpoint else url_for(".index")
    except BuildError:  # the page it led to is gone since
        onward = url_for(".index")
    return redirect(onward, code=303)


@notices_desk.post("/notices/read-all", action=May.ACCOUNT_CHANGE)
def read_all() -> ResponseReturnValue:
    """Mark every notice as read."""
    load_or_422(ConfirmForm())
    with writing() as session:
        bell.read_all(session, _my_id(), now())
    return redirect(url_for(".index"), code=303)


@notices_desk.get("/settings/notices")
def switches() -> ResponseReturnValue:
    """What this person is told, and how."""
    with reading() as session:
        rows = bell.switches_of(session, _my_id(), actor().role)
    return render_template("accounts/switches.html", rows=rows)


@notices_desk.post("/settings/notices", action=May.ACCOUNT_CHANGE)
def switch() -> ResponseReturnValue:
    """Keep the answers: a box that is not ticked is off."""
    load_or_422(ConfirmForm())
    with writing() as session:
        for row in bell.switches_of(session, _my_id(), actor().role):
            for channel, present in ((NoticeChannel.BELL, row.bell), (NoticeChannel.MAIL, row.mail)):
                on = f"{row.kind.value}:{channel.value}" in request.form.getlist("on")
                fixed = row.fixed and channel is NoticeChannel.BELL
                if present is not None and not fixed and present != on:
                    notices.switch(session, _my_id(), row.kind, channel, on=on)
    flash(say("Your choice is saved."), "done")
    return redirect(url_for(".switches"), code=303)


@notices_public.get("/unsubscribe/<token>")
def leave(token: str) -> ResponseReturnValue:
    """Ask once more: programs that look at links in mails must not switch anything off."""
    _account_id, kind = read_token(runtime().config, token)
    return render_template("accounts/unsubscribe.html", token=token, what=notices.WORDS[kind], done=False)


@notices_public.post("/unsubscribe/<token>")
@limit("30/hour")
def unsubscribe(token: str) -> ResponseReturnValue:
    """Switch this kind of mail off. A mail program's own button comes here as well (RFC 8058)."""
    account_id, kind = read_token(runtime().config, token)
    with writing() as session:
        notices.switch(session, account_id, kind, NoticeChannel.MAIL, on=False)
    return render_template("accounts/unsubscribe.html", token=token, what=notices.WORDS[kind], done=True)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text[:40].replace(" ", "+"))
    except ValueError as wrong:
        raise NotFound from wrong
    if found.tzinfo is None:
        raise NotFound
    return found
