"""Search, and putting the first steps away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from workflow.accounts.forms import ConfirmForm
from workflow.accounts.permissions import May
from workflow.accounts.readiness import FIRST_STEPS_DONE, acknowledge
from workflow.desk import search as finding
from workflow.kernel.actors import Role
from workflow.kernel.said import say
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, writing
from workflow.web.forms import CONTROLS, clean, load_or_422

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

desk_search = role_blueprint(
    "desk_search", __name__, role=(Role.RIGHTS_HOLDER, Role.OPERATOR), reads=May.CASES_READ
)
desk_first_steps = role_blueprint("desk_first_steps", __name__, role=Role.RIGHTS_HOLDER)
BLUEPRINTS = (desk_search, desk_first_steps)


@desk_search.get("/search")
def search() -> ResponseReturnValue:
    """What fits the words, by kind."""
    words = CONTROLS.sub("", clean(request.args.get("q")) or "").replace("\ufffd", "")[: finding.LONGEST]
    with reading() as session:
        groups = finding.search(session, actor(), words)
    return render_template(
        "accounts/search.html", words=words, groups=groups, too_short=0 < len(words) < finding.SHORTEST,
        most=finding.MOST,
    )  # fmt: skip


@desk_first_steps.post("/first-steps/put-away", action=May.ACCOUNT_CHANGE)
def put_away() -> ResponseReturnValue:
    """Do not show the list any more."""
    load_or_422(ConfirmForm())
    with writing() as session:
        acknowledge(session, FIRST_STEPS_DONE, actor(), now(), "Put the first steps away")
    flash(say("The list is put away. Everything on it is still in Settings and Photographs."), "done")
    return redirect(url_for("hits_rights_holder.inbox"), code=303)
