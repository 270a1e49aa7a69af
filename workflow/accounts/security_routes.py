"""Settings for safety: the second factor, recovery codes, single browsers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, url_for

from workflow.accounts import desk_sign_in, one_time, queries
from workflow.accounts.desk_routes import DESK
from workflow.accounts.forms import CodeForm
from workflow.accounts.permissions import May
from workflow.accounts.services import entry, factors
from workflow.accounts.sign_in_routes import secret_to_show
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.wording import say
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, wall, writing
from workflow.web.forms import form_page, refuse
from workflow.web.limits import limit

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

accounts_security = role_blueprint("accounts_security", __name__, role=DESK, reads=May.ACCOUNT_READ)
BLUEPRINTS = (accounts_security,)


def _my_id() -> uuid.UUID:
    return uuid.UUID(actor().id)


@accounts_security.get("/settings/second-factor")
def second_factor() -> ResponseReturnValue:
    """Whether there is one, how many recovery codes are left, and what can be done."""
    with reading() as session:
        account = queries.account(session, _my_id())
        return render_template(
            "accounts/second_factor.html",
            account=account,
            active=queries.has_second_factor(session, account.id),
            left=factors.codes_left(session, account.id),
            proposed=factors.proposed_secret(session, runtime().secrets, account.id) is not None,
            required=account.role in factors.REQUIRED,
        )


@accounts_security.post("/settings/second-factor/propose", action=May.SECOND_FACTOR)
def propose() -> ResponseReturnValue:
    """A fresh secret; the one in use stays in use until a code confirms the new one."""
    with writing() as session:
        factors.propose(session, runtime().secrets, _my_id(), one_time.new_secret())
    return redirect(url_for("accounts_security.confirm_page"), code=303)


@accounts_security.get("/settings/second-factor/confirm")
def confirm_page() -> ResponseReturnValue:
    """The QR code, while one waits to be confirmed."""
    return _confirm(CodeForm(formdata=None))


@accounts_security.post("/settings/second-factor/confirm", action=May.SECOND_FACTOR)
@limit("10/5minutes", failures_only=True)
def confirm() -> ResponseReturnValue:
    """One right code puts it in force; every other browser is signed out."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _confirm(form)
    codes = one_time.new_recovery_codes()
    try:
        with writing() as session:
            account = queries.account(session, _my_id())
            at = factors.Moments(now(), wall())
            factors.confirm(session, runtime().secrets, account, form.code.data, codes, at)
            entry.end_other_sessions(session, account.id, desk_sign_in.token())
            token = entry.renew(session, desk_sign_in.token(), wall())
    except Refused as refusal:
        refuse(form, refusal)
        return _confirm(form)
    desk_sign_in.begin(token)
    return _codes(codes)


@accounts_security.post("/settings/second-factor/codes", action=May.SECOND_FACTOR)
def codes() -> ResponseReturnValue:
    """Ten new recovery codes."""
    fresh = one_time.new_recovery_codes()
    with writing() as session:
        account = queries.account(session, _my_id())
        factors.renew_codes(session, runtime().secrets, account, fresh, factors.Moments(now(), wall()))
    return _codes(fresh)


@accounts_security.post("/settings/second-factor/remove", action=May.SECOND_FACTOR)
def remove() -> ResponseReturnValue:
    """Do without; staff cannot."""
    with writing() as session:
        account = queries.account(session, _my_id())
        factors.remove(session, account, factors.Moments(now(), wall()))
        entry.end_other_sessions(session, account.id, desk_sign_in.token())
    flash(say("The second factor is removed; every other browser was signed out."), "done")
    return redirect(url_for("accounts_security.second_factor"), code=303)


@accounts_security.post("/settings/sessions/<uuid:session_id>/end", action=May.ACCOUNT_CHANGE)
def end_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Sign out one browser of one's own."""
    with writing() as session:
        entry.end_session(session, _my_id(), session_id)
    flash(say("That browser is signed out."), "done")
    return redirect(url_for("accounts_desk.settings"), code=303)


def _confirm(form: CodeForm) -> ResponseReturnValue:
    with reading() as session:
        account = queries.account(session, _my_id())
        if factors.proposed_secret(session, runtime().secrets, account.id) is None:
            raise NotFound
    return form_page("accounts/second_factor_confirm.html", form, **secret_to_show(account.id, account.email))


def _codes(fresh: list[str]) -> str:
    return render_template(
        "accounts/recovery_codes.html", codes=fresh, onwards=url_for("accounts_security.second_factor")
    )
