"""The tariffs of the instance: what is loaded, what is in force, and who answers for a neutral one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select

from workflow.accounts.permissions import May
from workflow.cases.models import Offer
from workflow.cases.operator_routes.blueprints import tariffs_operator
from workflow.cases.pricing import (
    approval_of,
    decide_on_tariff,
    decisions_on,
    import_file,
    known,
    tariffs_of,
)
from workflow.cases.pricing.forms import TariffDecisionForm, TariffFileForm
from workflow.cases.pricing.shown import CLASSES, force_of, prices_of, surcharges_of
from workflow.cases.pricing.tariff_files import LARGEST_FILE
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.web.current import actor, now, reading, writing
from workflow.web.forms import load_or_422, refuse
from workflow.web.limits import limit, max_bytes

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@tariffs_operator.get("/")
def index() -> ResponseReturnValue:
    """Every edition, the latest first, and the form that takes another."""
    return _page(TariffFileForm(formdata=None))


@tariffs_operator.post("/", action=May.TARIFFS_CHANGE)
@max_bytes(LARGEST_FILE + 100_000)
@limit("20/minute")
def load() -> ResponseReturnValue:
    """Take the editions of a file, all or none."""
    form = TariffFileForm()
    if form.validate_on_submit():
        sent = request.files.get("file")
        assert sent is not None and sent.filename, "the form asked for it"
        try:
            with writing() as session:
                found = import_file(session, sent.read(LARGEST_FILE + 1), sent.filename, actor(), now())
        except Refused as refusal:
            refuse(form, refusal)
        else:
            names = ", ".join(tariff.edition for tariff in found)
            flash(
                say("Loaded: {names}. Offers are priced by it from the day it begins.", names=names), "done"
            )
            return redirect(url_for("tariffs_operator.index"), code=303)
    return _page(form)


@tariffs_operator.get("/<edition>")
def show(edition: str) -> ResponseReturnValue:
    """One edition as a table, who loaded it, who answers for it, how many offers rest on it."""
    with reading() as session:
        rows = known(session)
        found = next((each for each in rows if each.tariff.edition == edition), None)
        if found is None:
            raise NotFound(say("This tariff"))
        offers = session.scalar(select(func.count()).select_from(Offer).where(Offer.edition == edition)) or 0
        decisions = decisions_on(session, edition)
        approved = approval_of(session, edition)
    tariff = found.tariff
    return render_template(
        "operator/tariffs/show.html",
        known=found, tariff=tariff, classes=CLASSES, prices=prices_of(tariff),
        surcharges=surcharges_of(tariff),
        force=force_of(tariff, [each.tariff for each in rows], now().date()), offers=offers,
        decisions=decisions, approved=approved, form=TariffDecisionForm(formdata=None),
    )  # fmt: skip


@tariffs_operator.post("/<edition>/approve", action=May.TARIFFS_CHANGE)
def approve(edition: str) -> ResponseReturnValue:
    """Answer for a neutral edition by name."""
    return _decide(edition, approved=True)


@tariffs_operator.post("/<edition>/take-back", action=May.TARIFFS_CHANGE)
def take_back(edition: str) -> ResponseReturnValue:
    """No further offer is priced by it; those that are out stay."""
    return _decide(edition, approved=False)


def _decide(edition: str, *, approved: bool) -> ResponseReturnValue:
    form = TariffDecisionForm()
    load_or_422(form)
    with writing() as session:
        decide_on_tariff(
            session, edition, approved=approved, note=form.note.data or "", actor=actor(), now=now()
        )
    flash(
        say("Approved: offers priced by it can leave.")
        if approved
        else say("Taken back: no further offer leaves by it."),
        "done",
    )
    return redirect(url_for("tariffs_operator.show", edition=edition), code=303)


def _page(form: TariffFileForm) -> ResponseReturnValue:
    today = now().date()
    with reading() as session:
        everything = tariffs_of(session)
        rows = [
            (each, force_of(each.tariff, everything, today), approval_of(session, each.tariff.edition))
            for each in known(session)
        ]
    page = render_template("operator/tariffs/index.html", rows=rows, form=form)
    return page, 422 if form.errors else 200
