"""The rights-holder's money: three numbers, a line for each payment, and how each was divided."""

from __future__ import annotations

import uuid

from flask import render_template, request

from workflow.accounts import queries as accounts
from workflow.accounts.permissions import May
from workflow.kernel.actors import Role
from workflow.payouts import queries
from workflow.payouts.lifecycle import PAYOUT_LIFECYCLE
from workflow.payouts.pages import PAYOUT_CHIPS
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, reading

payouts_rights_holder = role_blueprint(
    "payouts_rights_holder", __name__, role=Role.RIGHTS_HOLDER, reads=May.MONEY_READ, url_prefix="/money"
)


@payouts_rights_holder.get("/")
def index() -> str:
    """Held, available, paid; and every payment behind them."""
    me = uuid.UUID(actor().id)
    with reading() as session:
        return render_template(
            "rights_holder/money/index.html",
            sums=[queries.balances(session, me, currency) for currency in queries.currencies(session, me)],
            shown=queries.statements(session, actor(), request.args.get("page", 1, type=int)),
            has_account=bool(accounts.account(session, me).iban),
            states=PAYOUT_LIFECYCLE.states,
            chips=PAYOUT_CHIPS,
        )


@payouts_rights_holder.get("/<uuid:payout_id>")
def show(payout_id: uuid.UUID) -> str:
    """One payment: from what was paid to what is yours, line by line."""
    with reading() as session:
        found = queries.statement(session, actor(), payout_id)
        return render_template(
            "rights_holder/money/show.html",
            found=found,
            state=PAYOUT_LIFECYCLE.states[found.payout.state],
            chip_kind=PAYOUT_CHIPS[found.payout.state],
        )


BLUEPRINTS = (payouts_rights_holder,)
