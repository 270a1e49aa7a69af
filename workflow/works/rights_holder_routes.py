"""The owner's photographs: the list, the upload, one photograph, its words and its pictures."""

from __future__ import annotations

import uuid

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from workflow.accounts.permissions import May
from workflow.kernel.actors import Role
from workflow.kernel.ids import new_id
from workflow.kernel.said import say
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.forms import form_page, load_or_422
from workflow.web.limits import max_bytes
from workflow.works import found, intake, pages, pictures, queries, services
from workflow.works.forms import ACCEPT, UploadForm, WorkForm
from workflow.works.notes import clean_line
from workflow.works.rules import rules_on

SEARCH_LENGTH = 100
BODY_BYTES = pages.body_limit()

works_rights_holder = role_blueprint(
    "works_rights_holder",
    __name__,
    role=Role.RIGHTS_HOLDER,
    reads=May.PHOTOGRAPHS_READ,
    url_prefix="/photographs",
)


@works_rights_holder.get("/")
def index() -> str:
    """Every own photograph, newest first, with the quota and a search."""
    search = clean_line(request.args.get("q", ""), SEARCH_LENGTH)
    page = request.args.get("page", 1, type=int)
    with reading() as session:
        shown = queries.photographs(session, actor(), search, page)
        return render_template(
            "rights_holder/works/index.html",
            shown=shown,
            thumbs=[pages.thumb(work) for work in shown.works],
            search=search,
            taken=queries.count(session, actor()),
            rules=rules_on(now().date()),
        )


@works_rights_holder.get("/upload", action=May.PHOTOGRAPHS_ADD)
def upload() -> tuple[str, int]:
    """The upload page; with ``batch`` also what became of the files of that upload."""
    return _upload_page(UploadForm(formdata=None), pages.batch_of(request.args.get("batch")))


@works_rights_holder.post("/upload", action=May.PHOTOGRAPHS_ADD)
@max_bytes(BODY_BYTES)
def take() -> AnyResponse | tuple[str, int]:
    """Take each file by itself; a script gets JSON rows, a plain form the page with the verdicts."""
    form = UploadForm()
    rules = rules_on(now().date())
    if form.validate_on_submit() and form.too_many(rules):
        form.photographs.errors = [pages.too_many_words(rules)]
    if form.errors:
        if pages.wants_json():
            load_or_422(form)
        return _upload_page(form, None)
    batch = form.batch_id()
    said = (batch, form.online_since.data or "", form.published_where.data or "")
    records = [
        intake.take_in(runtime(), intake.Sent(file.filename, file.stream, *said), actor(), now())
        for file in form.files()
    ]
    if pages.wants_json():
        answer = jsonify(files=[pages.json_row(record) for record in records])
        answer.status_code = pages.code_of(records)
        return answer
    return redirect(url_for(".upload", batch=batch), code=303)


@works_rights_holder.get("/<uuid:work_id>")
def show(work_id: uuid.UUID) -> str:
    """One photograph: what is known of it and where copies were found."""
    with reading() as session:
        work = queries.photograph(session, actor(), work_id)
        copies = found.where_found(session, actor(), work_id)
        return render_template("rights_holder/works/show.html", work=work, copies=copies)


@works_rights_holder.route("/<uuid:work_id>/edit", methods=["GET", "POST"], action=May.PHOTOGRAPHS_EDIT)
def edit(work_id: uuid.UUID) -> AnyResponse | tuple[str, int]:
    """Correct title, credit and where it was published."""
    with reading() as session:
        work = queries.photograph(session, actor(), work_id)
        form = WorkForm.of(work)
        if not form.validate_on_submit():
            return form_page("rights_holder/works/edit.html", form, work=work)
    with writing() as session:
        services.edit_work(session, work_id, form.words(), form.version.data, actor(), now())
    flash(say("Your changes are saved."), "done")
    return redirect(url_for(".show", work_id=work_id), code=303)


@works_rights_holder.get("/<uuid:work_id>/<kind>")
def image(work_id: uuid.UUID, kind: str) -> Response:
    """``display`` or ``thumb``, or ``original`` as a download."""
    return pictures.picture(work_id, pictures.kind_of(kind, original=True))


def _upload_page(form: UploadForm, batch: uuid.UUID | None) -> tuple[str, int]:
    with reading() as session:
        records = queries.upload_batch(session, actor(), batch) if batch else []
        taken = queries.count(session, actor())
        return form_page(
            "rights_holder/works/upload.html",
            form,
            rows=[pages.file_row(record) for record in records],
            batch=batch or new_id(),
            accept=ACCEPT,
            taken=taken,
            rules=rules_on(now().date()),
        )


BLUEPRINTS = (works_rights_holder,)
