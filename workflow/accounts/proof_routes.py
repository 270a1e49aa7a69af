"""Proving again who one is: the page that a dangerous step without a fresh proof is answered with."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import make_response, redirect, render_template, request, url_for

from workflow.accounts import desk_sign_in, queries
from workflow.accounts.desk_routes import DESK
from workflow.accounts.forms import ProveForm
from workflow.accounts.permissions import May
from workflow.accounts.services import entry, factors
from workflow.accounts.sign_in_routes import WAIT, WRONG
from workflow.kernel.errors import Refused
from workflow.kernel.wording import say
from workflow.web.blueprints import own_path, role_blueprint
from workflow.web.current import actor, reading, runtime, signed_in, wall, writing
from workflow.web.forms import refuse
from workflow.web.limits import limit

if TYPE_CHECKING:
    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

accounts_proof = role_blueprint("accounts_proof", __name__, role=DESK, reads=May.ACCOUNT_READ)
BLUEPRINTS = (accounts_proof,)


def install(app: Flask) -> None:
    """Let every dangerous step of ``app`` be answered with this page."""
    app.extensions["proof_page"] = _asked


def _asked(back: str) -> Response:
    """Nothing was done yet; ``back`` is the page the step was on."""
    form = ProveForm(formdata=None)
    form.next.data = back
    return make_response(_page(form), 403)


@accounts_proof.get("/confirm-it-is-you")
def show() -> ResponseReturnValue:
    """The same page, opened by hand."""
    form = ProveForm(formdata=None)
    form.next.data = own_path(request.args.get("next")) or ""
    return _page(form)


@accounts_proof.post("/confirm-it-is-you", action=May.ACCOUNT_CHANGE)
@limit("5/5minutes", failures_only=True)
def prove() -> ResponseReturnValue:
    """Password, and code where there is one; then back to the page, under a new session token."""
    form = ProveForm()
    if not form.validate_on_submit():
        return _page(form), 422
    me = signed_in()
    with reading() as session:
        known = entry.check_password(session, (me.email if me else None) or "", form.password.data)
        coded = queries.has_second_factor(session, uuid.UUID(actor().id))
    why = ""
    token = ""
    if known is None:
        why = say("The password does not fit.")
    else:
        with writing() as session:
            if coded:
                outcome = factors.check(session, runtime().secrets, known.id, form.code.data or "", wall())
                pause = factors.seconds_to_wait(session, known.id, wall())
                why = {
                    factors.Outcome.FITS: "", factors.Outcome.WRONG: say(WRONG),
                    factors.Outcome.WAIT: say(WAIT, seconds=pause),
                }[outcome]  # fmt: skip
            if not why:
                token = entry.renew(session, desk_sign_in.token(), wall())
    if why:
        refuse(form, Refused(why))
        return _page(form), 422
    desk_sign_in.begin(token)
    return redirect(own_path(form.next.data) or url_for("accounts_desk.start"), code=303)


def _page(form: ProveForm) -> str:
    me = signed_in()
    with reading() as session:
        coded = queries.has_second_factor(session, uuid.UUID(actor().id))
    return render_template("accounts/proof.html", form=form, coded=coded, email=me.email if me else "")
