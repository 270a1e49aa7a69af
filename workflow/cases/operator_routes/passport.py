"""The licence passport for staff: what is settled, where from, and ending a licence that ran out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from workflow.accounts.permissions import May
from workflow.cases.operator_routes.blueprints import passport_operator
from workflow.cases.passport import entering, queries
from workflow.cases.passport.forms import EndForm
from workflow.cases.passport.states import SCOPE_WORDS
from workflow.cases.states import CLOSED_WORDS
from workflow.kernel.said import say
from workflow.web.current import actor, now, reading, writing
from workflow.web.forms import load_or_422

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@passport_operator.get("/")
def index() -> ResponseReturnValue:
    """The newest entries, or those of a site or photograph."""
    words = request.args.get("q", "").strip()[:100]
    with reading() as session:
        return render_template(
            "operator/passport/index.html",
            entries=queries.entries(session, words), words=words, scope_words=SCOPE_WORDS,
            reason_words=CLOSED_WORDS, end=EndForm(formdata=None),
        )  # fmt: skip


@passport_operator.post("/<uuid:entry_id>/end", action=May.CASES_REVIEW)
def end(entry_id: uuid.UUID) -> ResponseReturnValue:
    """End a licence."""
    form = EndForm()
    load_or_422(form)
    with writing() as session:
        entering.end_entry(session, entry_id, form.note.data or "", actor(), now())
    flash(say("The entry has ended. New hits of this site are shown again."), "done")
    return redirect(url_for("passport_operator.index"), code=303)
