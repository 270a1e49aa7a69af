"""The one way from a page of the desk to a decision on a counter-offer, for rights-holder and operator."""

from __future__ import annotations

import uuid

from workflow.cases import queries
from workflow.cases.bargaining.countering import Verdict, decide_counter
from workflow.cases.bargaining.forms import CounterDecisionForm
from workflow.cases.bargaining.models import CounterOffer
from workflow.cases.bargaining.queries import current_offer
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say
from workflow.web.current import actor, now, writing
from workflow.web.forms import load_or_422
from workflow.web.transitions import note, seen_version


def decide_from_form(case_id: uuid.UUID, counter_id: uuid.UUID) -> None:
    """Read the decision and take it; a sum of another case does not exist."""
    form = CounterDecisionForm()
    load_or_422(form)
    with writing() as session:
        case = queries.case_for(session, actor(), case_id)
        counter = session.get(CounterOffer, counter_id)
        if counter is None or counter.case_id != case.id:
            raise NotFound(say("This sum"))
        named = form.named(current_offer(session, case.id).total.currency)
        decide_counter(
            session, counter_id, Verdict(form.verdict.data), note(), named, actor(), now(),
            seen_version=seen_version(),
        )  # fmt: skip
