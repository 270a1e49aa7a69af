"""Answers: a licence, an objection, a question. Each stops our clocks and is confirmed at once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for

from workflow.accounts.permissions import May
from workflow.cases.models import Case
from workflow.cases.proofs import MAX_BODY, read_proofs
from workflow.cases.services import move, receive_answer
from workflow.cases.states import CaseTrigger
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.portal import queries
from workflow.portal.forms import AnswerForm, AskForm, LicenceForm, MoreTimeForm, ObjectForm
from workflow.portal.pages import page
from workflow.portal.standing import answerable, decision_by, received_words
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.forms import load_or_422
from workflow.web.limits import limit, max_bytes

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

portal_answers = role_blueprint("portal_answers", __name__, role=Role.INFRINGER, reads=May.PORTAL_READ)

FORMS: dict[str, type[AnswerForm]] = {"licence": LicenceForm, "object": ObjectForm, "ask": AskForm}
OVER = say(
    "This case is over: nothing is asked of you any more, so there is nothing to "
    "object to. If you have a question, please use “Ask”."
)


@portal_answers.get("/answer/<kind>")
def write(kind: str) -> ResponseReturnValue:
    """The form of this answer."""
    topic = request.args.get("topic", "question")
    form = _form(kind)(formdata=None, data={"topic": topic})
    return _page(kind, form)


@portal_answers.post("/answer/<kind>", action=May.PORTAL_ANSWER)
@limit("20/minute")
@max_bytes(MAX_BODY)
def send(kind: str) -> ResponseReturnValue:
    """Keep the answer with its files; what is refused loses nothing of the text that was typed."""
    form = _form(kind)()
    refusals: tuple[str, ...] = ()
    if form.validate_on_submit():
        try:
            message_id = _receive(kind, form)
            return redirect(url_for("portal_answers.received", message_id=message_id), code=303)
        except Refused as refusal:
            refusals = refusal.reasons
    return _page(kind, form, refusals), 422


@portal_answers.post("/more-time", action=May.PORTAL_ANSWER)
@limit("20/minute")
def more_time() -> ResponseReturnValue:
    """More time at once, without a reason and without a person; once."""
    load_or_422(MoreTimeForm())
    with writing() as session:
        case = move(session, uuid.UUID(actor().id), CaseTrigger.EXTEND, actor(), now())
    told = say(
        "You have time until {day}. Nothing new is written before that; "
        "a letter on its way may still arrive.",
        day=case.answer_by,
    )
    flash(told, "done")
    return redirect(url_for("portal_infringer.case"), code=303)


@portal_answers.get("/answer/received/<uuid:message_id>")
def received(message_id: uuid.UUID) -> ResponseReturnValue:
    """What we have, since when, and until when a person decides."""
    with reading() as session:
        case = session.get_one(Case, uuid.UUID(actor().id))
        message = queries.answer_of(session, case.id, message_id)
    return page(
        "infringer/received.html",
        case=case,
        message=message,
        at=received_words(case, message.at),
        until=decision_by(case, message.at),
        stands_still=answerable(case),
    )


def _receive(kind: str, form: AnswerForm) -> uuid.UUID:
    """Files are read and checked before the transaction: it stays short."""
    proofs = read_proofs(form.file_data(), runtime().decoder)
    case_id = uuid.UUID(actor().id)
    with writing() as session:
        case = session.get_one(Case, case_id)
        if kind != "ask" and not answerable(case):
            raise Refused(OVER)
        message = receive_answer(
            session, runtime().vault, case_id, form.about(), form.composed(), proofs, actor(), now()
        )
        return message.id


def _form(kind: str) -> type[AnswerForm]:
    if kind not in FORMS:
        raise NotFound
    return FORMS[kind]


def _page(kind: str, form: AnswerForm, refusals: tuple[str, ...] = ()) -> str:
    with reading() as session:
        case = session.get_one(Case, uuid.UUID(actor().id))
    files_lost = bool(form.file_data())
    return page(
        "infringer/answer.html", kind=kind, form=form, refusals=refusals, case=case, files_lost=files_lost,
        open=answerable(case) or kind == "ask", over=OVER,
    )  # fmt: skip
