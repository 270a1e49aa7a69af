"""The operator's cases: the queue, the list, the page of a case and its files."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, render_template, request, url_for

from workflow.accounts.queries import operator_profile
from workflow.cases import files, filters, pages, queries, worklist
from workflow.cases.arrivals.queries import arrivals_of
from workflow.cases.arrivals.states import KIND_WORDS
from workflow.cases.bargaining.queries import doubts_of, talk_of
from workflow.cases.forms import CLOSE_CHOICES, HOLD_CHOICES, REJECT_CHOICES, AnswerForm
from workflow.cases.letter_languages import language_for
from workflow.cases.lifecycle import LOOKED_AFTER
from workflow.cases.models import Case, Hold, Message
from workflow.cases.operator_routes.blueprints import cases_operator
from workflow.cases.post.channels import CHOICE_WORDS
from workflow.cases.post.deliveries import deliveries_by_letter
from workflow.cases.post.states import DELIVERY_CHIPS
from workflow.cases.replies import chosen, fitting
from workflow.cases.services.deciding import releasable
from workflow.cases.timeline import timeline
from workflow.cases.turns import age, day_after_resuming, turn_of, turns_of
from workflow.kernel import audit
from workflow.kernel.db import Session
from workflow.web.current import actor, now, reading, runtime

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@cases_operator.get("/queue")
def queue() -> ResponseReturnValue:
    """Everything that waits for a person, in the order of the work; ``case`` is shown beside it."""
    with reading() as session:
        sections = worklist.queue(session, now(), current_app.extensions.get("queue_kinds"))
        chosen = filters.key_of(request.args.get("case"))
        listed = [item.case for section in sections for item in section.items if item.case is not None]
        case = next((each for each in listed if each.id == chosen), listed[0] if listed else None)
        return render_template(
            "operator/queue/index.html",
            sections=sections,
            age=partial(age, now=now()),
            case=case,
            preview=_preview(session, case) if case else None,
        )


@cases_operator.get("/cases/")
def index() -> ResponseReturnValue:
    """Every case, by stage, by state and by words."""
    wanted = filters.wanted(request.args)
    with reading() as session:
        page = queries.cases_of(session, actor(), wanted)
        return render_template(
            "operator/cases/index.html",
            page=page,
            wanted=wanted,
            turns=turns_of(session, page.cases, actor()),
            offers=queries.current_offers(session, [case.id for case in page.cases]),
            counts=queries.counts_by_stage(session, actor()),
            stages=[(stage, pages.STAGE_WORDS[stage]) for stage in pages.CASE_STAGES],
            chip_of=pages.chip_of,
            state_words=partial(pages.state_words, actor=actor()),
        )


@cases_operator.get("/cases/<uuid:case_id>")
def show(case_id: uuid.UUID) -> ResponseReturnValue:
    """One case: evidence, what is known, what can be done, what happened."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
        return render_template("operator/cases/show.html", **_shown(session, case))


@cases_operator.get("/cases/<uuid:case_id>/documents/<uuid:document_id>")
def document(case_id: uuid.UUID, document_id: uuid.UUID) -> Response:
    """A page of a letter, as it was sent."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
        return files.letter_pdf(session, runtime(), case, document_id)


@cases_operator.get("/cases/<uuid:case_id>/uses/<uuid:use_id>/<kind>")
def evidence(case_id: uuid.UUID, use_id: uuid.UUID, kind: str) -> Response:
    """A picture as a fresh copy of ours; ``?whole=1`` hands out the sealed bytes as a file."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
        return files.evidence(session, runtime(), case, use_id, kind, whole="whole" in request.args)


@cases_operator.get("/cases/<uuid:case_id>/proofs/<uuid:proof_id>")
def proof(case_id: uuid.UUID, proof_id: uuid.UUID) -> Response:
    """A file the recipient showed, as a download and never otherwise."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
        _shown_proof, found = queries.proof_of(session, case, proof_id)
        return files.download(session, runtime(), found)


def _preview(session: Session, case: Case) -> dict[str, Any]:
    offer = queries.current_offer(session, case.id)
    steps = pages.steps(session, case, actor(), now())
    return {
        "turn": turn_of(session, case, actor()),
        "pair": pages.pairs(queries.with_evidence(session, case))[0] if case.uses else None,
        "offer": offer,
        "state": pages.state_words(case, actor()),
        "offer_step": steps.get("offer"),
    }


def _answering(session: Session, case: Case) -> dict[str, Any]:
    """The form to write back with, and the texts it can begin with, in the language of the case's letters."""
    kinds = {hold.kind for hold in case.holds if hold.closed_at is None}
    began = chosen(request.args.get("reply", ""))
    language = language_for(case, operator_profile(session))
    told = {"about": began.about.value, "text": began.texts[language], "reply": began.code} if began else {}
    return {"answer": AnswerForm(formdata=None, data=told), "replies": fitting(kinds)}


def _shown(session: Session, case: Case) -> dict[str, Any]:
    messages = queries.messages_of(session, case.id)
    dates = queries.dates_of(session, [case.id])[case.id]
    return {
        "case": case,
        "to_look_after": case.needs_a_look and case.state in LOOKED_AFTER,
        "turn": turn_of(session, case, actor()),
        "state": pages.state_words(case, actor()),
        "bar": pages.stage_bar(session, case),
        "pairs": pages.pairs(queries.with_evidence(session, case)),
        "sum": pages.sum_of(case, queries.current_offer(session, case.id)),
        "offers": queries.offers_of(session, case.id),
        "steps": pages.steps(session, case, actor(), now()),
        "checks": pages.checklist(session, case, actor(), now()),
        "holds": [hold for hold in case.holds if hold.closed_at is None],
        "about": partial(_about, messages),
        "resumes_on": day_after_resuming(case, dates, now()),
        "messages": messages,
        "seen": str(messages[0].id) if messages else "",
        **_answering(session, case),
        **_letters(session, case),
        "arrivals": arrivals_of(session, case.id),
        "doubts": doubts_of(session, case),
        "talk": talk_of(session, case),
        "kind_words": KIND_WORDS,
        "choice_words": CHOICE_WORDS,
        "delivery_chips": DELIVERY_CHIPS,
        "letter_chips": pages.LETTER_CHIPS,
        "entries": timeline(session, case, actor(), partial(_document_url, case.id)),
        "history": audit.history(session, "case", case.id),
        "reject_choices": REJECT_CHOICES,
        "close_choices": CLOSE_CHOICES,
        "hold_choices": HOLD_CHOICES,
    }


def _letters(session: Session, case: Case) -> dict[str, Any]:
    letters = queries.letters_of(session, case.id)
    return {
        "letters": letters,
        "deliveries": deliveries_by_letter(session, [letter.id for letter in letters]),
        "releasable": releasable(session, [(letter, case) for letter in letters]),
    }


def _about(messages: list[Message], hold: Hold) -> list[Message]:
    """What was said that a hold is about, newest first."""
    return [message for message in messages if message.about is hold.kind and message.at >= hold.opened_at]


def _document_url(case_id: uuid.UUID, document_id: uuid.UUID) -> str:
    return url_for("cases_operator.document", case_id=case_id, document_id=document_id)
