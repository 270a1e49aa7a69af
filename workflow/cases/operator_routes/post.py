"""Letters on paper: what waits, batches, postings, returns."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Response, flash, redirect, render_template, request, url_for

from workflow.accounts.permissions import May
from workflow.cases import files
from workflow.cases.forms import PressForm
from workflow.cases.operator_routes.blueprints import cases_operator, post_operator
from workflow.cases.post import batches, posting, queries
from workflow.cases.post.choosing import choose_channel
from workflow.cases.post.forms import (
    AgainForm,
    BatchForm,
    ChannelForm,
    DayForm,
    LeftForm,
    ReturnForm,
    WhyForm,
)
from workflow.cases.post.states import DELIVERY_CHIPS, RETURN_WORDS
from workflow.cases.proofs import MAX_BODY, read_proofs
from workflow.cases.queries import case_for
from workflow.cases.timeline import letter_title
from workflow.kernel.errors import Refused
from workflow.kernel.ids import new_id
from workflow.kernel.said import say
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.forms import form_page, load_or_422, refuse
from workflow.web.limits import limit, max_bytes
from workflow.web.transitions import seen_version

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@post_operator.get("/")
def index() -> ResponseReturnValue:
    """The dry run: what the next batch would hold, what it leaves out and why; and the batches there are."""
    with reading() as session:
        found = batches.candidates(session, now())
        return render_template(
            "operator/post/index.html",
            ready=[each for each in found if each.reason is None],
            left_out=[each for each in found if each.reason is not None],
            batches=queries.batches(session),
            lying=queries.lying(session),
            title_of=letter_title,
            pressed=new_id().hex,
        )


@post_operator.get("/preview.pdf")
@limit("10/minute")
def preview() -> Response:
    """How the next batch would begin; printed for looking only, nothing is kept."""
    return files.pdf(batches.preview(runtime()), "preview of the next batch.pdf")


@post_operator.post("/batches", action=May.LETTERS_POST)
def make() -> ResponseReturnValue:
    """Let the worker make the batch."""
    form = BatchForm()
    load_or_422(form)
    with writing() as session:
        batches.ask_for_batch(session, str(form.key.data), actor(), now())
    flash(say("The batch is being made. It stands below in a moment; look at this page again."), "done")
    return redirect(url_for("post_operator.index"), code=303)


@post_operator.get("/batches/<uuid:batch_id>")
def batch(batch_id: uuid.UUID) -> ResponseReturnValue:
    """One batch: its PDF, its list, what must be taken out of the pile, and what became of each letter."""
    with reading() as session:
        found = queries.batch_of(session, batch_id)
        lines = queries.lines_of(session, found, now())
        return render_template(
            "operator/post/batch.html",
            batch=found, lines=lines, title_of=letter_title, chips=DELIVERY_CHIPS,
            waiting=[line for line in lines if line.delivery.state.value == "batched"],
            return_words=RETURN_WORDS, today=now().date(),
        )  # fmt: skip


@post_operator.get("/batches/<uuid:batch_id>/<what>.pdf")
def document(batch_id: uuid.UUID, what: str) -> Response:
    """The letters, or the list of them."""
    with reading() as session:
        found = queries.batch_of(session, batch_id)
        document_id = found.list_document_id if what == "list" else found.document_id
        kept = queries.document_of(session, document_id)
        return files.pdf(runtime().vault.get(session, document_id), kept.name)


@post_operator.post("/batches/<uuid:batch_id>/posted", action=May.LETTERS_POST)
def posted(batch_id: uuid.UUID) -> ResponseReturnValue:
    """The batch went to the post."""
    form = DayForm()
    load_or_422(form)
    with writing() as session:
        done = posting.mark_posted(session, batch_id, form.day, _numbers(), actor(), now())
    if done.letters:
        flash(say("{count} letters are noted as posted.", count=done.letters), "done")
    for reference, reason in done.taken_out:
        flash(
            say("Take {reference} out of the pile: {reason}", reference=reference, reason=reason), "waiting"
        )
    return _to_batch(batch_id)


@post_operator.post("/batches/<uuid:batch_id>/back", action=May.LETTERS_POST)
def back(batch_id: uuid.UUID) -> ResponseReturnValue:
    """The batch was not posted; its letters are printed anew later."""
    form = WhyForm()
    load_or_422(form)
    with writing() as session:
        posting.put_back(session, batch_id, form.note.data or "", actor(), now())
    flash(say("The letters wait for the next batch, which prints them with new dates."), "done")
    return redirect(url_for("post_operator.index"), code=303)


@post_operator.route("/deliveries/<uuid:delivery_id>", methods=["GET", "POST"], action=May.LETTERS_POST)
@max_bytes(MAX_BODY)
def delivery(delivery_id: uuid.UUID) -> ResponseReturnValue:
    """One posting: record that it came back, with a scan of the envelope."""
    with reading() as session:
        row, letter, case = queries.delivery_of(session, delivery_id)
    form = ReturnForm() if request.method == "POST" else ReturnForm(formdata=None, data={"on": now().date()})
    if form.validate_on_submit():
        try:
            scans = read_proofs(
                [each for each in request.files.getlist("scan") if each.filename], runtime().decoder
            )
            with writing() as session:
                posting.record_return(
                    session, runtime().vault, delivery_id, form.why, form.day, form.note.data or "",
                    scans[0] if scans else None, actor(), now(),
                )  # fmt: skip
            flash(say("Noted. Our clocks stand still until somebody decides."), "done")
            return redirect(url_for("cases_operator.show", case_id=case.id), code=303)
        except Refused as refusal:
            refuse(form, refusal)
    return form_page(
        "operator/post/delivery.html", form, delivery=row, letter=letter, case=case,
        title=letter_title(letter), chips=DELIVERY_CHIPS, again=AgainForm(formdata=None),
        return_words=RETURN_WORDS,
    )  # fmt: skip


@cases_operator.route("/cases/<uuid:case_id>/ways", methods=["GET", "POST"], action=May.LETTERS_POST)
def ways(case_id: uuid.UUID) -> ResponseReturnValue:
    """How the letters of a case travel, and where to."""
    with reading() as session:
        case = case_for(session, actor(), case_id)
    form = ChannelForm() if request.method == "POST" else ChannelForm.of(case)
    if form.validate_on_submit():
        try:
            with writing() as session:
                choose_channel(
                    session, case_id, form.chosen, form.email.data or "", form.address.data or "",
                    form.note.data or "", actor(), now(), seen_version=seen_version(),
                )  # fmt: skip
            flash(say("Noted. The next letter travels so."), "done")
            return redirect(url_for("cases_operator.show", case_id=case_id), code=303)
        except Refused as refusal:
            refuse(form, refusal)
    return form_page("operator/cases/ways.html", form, case=case)


@post_operator.get("/deliveries/<uuid:delivery_id>/scan")
def scan(delivery_id: uuid.UUID) -> Response:
    """The envelope that came back, as a download."""
    with reading() as session:
        row, _letter, _case = queries.delivery_of(session, delivery_id)
        if row.scan_document_id is None:
            raise Refused(say("No scan was kept."))
        return files.download(session, runtime(), queries.document_of(session, row.scan_document_id))


@post_operator.post("/deliveries/<uuid:delivery_id>/again", action=May.LETTERS_POST)
def again(delivery_id: uuid.UUID) -> ResponseReturnValue:
    """The same letter once more."""
    form = AgainForm()
    load_or_422(form)
    with writing() as session:
        posting.post_again(
            session, delivery_id, form.address.data or "", form.note.data or "", actor(), now()
        )
    flash(say("The letter waits for the next batch."), "done")
    return redirect(url_for("post_operator.index"), code=303)


@post_operator.post("/deliveries/<uuid:delivery_id>/left", action=May.LETTERS_POST)
def left(delivery_id: uuid.UUID) -> ResponseReturnValue:
    """It lay in the letter box already."""
    form = LeftForm()
    load_or_422(form)
    with writing() as session:
        posting.posted_anyway(session, delivery_id, form.day, form.note.data or "", actor(), now())
        row, _letter, _case = queries.delivery_of(session, delivery_id)
    flash(say("Noted that it left."), "done")
    assert row.batch_id is not None
    return _to_batch(row.batch_id)


@post_operator.post("/deliveries/<uuid:delivery_id>/arrived", action=May.LETTERS_POST)
def arrived(delivery_id: uuid.UUID) -> ResponseReturnValue:
    """Its receipt is proven."""
    load_or_422(PressForm())
    with writing() as session:
        posting.note_receipt(session, delivery_id, actor(), now())
    flash(say("Receipt noted."), "done")
    return redirect(url_for("post_operator.delivery", delivery_id=delivery_id), code=303)


def _numbers() -> dict[uuid.UUID, str]:
    found = {}
    for name, value in request.form.items():
        kind, _, key = name.partition("-")
        if kind == "number" and value.strip():
            try:
                found[uuid.UUID(key)] = value[:60]
            except ValueError:
                continue
    return found


def _to_batch(batch_id: uuid.UUID) -> ResponseReturnValue:
    return redirect(url_for("post_operator.batch", batch_id=batch_id), code=303)
