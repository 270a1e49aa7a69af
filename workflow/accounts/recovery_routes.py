"""A forgotten password: ask for a link, follow it, choose a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, flash, redirect, render_template, url_for

from workflow.accounts import passwords, queries
from workflow.accounts.forms import ForgottenForm, NewPasswordForm
from workflow.accounts.services import recovery
from workflow.kernel.actors import Role
from workflow.kernel.errors import Refused
from workflow.kernel.wording import say
from workflow.web.blueprints import role_blueprint
from workflow.web.current import now, reading, runtime, wall, writing
from workflow.web.forms import form_page, refuse
from workflow.web.limits import limit

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

accounts_recovery = role_blueprint("accounts_recovery", __name__, role=Role.PUBLIC)
BLUEPRINTS = (accounts_recovery,)


@accounts_recovery.route("/forgotten-password", methods=["GET", "POST"])
@limit("5/minute;20/hour")
def ask() -> ResponseReturnValue:
    """The same answer for every address."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return form_page("accounts/forgotten.html", form)
    with writing() as session:
        recovery.ask_new_password(session, form.email.data, link_to_password_page, wall())
    return render_template("accounts/forgotten_done.html")


@accounts_recovery.route("/new-password/<token>", methods=["GET", "POST"])
@limit("10/minute")
def choose(token: str) -> ResponseReturnValue:
    """Looking uses nothing up: mail scanners follow links."""
    with reading() as session:
        if not queries.link_works(session, token, tuple(recovery.WITHIN), wall()):
            abort(410)
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return form_page("accounts/new_password.html", form, token=token)
    try:
        stored = passwords.hash_password(form.password.data)
        with writing() as session:
            recovery.take_new_password(session, token, stored, now(), wall())
    except Refused as refusal:
        refuse(form, refusal)
        return form_page("accounts/new_password.html", form, token=token)
    flash(say("Your new password is set and every browser was signed out. Please log in."), "done")
    return redirect(url_for("accounts_public.log_in"), code=303)


def link_to_password_page(token: str) -> str:
    """The address in the mail, built from our own settings, never from the request's Host."""
    return f"{runtime().config.desk_url}{url_for('accounts_recovery.choose', token=token)}"
