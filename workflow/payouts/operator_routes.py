"""Payouts for staff: the list by state, and the steps from due to arrived."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workflow.accounts.permissions import May
from workflow.kernel.actors import Role
from workflow.kernel.said import say
from workflow.payouts import queries
from workflow.payouts.lifecycle import PAYOUT_LIFECYCLE
from workflow.payouts.pages import PAYOUT_CHIPS
from workflow.payouts.states import PayoutState, PayoutTrigger
from workflow.web.blueprints import allow, role_blueprint
from workflow.web.current import actor, now, reading, writing
from workflow.web.transitions import action_buttons, fire_from_form

payouts_operator = role_blueprint(
    "payouts_operator", __name__, role=Role.OPERATOR, reads=May.PAYOUTS_READ, url_prefix="/operator/payouts"
)


@payouts_operator.get("/")
def index() -> str:
    """Every payout with the steps it can take now; filtered by state when asked."""
    word = request.args.get("state", "")
    chosen = PayoutState(word) if word in list(PayoutState) else None
    with reading() as session:
        shown = queries.for_staff(session, chosen, request.args.get("page", 1, type=int))
        buttons = {
            row.payout.id: action_buttons(session, PAYOUT_LIFECYCLE, row.payout, actor(), now())
            for row in shown.rows
        }
        return render_template(
            "operator/payouts/index.html",
            shown=shown,
            buttons=buttons,
            chosen=chosen,
            counts=queries.counts(session),
            states=PAYOUT_LIFECYCLE.states,
            chips=PAYOUT_CHIPS,
        )


#: Steps that need a right of their own.
RIGHT_OF: dict[str, May] = {
    PayoutTrigger.APPROVE: May.PAYOUTS_APPROVE,
    PayoutTrigger.SEND: May.PAYOUTS_SEND,
}


@payouts_operator.post("/<uuid:payout_id>/<trigger>", action=May.PAYOUTS_STEP)
def take(payout_id: uuid.UUID, trigger: str) -> Response:
    """Take one step; the table says which there are and what they book."""
    allow(RIGHT_OF.get(trigger, May.PAYOUTS_STEP))
    with writing() as session:
        payout = fire_from_form(session, PAYOUT_LIFECYCLE, payout_id, trigger)
        label = PAYOUT_LIFECYCLE.states[payout.state].label
    flash(say("The payout is now “{label}”.", label=label), "done")
    return redirect(url_for(".index"), code=303)


BLUEPRINTS = (payouts_operator,)
