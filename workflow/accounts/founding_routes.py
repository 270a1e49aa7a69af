"""The page behind the terminal's one-time link: the first operator opens an account in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, url_for

from workflow.accounts import passwords
from workflow.accounts.forms import FoundingForm
from workflow.accounts.services import founding
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.web.blueprints import role_blueprint
from workflow.web.current import now, reading, wall, writing
from workflow.web.forms import form_page, refuse
from workflow.web.limits import limit

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

founding_public = role_blueprint("founding_public", __name__, role=Role.PUBLIC)
BLUEPRINTS = (founding_public,)


@founding_public.get("/begin/<token>")
def begin(token: str) -> ResponseReturnValue:
    """Name, address and password of the first operator."""
    with reading() as session:
        if not founding.link_works(session, token, wall()):
            raise NotFound(say("This link"))
    return form_page("accounts/begin.html", FoundingForm(), token=token)


@founding_public.post("/begin/<token>")
@limit("10/hour", failures_only=True)
def found(token: str) -> ResponseReturnValue:
    """Enter the account; the link ends with it."""
    form = FoundingForm()
    if form.validate_on_submit():
        try:
            hashed = passwords.hash_password(form.password.data, not_like=form.email.data)
            with writing() as session:
                founding.found(session, token, form.email.data, form.name.data, hashed, now(), wall())
        except Refused as refusal:
            refuse(form, refusal)
        else:
            flash(say("Your account is ready. Log in; the set-up comes first."), "done")
            return redirect(url_for("accounts_public.log_in"), code=303)
    return form_page("accounts/begin.html", form, token=token)
