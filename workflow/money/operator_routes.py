"""Payments for staff: the list, one payment with its bookings, giving it back, deciding what does not fit."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workflow.accounts.permissions import May
from workflow.kernel.actors import Role
from workflow.kernel.said import say
from workflow.money import queries, services
from workflow.money.lifecycle import PAYIN_LIFECYCLE
from workflow.money.pages import PAYIN_CHIPS, account_word
from workflow.money.services.refunds import why_no_refund
from workflow.money.states import PayinWay
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, writing
from workflow.web.transitions import note, seen_version

money_operator = role_blueprint(
    "money_operator", __name__, role=Role.OPERATOR, reads=May.PAYMENTS_READ, url_prefix="/operator/payments"
)


@money_operator.get("/")
def payments() -> str:
    """Every payment, newest first; what a person must look at stands on top."""
    with reading() as session:
        shown = queries.payments(session, request.args.get("page", 1, type=int))
        return render_template(
            "operator/money/payments.html", shown=shown, states=PAYIN_LIFECYCLE.states, chips=PAYIN_CHIPS
        )


@money_operator.get("/<uuid:payin_id>")
def show(payin_id: uuid.UUID) -> str:
    """One payment: facts, bookings, history, and what can be done."""
    with reading() as session:
        sheet = queries.sheet(session, payin_id)
        return render_template(
            "operator/money/show.html",
            sheet=sheet,
            payin=sheet.payin,
            case=sheet.case,
            state=PAYIN_LIFECYCLE.states[sheet.payin.state],
            chip_kind=PAYIN_CHIPS[sheet.payin.state],
            account_word=account_word,
            no_refund=why_no_refund(session, sheet.payin),
        )


@money_operator.post("/<uuid:payin_id>/refund", action=May.PAYMENTS_REFUND)
def refund(payin_id: uuid.UUID) -> Response:
    """Give the payment back in full."""
    with writing() as session:
        payin = services.ask_refund(session, payin_id, actor(), now(), seen_version=seen_version())
        by_transfer, case_id = payin.way is PayinWay.TRANSFER, payin.case_id
    if by_transfer:
        flash(say("The money lies on the account of the case again. Transfer it back from there."), "waiting")
        return redirect(url_for("transfers_operator.back", case_id=case_id), code=303)
    flash(say("The refund is on its way. The books follow when the payment service confirms it."), "waiting")
    return redirect(url_for(".show", payin_id=payin_id), code=303)


@money_operator.post("/<uuid:payin_id>/decide", action=May.PAYMENTS_DECIDE)
def decide(payin_id: uuid.UUID) -> Response:
    """Keep what was decided about a payment that did not fit."""
    with writing() as session:
        services.settle_trouble(session, payin_id, note(), actor(), now())
    flash(say("Your decision is kept with the payment."), "done")
    return redirect(url_for(".show", payin_id=payin_id), code=303)


BLUEPRINTS = (money_operator,)
