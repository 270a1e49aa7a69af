"""Every letter of the instance, by where it is; and the second try that a person decides on."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from workflow.accounts.permissions import May
from workflow.cases import filters, pages, queries
from workflow.cases.forms import PressForm
from workflow.cases.operator_routes.blueprints import letters_operator
from workflow.cases.services import deciding
from workflow.cases.states import LetterState
from workflow.cases.timeline import letter_title
from workflow.kernel.said import say
from workflow.web.current import actor, now, reading, wall, writing
from workflow.web.forms import load_or_422

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@letters_operator.get("/")
def index() -> ResponseReturnValue:
    """The newest letters, by state, each with its documents and why it did not leave."""
    state = filters.one_of(LetterState, request.args.get("state"))
    with reading() as session:
        rows = queries.letters_by_state(session, state, filters.key_of(request.args.get("before")))
        shown = rows[: queries.ROWS]
        return render_template(
            "operator/letters/index.html",
            rows=shown,
            state=state,
            older=shown[-1][0].id if len(rows) > queries.ROWS else None,
            counts=queries.letter_counts(session),
            chips=pages.LETTER_CHIPS,
            title_of=letter_title,
            stuck=deciding.stuck_messages(session, [letter for letter, _case in shown]),
        )


@letters_operator.post("/<uuid:letter_id>/again", action=May.LETTERS_POST)
def again(letter_id: uuid.UUID) -> ResponseReturnValue:
    """Send a letter again that failed, or of which nobody knows whether it left."""
    load_or_422(PressForm())
    with writing() as session:
        case_id = deciding.send_again(session, letter_id, actor(), now(), wall()).case_id
    flash(say("The letter is tried again."), "done")
    return redirect(url_for("cases_operator.show", case_id=case_id), code=303)
