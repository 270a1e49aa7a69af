"""What came in by hand: record it, find its case, look at the scans, take back what was wrong."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from flask import Response, flash, redirect, render_template, request, url_for

from workflow.accounts.permissions import May
from workflow.accounts.services import contact
from workflow.cases import files
from workflow.cases.arrivals import queries, services
from workflow.cases.arrivals.forms import ArrivalForm, AssignForm, SettleForm, WithdrawForm
from workflow.cases.arrivals.states import ABOUT_WORDS, KIND_WORDS, ArrivalAbout, ArrivalKind
from workflow.cases.models import Case
from workflow.cases.operator_routes.blueprints import arrivals_operator
from workflow.cases.proofs import MAX_BODY, read_proofs
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.said import Typed, say
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.forms import form_page, load_or_422, refuse
from workflow.web.limits import max_bytes

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

#: Longest side of a scan on a page, in pixels.
SCAN_SIDE = 1600


@arrivals_operator.get("/")
def index() -> ResponseReturnValue:
    """What has no case yet, and what was recorded last."""
    with reading() as session:
        return render_template(
            "operator/incoming/index.html",
            waiting=queries.waiting(session), recent=queries.recent(session),
            messages=queries.messages(session),
            kind_words=KIND_WORDS, about_words=ABOUT_WORDS,
        )  # fmt: skip


@arrivals_operator.route("/new", methods=["GET", "POST"], action=May.CASES_ANSWER)
@max_bytes(MAX_BODY)
def new() -> ResponseReturnValue:
    """Write down a letter, call or mail; what is refused loses nothing of what was typed."""
    form = ArrivalForm() if request.method == "POST" else _opened()
    if form.validate_on_submit():
        try:
            chosen = [each for each in request.files.getlist("scans") if each.filename]
            scans = read_proofs(chosen, runtime().decoder)
            with writing() as session:
                case = _case_of(form, session)
                arrival = services.record_arrival(
                    session, runtime().vault, form.facts(), scans, actor(), now(),
                    key=str(form.key.data), case_id=case.id if case else None,
                )  # fmt: skip
                if form.message.data:
                    told = say("Recorded as something that came in from {sender}.", sender=arrival.sender)
                    contact.settle(session, _named(form.message.data), told, actor(), now())
                case_id, arrival_id = arrival.case_id, arrival.id
            if case_id is None:
                flash(say("Recorded. It waits for its case at the top of the queue."), "done")
                return redirect(url_for("arrivals_operator.show", arrival_id=arrival_id), code=303)
            flash(say("Recorded. Our clocks stand still until somebody decides."), "done")
            return redirect(url_for("cases_operator.show", case_id=case_id), code=303)
        except Refused as refusal:
            refuse(form, refusal)
    return form_page("operator/incoming/new.html", form)


@arrivals_operator.get("/messages/<uuid:contact_id>")
def message(contact_id: uuid.UUID) -> ResponseReturnValue:
    """What somebody wrote on the contact page, and which case it may be about."""
    with reading() as session:
        found = queries.message_of(session, contact_id)
        return render_template(
            "operator/incoming/message.html",
            message=found, text=Typed(found.text), case=queries.case_in(session, found.text),
            settle=SettleForm(formdata=None),
        )  # fmt: skip


@arrivals_operator.post("/messages/<uuid:contact_id>", action=May.CASES_ANSWER)
def settle(contact_id: uuid.UUID) -> ResponseReturnValue:
    """Say what became of it."""
    form = SettleForm()
    load_or_422(form)
    with writing() as session:
        contact.settle(session, contact_id, form.note.data or "", actor(), now())
    flash(say("Noted. It left the queue."), "done")
    return redirect(url_for("cases_operator.queue"), code=303)


@arrivals_operator.get("/<uuid:arrival_id>")
def show(arrival_id: uuid.UUID) -> ResponseReturnValue:
    """One record with its scans."""
    with reading() as session:
        arrival = queries.arrival_of(session, arrival_id)
        case = session.get(Case, arrival.case_id) if arrival.case_id else None
        return render_template(
            "operator/incoming/show.html",
            arrival=arrival, case=case, assign=AssignForm(formdata=None),
            withdraw=WithdrawForm(formdata=None),
            kind_words=KIND_WORDS, about_words=ABOUT_WORDS,
        )  # fmt: skip


@arrivals_operator.post("/<uuid:arrival_id>/assign", action=May.CASES_ANSWER)
def assign(arrival_id: uuid.UUID) -> ResponseReturnValue:
    """Give it to its case."""
    form = AssignForm()
    load_or_422(form)
    with writing() as session:
        case = queries.case_named(session, form.reference.data or "")
        services.assign_arrival(session, runtime().vault, arrival_id, case.id, actor(), now())
        case_id = case.id
    flash(say("Assigned. Our clocks stand still until somebody decides."), "done")
    return redirect(url_for("cases_operator.show", case_id=case_id), code=303)


@arrivals_operator.post("/<uuid:arrival_id>/withdraw", action=May.CASES_ANSWER)
def withdraw(arrival_id: uuid.UUID) -> ResponseReturnValue:
    """Mark a wrong record."""
    form = WithdrawForm()
    load_or_422(form)
    with writing() as session:
        services.withdraw_arrival(session, arrival_id, form.note.data or "", actor(), now())
    flash(say("The record is marked as withdrawn. What it held is still to be decided."), "done")
    return redirect(url_for("arrivals_operator.show", arrival_id=arrival_id), code=303)


@arrivals_operator.get("/scans/<uuid:scan_id>")
def scan(scan_id: uuid.UUID) -> Response:
    """A scan as a file, and never otherwise."""
    with reading() as session:
        _scan, document = queries.scan_of(session, scan_id)
        return files.download(session, runtime(), document)


@arrivals_operator.get("/scans/<uuid:scan_id>.jpg")
def picture(scan_id: uuid.UUID) -> Response:
    """A scanned picture as a fresh copy of ours."""
    with reading() as session:
        kept, document = queries.scan_of(session, scan_id)
        if not kept.media_type.startswith("image/"):
            raise NotFound(say("This picture"))
        data = runtime().decoder.normalise(runtime().vault.get(session, document.id), SCAN_SIDE)
    return files.private(Response(data, mimetype="image/jpeg"))


def _opened() -> ArrivalForm:
    told = {"received_on": now().date(), "key": new_id().hex, "reference": request.args.get("case", "")[:20]}
    if asked := request.args.get("message"):
        told |= _written(_named(asked))
    return ArrivalForm(formdata=None, data=told)


def _written(contact_id: uuid.UUID) -> dict[str, Any]:
    """A message of the contact page, ready to be recorded: once only, however often it is pressed."""
    with reading() as session:
        found = queries.message_of(session, contact_id)
        case = queries.case_in(session, found.text)
        return {
            "kind": ArrivalKind.MAIL.value, "received_on": found.created_at.date(), "key": found.id.hex,
            "sender": f"{found.name}, {found.email}"[:200], "about": ArrivalAbout.QUESTION.value,
            "summary": found.text, "reference": case.reference if case else "", "message": str(found.id),
        }  # fmt: skip


def _named(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(say("This message")) from None


def _case_of(form: ArrivalForm, session: Session) -> Case | None:
    return queries.case_named(session, form.reference.data) if form.reference.data else None
