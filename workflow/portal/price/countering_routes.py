"""A counter-offer: a sum of one's own, or the one that was named in answer."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, url_for

from workflow.accounts.permissions import May
from workflow.cases.bargaining.countering import name_sum, take_named, why_no_counter
from workflow.cases.bargaining.queries import current_offer
from workflow.cases.models import Case
from workflow.kernel.actors import Role
from workflow.kernel.errors import Refused
from workflow.kernel.said import say
from workflow.portal.pages import page
from workflow.portal.price.forms import CounterForm, TakeForm
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.forms import load_or_422
from workflow.web.limits import limit

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

portal_counter = role_blueprint("portal_counter", __name__, role=Role.INFRINGER, reads=May.PORTAL_READ)


@portal_counter.get("/counter-offer")
def write() -> ResponseReturnValue:
    """Name a sum."""
    return _page(CounterForm(formdata=None))


@portal_counter.post("/counter-offer", action=May.PORTAL_ANSWER)
@limit("20/minute")
def send() -> ResponseReturnValue:
    """Keep it; the receipt says the same whatever its height."""
    form = CounterForm()
    refusals: tuple[str, ...] = ()
    if form.validate_on_submit():
        try:
            with writing() as session:
                currency = current_offer(session, _case_id()).total.currency
                message = name_sum(
                    session,
                    runtime().vault,
                    _case_id(),
                    form.named(currency),
                    form.text.data or "",
                    actor(),
                    now(),
                )
                message_id = message.id
            return redirect(url_for("portal_answers.received", message_id=message_id), code=303)
        except Refused as refusal:
            refusals = refusal.reasons
    return _page(form, refusals), 422


@portal_counter.post("/counter-offer/<uuid:counter_id>/take", action=May.PORTAL_ANSWER)
@limit("20/minute")
def take(counter_id: uuid.UUID) -> ResponseReturnValue:
    """Take the sum that was named in answer."""
    load_or_422(TakeForm())
    with writing() as session:
        take_named(session, counter_id, actor(), now())
    flash(say("Agreed. You can pay the sum now."), "done")
    return redirect(url_for("portal_infringer.case"), code=303)


def _page(form: CounterForm, refusals: tuple[str, ...] = ()) -> str:
    with reading() as session:
        case = session.get_one(Case, _case_id())
        offer = current_offer(session, case.id)
        why_not = why_no_counter(session, case, now())
    return page(
        "infringer/price/counter.html", case=case, offer=offer, form=form, refusals=refusals, why_not=why_not
    )


def _case_id() -> uuid.UUID:
    return uuid.UUID(actor().id)
