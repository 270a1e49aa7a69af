"""Every letter of the instance, by where it is and how it travels; second tries and releases by a person."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Response, flash, redirect, render_template, request, url_for

from workflow.accounts.permissions import May
from workflow.cases import files, filters, letters, pages, queries
from workflow.cases.forms import PressForm
from workflow.cases.models import Case, Letter
from workflow.cases.operator_routes.blueprints import letters_operator
from workflow.cases.post import channels
from workflow.cases.post.deliveries import deliveries_by_letter
from workflow.cases.post.queries import waiting_count
from workflow.cases.post.states import DELIVERY_CHIPS
from workflow.cases.services import deciding
from workflow.cases.states import Channel, LetterState
from workflow.cases.timeline import letter_title
from workflow.kernel.binding import bind
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.web.current import actor, now, reading, runtime, wall, writing
from workflow.web.forms import load_or_422
from workflow.web.limits import limit

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@letters_operator.get("/")
def index() -> ResponseReturnValue:
    """The newest letters, by state and way, each with documents, deliveries and why it did not leave."""
    state = filters.one_of(LetterState, request.args.get("state"))
    channel = filters.one_of(Channel, request.args.get("channel"))
    with reading() as session:
        rows = queries.letters_by_state(session, state, filters.key_of(request.args.get("before")), channel)
        shown = rows[: queries.ROWS]
        found = [letter for letter, _case in shown]
        return render_template(
            "operator/letters/index.html",
            rows=shown,
            state=state,
            channel=channel,
            channels=channels.CHANNEL_WORDS,
            older=shown[-1][0].id if len(rows) > queries.ROWS else None,
            counts=queries.letter_counts(session),
            chips=pages.LETTER_CHIPS,
            title_of=letter_title,
            stuck=deciding.stuck_messages(session, found),
            releasable=deciding.releasable(session, shown),
            deliveries=deliveries_by_letter(session, [letter.id for letter in found]),
            delivery_chips=DELIVERY_CHIPS,
            for_post=waiting_count(session),
        )


@letters_operator.get("/<uuid:letter_id>/preview.pdf")
@limit("30/minute")
def preview(letter_id: uuid.UUID) -> Response:
    """The letter as it would be printed from the rows of this moment; printed for looking only."""
    with reading() as session:
        letter = session.get(Letter, letter_id)
        if letter is None:
            raise NotFound(say("This letter"))
        case = session.get_one(Case, letter.case_id)
        items = letters.printables(session, runtime(), letter, case)
    parts = [item.pdf(runtime().press) for item in items]
    return files.pdf(bind(parts)[0], f"preview {items[0].file_name}")


@letters_operator.post("/<uuid:letter_id>/again", action=May.LETTERS_POST)
def again(letter_id: uuid.UUID) -> ResponseReturnValue:
    """Send a letter again that failed, or of which nobody knows whether it left."""
    load_or_422(PressForm())
    with writing() as session:
        case_id = deciding.send_again(session, letter_id, actor(), now(), wall()).case_id
    flash(say("The letter is tried again."), "done")
    return redirect(url_for("cases_operator.show", case_id=case_id), code=303)


@letters_operator.post("/again", action=May.LETTERS_POST)
def all_again() -> ResponseReturnValue:
    """The same for every chosen letter; what needs no second try is left alone and counted."""
    load_or_422(PressForm())
    chosen = [key for text in request.form.getlist("letter")[: queries.ROWS] if (key := filters.key_of(text))]
    if not chosen:
        raise Refused(say("No letter was chosen."))
    tried = 0
    for letter_id in chosen:
        try:
            with writing() as session:
                deciding.send_again(session, letter_id, actor(), now(), wall())
        except Refused:
            continue
        tried += 1
    flash(say("{tried} of {count} letters are tried again.", tried=tried, count=len(chosen)), "done")
    return redirect(url_for("letters_operator.index"), code=303)


@letters_operator.post("/<uuid:letter_id>/release", action=May.LETTERS_POST)
def release(letter_id: uuid.UUID) -> ResponseReturnValue:
    """Let a withheld letter go, now that what stood against it is decided."""
    load_or_422(PressForm())
    with writing() as session:
        case_id = deciding.release_letter(session, letter_id, actor(), now()).case_id
    flash(say("The letter is released. It carries the date of the day on which it leaves."), "done")
    return redirect(url_for("cases_operator.show", case_id=case_id), code=303)
