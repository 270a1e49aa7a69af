"""An operator decides on an input that a recipient doubts."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, url_for

from workflow.accounts.permissions import May
from workflow.cases import queries
from workflow.cases.bargaining.challenging import accept_input, refuse_input
from workflow.cases.bargaining.deciding import decide_from_form
from workflow.cases.bargaining.forms import DecideForm
from workflow.cases.bargaining.models import FeeChallenge
from workflow.cases.models import Case
from workflow.cases.operator_routes.blueprints import cases_operator
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say
from workflow.web.current import actor, now, writing
from workflow.web.forms import load_or_422
from workflow.web.transitions import note, seen_version

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@cases_operator.post("/inputs/<uuid:challenge_id>/accept", action=May.CASES_REVIEW)
def accept_doubt(challenge_id: uuid.UUID) -> ResponseReturnValue:
    """The recipient is right: a new offer, and the recipient is told."""
    load_or_422(DecideForm())
    with writing() as session:
        case = _case_of(session, challenge_id)
        accept_input(session, challenge_id, note(), actor(), now(), seen_version=seen_version())
        case_id = case.id
    flash(say("Accepted. The recipient reads the new sum."), "done")
    return redirect(url_for("cases_operator.show", case_id=case_id), code=303)


@cases_operator.post("/inputs/<uuid:challenge_id>/refuse", action=May.CASES_REVIEW)
def refuse_doubt(challenge_id: uuid.UUID) -> ResponseReturnValue:
    """The input stays; the recipient reads why."""
    load_or_422(DecideForm())
    with writing() as session:
        case = _case_of(session, challenge_id)
        refuse_input(session, challenge_id, note(), actor(), now(), seen_version=seen_version())
        case_id = case.id
    flash(say("Refused. The recipient reads why, and our clocks run again."), "done")
    return redirect(url_for("cases_operator.show", case_id=case_id), code=303)


@cases_operator.post("/cases/<uuid:case_id>/sums/<uuid:counter_id>", action=May.CASES_REVIEW)
def decide_sum(case_id: uuid.UUID, counter_id: uuid.UUID) -> ResponseReturnValue:
    """Answer the sum the recipient named, within the limit of the rights-holder."""
    decide_from_form(case_id, counter_id)
    flash(say("Decided. The recipient reads it in the portal and gets a mail."), "done")
    return redirect(url_for("cases_operator.show", case_id=case_id), code=303)


def _case_of(session: Session, challenge_id: uuid.UUID) -> Case:
    row = session.get(FeeChallenge, challenge_id)
    if row is None:
        raise NotFound(say("This input"))
    return queries.case_for(session, actor(), row.case_id)
