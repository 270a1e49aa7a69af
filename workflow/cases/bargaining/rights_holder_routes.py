"""What a rights-holder decides about the price: a counter-offer, and how low it may go."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, url_for

from workflow.accounts.permissions import May
from workflow.cases import queries
from workflow.cases.bargaining.deciding import decide_from_form
from workflow.cases.bargaining.forms import LimitForm
from workflow.cases.bargaining.limits import lower_limit
from workflow.kernel.actors import Role
from workflow.kernel.said import say
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, writing
from workflow.web.forms import load_or_422

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bargaining_rights_holder = role_blueprint(
    "bargaining_rights_holder", __name__, role=Role.RIGHTS_HOLDER, reads=May.CASES_READ, url_prefix="/cases"
)


@bargaining_rights_holder.post("/<uuid:case_id>/sums/<uuid:counter_id>", action=May.CASES_ACT)
def decide_sum(case_id: uuid.UUID, counter_id: uuid.UUID) -> ResponseReturnValue:
    """Accept, decline or answer the sum the recipient named."""
    decide_from_form(case_id, counter_id)
    flash(say("Decided. The recipient reads it in the portal and gets a mail."), "done")
    return redirect(url_for("cases_rights_holder.show", case_id=case_id), code=303)


@bargaining_rights_holder.post("/<uuid:case_id>/limit", action=May.CASES_ACT)
def limit(case_id: uuid.UUID) -> ResponseReturnValue:
    """Go lower than was said at submission."""
    form = LimitForm()
    load_or_422(form)
    with writing() as session:
        queries.case_for(session, actor(), case_id)
        lower_limit(session, case_id, int(form.percent.data), actor(), now())
    flash(say("Counter-offers from {percent} % are accepted at once.", percent=form.percent.data), "done")
    return redirect(url_for("cases_rights_holder.show", case_id=case_id), code=303)
