"""The rights-holder's cases: the list, one case, what to do about it, and its documents."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for

from workflow.accounts.permissions import May
from workflow.cases import files, filters, pages, queries, services
from workflow.cases.bargaining.owner_words import owners_turn
from workflow.cases.bargaining.queries import doubts_of, talk_of
from workflow.cases.bargaining.rights_holder_routes import bargaining_rights_holder
from workflow.cases.forms import ActForm
from workflow.cases.models import Case
from workflow.cases.states import LetterState
from workflow.cases.timeline import letter_title, timeline
from workflow.cases.turns import turn_of, turns_of
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.said import say, stored
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.forms import load_or_422
from workflow.web.transitions import note, seen_version

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

cases_rights_holder = role_blueprint(
    "cases_rights_holder", __name__, role=Role.RIGHTS_HOLDER, reads=May.CASES_READ, url_prefix="/cases"
)
BLUEPRINTS = (cases_rights_holder, bargaining_rights_holder)

#: What is said after a step.
DONE = {
    "complete": say("Thank you. We look at it again."),
    "withdraw": say("The case is withdrawn. Nobody was written to."),
}


@cases_rights_holder.get("/")
def index() -> ResponseReturnValue:
    """Own cases by stage and words; a script that asks for JSON gets the same."""
    wanted = filters.wanted(request.args)
    with reading() as session:
        page = queries.cases_of(session, actor(), wanted)
        turns = turns_of(session, page.cases, actor())
        offers = queries.current_offers(session, [case.id for case in page.cases])
        if _wants_json():
            rows = [
                pages.as_json(case, offers.get(case.id), turns[case.id], _url(case)) for case in page.cases
            ]
            return jsonify(cases=rows, next=str(page.older) if page.older else None)
        return render_template(
            "rights_holder/cases/index.html",
            page=page,
            wanted=wanted,
            turns=turns,
            offers=offers,
            counts=queries.counts_by_stage(session, actor()),
            stages=[(stage, pages.STAGE_WORDS[stage]) for stage in pages.CASE_STAGES],
            chip_of=pages.chip_of,
            state_words=partial(pages.state_words, actor=actor()),
        )


@cases_rights_holder.get("/<uuid:case_id>")
def show(case_id: uuid.UUID) -> ResponseReturnValue:
    """One case: where it stands, whose turn it is, what happened, what it brings."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
        if _wants_json():
            offer = queries.current_offer(session, case.id)
            return jsonify(pages.as_json(case, offer, turn_of(session, case, actor()), _url(case)))
        return render_template("rights_holder/cases/show.html", **_shown(session, case))


@cases_rights_holder.post("/<uuid:case_id>/act", action=May.CASES_ACT)
def act(case_id: uuid.UUID) -> ResponseReturnValue:
    """Send what was missing, or withdraw; as seen on the page."""
    form = ActForm()
    load_or_422(form)
    carried = form.carried()
    with writing() as session:
        queries.case_for(session, actor(), case_id)
        services.move(
            session, case_id, str(form.trigger.data), actor(), now(),
            seen_version=seen_version(), note=note(), carries=carried,
        )  # fmt: skip
    flash(DONE.get(str(form.trigger.data), "Done."), "done")
    return redirect(url_for(".show", case_id=case_id), code=303)


@cases_rights_holder.get("/<uuid:case_id>/documents/<uuid:document_id>")
def document(case_id: uuid.UUID, document_id: uuid.UUID) -> Response:
    """A page of a letter, without the code that opens the portal."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
        return files.owners_copy(session, runtime(), case, document_id)


@cases_rights_holder.get("/<uuid:case_id>/uses/<uuid:use_id>/<kind>")
def evidence(case_id: uuid.UUID, use_id: uuid.UUID, kind: str) -> Response:
    """A picture of the evidence as a fresh copy of ours."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
        return files.evidence(session, runtime(), case, use_id, kind, whole=False)


def _shown(session: Session, case: Case) -> dict[str, Any]:
    letters, talk = queries.letters_of(session, case.id), talk_of(session, case)
    return {
        "case": case,
        "turn": owners_turn(turn_of(session, case, actor()), talk),
        "state": pages.state_words(case, actor()),
        "bar": pages.stage_bar(session, case),
        "pairs": pages.pairs(queries.with_evidence(session, case)),
        "sum": pages.sum_of(case, queries.current_offer(session, case.id)),
        "steps": pages.steps(session, case, actor(), now()),
        "asked": queries.asked_for(session, case),
        "doubts": doubts_of(session, case),
        "talk": talk,
        "entries": timeline(session, case, actor(), partial(_document_url, case.id)),
        "documents": [
            {
                "name": stored(enclosure.title) if enclosure.position else letter_title(letter),
                "href": _document_url(case.id, enclosure.document_id),
                "on": letter.on,
            }
            for letter in letters
            if letter.state is not LetterState.WITHHELD
            for enclosure in letter.enclosures
        ],
    }


def _document_url(case_id: uuid.UUID, document_id: uuid.UUID) -> str:
    return url_for("cases_rights_holder.document", case_id=case_id, document_id=document_id)


def _url(case: Case) -> str:
    return url_for("cases_rights_holder.show", case_id=case.id, _external=True)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"
