"""What waits for a second person: the list, the decision, and the answer to a step that needs one."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, url_for

from workflow.accounts import approving
from workflow.accounts.permissions import May
from workflow.kernel import approvals
from workflow.kernel.access import may
from workflow.kernel.actors import Role
from workflow.kernel.approvals import ApprovalNeeded
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.wording import say
from workflow.web.blueprints import own_path, role_blueprint
from workflow.web.current import actor, now, reading, writing
from workflow.web.transitions import note

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue
    from werkzeug.wrappers import Response

approvals_operator = role_blueprint(
    "approvals_operator", __name__, role=Role.OPERATOR, reads=May.APPROVALS_READ
)
BLUEPRINTS = (approvals_operator,)


def install(app: Flask) -> None:
    """A step that needs a second person is not done; pressing it asks for one."""
    app.register_error_handler(ApprovalNeeded, _ask)


def _ask(needed: ApprovalNeeded) -> Response:
    with writing() as session:
        row = approvals.request(session, needed.wish, actor(), now())
        alone = approving.four_eyes(session).alone_since(row.action)
    if alone is not None and may(actor(), May.of(needed.wish.rule.decided_by)):
        told = say("Noted. This instance has one person: agree to it yourself from {day} on.")
        flash(say(told, day=approvals.ripe(row, alone).date()), "waiting")
    else:
        flash(say("Nothing was done yet: a second person was asked to agree."), "waiting")
    came_from = urlsplit(request.referrer or "")
    back = own_path(f"{came_from.path}?{came_from.query}".rstrip("?"))
    ours = came_from.netloc == request.host
    return redirect(back if back and ours else url_for("approvals_operator.index"), code=303)


@approvals_operator.get("/operator/approvals")
def index() -> ResponseReturnValue:
    """Requests with their facts, oldest first; the last decisions below."""
    with reading() as session:
        rows = approvals.waiting(session, now())
        rules, eyes = approving.rules(), approving.four_eyes(session)
        return render_template(
            "operator/approvals/index.html",
            rows=[(row, rules[row.action], approving.why_not(eyes, row, actor(), now())) for row in rows],
            decided=[(row, rules[row.action]) for row in approvals.decided(session)],
            eyes=eyes,
            may_manage=may(actor(), May.PEOPLE_MANAGE),
            fact_words=approving.FACT_WORDS,
        )  # fmt: skip


@approvals_operator.post("/operator/approvals/one-person", action=May.PEOPLE_MANAGE)
def one_person() -> ResponseReturnValue:
    """Declare that this office has one person, or that it has several again."""
    wish = request.form.get("alone")
    if wish not in ("yes", "no"):
        raise Refused(say("Please say whether this office has one person or several."))
    alone = wish == "yes"
    with writing() as session:
        approving.declare_alone(session, alone, actor(), now())
    flash(say("It is noted in the history of this instance."), "done")
    return redirect(url_for("approvals_operator.index"), code=303)


@approvals_operator.post("/operator/approvals/<uuid:approval_id>/<word>", action=May.APPROVALS_DECIDE)
def decide(approval_id: uuid.UUID, word: str) -> ResponseReturnValue:
    """Agree or refuse; whoever asked never does."""
    if word not in ("agree", "refuse"):
        raise NotFound
    with writing() as session:
        approving.decide(session, approval_id, agree=word == "agree", actor=actor(), now=now(), note=note())
    flash(say("You agreed; the step can be taken now.") if word == "agree" else say("You refused."), "done")
    return redirect(url_for("approvals_operator.index"), code=303)
