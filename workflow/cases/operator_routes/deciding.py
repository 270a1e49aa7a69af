"""What an operator does to a case: the recipient, the price, the steps of the table, words, second tries."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from workflow.accounts.permissions import May
from workflow.cases import queries, services
from workflow.cases.forms import (
    ActForm,
    AnswerForm,
    NoteForm,
    PressForm,
    RecipientForm,
)
from workflow.cases.models import Case
from workflow.cases.operator_routes.blueprints import cases_operator
from workflow.cases.pricing import (
    FeeFacts,
    FeeSheet,
    Placement,
    court_view,
    estimate,
    from_stored,
    tariffs_of,
)
from workflow.cases.pricing.forms import FeeForm, PriceForm, fee_data
from workflow.cases.pricing.sheet import Line
from workflow.cases.replies import chosen
from workflow.cases.services import deciding
from workflow.cases.states import CaseState, CaseTrigger, HoldKind, UseClass
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused, Stale
from workflow.kernel.said import say
from workflow.web.blueprints import allow
from workflow.web.current import actor, now, reading, writing
from workflow.web.forms import form_page, load_or_422, refuse
from workflow.web.transitions import note, seen_version

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

#: What is said after a step.
DONE = {
    "offer": say("The offer is released. It is printed and sent in a moment."),
    "ask_owner": say("The rights-holder is asked."),
    "reject": say("The case was not taken on; the rights-holder reads why."),
    "hold": say("Our clocks stand still."),
    "resume": say("Decided. Our clocks run again unless something else is open."),
    "close": say("Closed. The closing letter is on its way."),
    "hand_over": say("Handed over to a legal partner."),
    "review_legally": say("The case waits for the check before a lawyer gets it."),
}


@cases_operator.route("/cases/<uuid:case_id>/recipient", methods=["GET", "POST"], action=May.CASES_REVIEW)
def recipient(case_id: uuid.UUID) -> ResponseReturnValue:
    """Who is written to, prefilled with what was found on the page."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
    form = RecipientForm() if request.method == "POST" else RecipientForm.of(case)
    if form.validate_on_submit():
        try:
            with writing() as session:
                services.note_recipient(
                    session, case_id, form.facts(), actor(), now(), seen_version=seen_version()
                )
            flash(say("The recipient is noted."), "done")
            return redirect(_page(case_id), code=303)
        except Refused as refusal:
            refuse(form, refusal)
    return form_page("operator/cases/recipient.html", form, case=case)


@cases_operator.get("/cases/<uuid:case_id>/price", action=May.CASES_REVIEW)
def price(case_id: uuid.UUID) -> ResponseReturnValue:
    """What a licence would have cost, by the facts in the address; looking changes nothing."""
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
        known = _known_facts(session, case)
    facts: FeeFacts | None = known
    form = FeeForm(formdata=None, data=fee_data(known))
    if "use_class" in request.args:
        form = FeeForm(formdata=request.args)
        facts = form.facts() if form.validate() else None
    keep = PriceForm(formdata=None, data={**fee_data(facts or known), "version": str(case.version)})
    return _price_page(case, form, keep, facts)


@cases_operator.post("/cases/<uuid:case_id>/price", action=May.CASES_REVIEW)
def set_price(case_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the price the page showed, or one of the operator's own with its reason."""
    form = PriceForm()
    with reading() as session:
        case = queries.case_for(session, actor(), case_id)
    if form.validate_on_submit():
        facts = form.facts()
        try:
            with writing() as session:
                sheet = estimate(facts, now().date(), tariffs_of(session))
                services.set_price(
                    session, case_id, facts, actor(), now(), seen_version=seen_version(),
                    net=form.net(sheet.net.currency), why=form.why.data or "",
                )  # fmt: skip
            flash(say("The price is set."), "done")
            return redirect(_page(case_id), code=303)
        except Refused as refusal:
            refuse(form, refusal)
    shown = FeeForm(formdata=request.form)
    return _price_page(case, shown, form, shown.facts() if shown.validate() else None)


#: Steps that need a right of their own; all others belong to whoever reviews cases.
RIGHT_OF: dict[str, May] = {
    CaseTrigger.OFFER: May.OFFERS_RELEASE,
    CaseTrigger.HAND_OVER: May.CASES_HAND_OVER,
    CaseTrigger.GO_TO_COURT: May.CASES_COURT,
}


@cases_operator.post("/cases/<uuid:case_id>/act", action=May.CASES_REVIEW)
def act(case_id: uuid.UUID) -> ResponseReturnValue:
    """Take the step the person pressed, as seen on their page."""
    form = ActForm()
    load_or_422(form)
    carried = form.carried()
    with writing() as session:
        case = queries.case_for(session, actor(), case_id)
        allow(RIGHT_OF.get(str(form.trigger.data), May.CASES_REVIEW), session, case)
        services.move(
            session, case_id, str(form.trigger.data), actor(), now(),
            seen_version=seen_version(), note=note(), carries=carried,
        )  # fmt: skip
    flash(DONE.get(str(form.trigger.data), "Done."), "done")
    return redirect(_page(case_id), code=303)


@cases_operator.post("/cases/<uuid:case_id>/answer", action=May.CASES_ANSWER)
def answer(case_id: uuid.UUID) -> ResponseReturnValue:
    """Write back to the recipient; a page that has not seen the newest words is stale."""
    form = AnswerForm()
    load_or_422(form)
    with writing() as session:
        case = queries.case_for(session, actor(), case_id)
        mailed = bool(case.recipient_email)
        if case.offered_on is None:
            raise Refused(say("Nobody was written to in this case."))
        messages = queries.messages_of(session, case.id)
        if (str(messages[0].id) if messages else "") != (form.seen.data or ""):
            raise Stale
        began = chosen(form.reply.data or "")
        services.write_back(
            session, case_id, HoldKind(form.about.data), form.text.data, actor(), now(),
            reply_code=began.code if began else "",
        )  # fmt: skip
    if mailed:
        flash(say("Your answer stands in the portal; the recipient gets a mail."), "done")
    else:
        flash(
            say("Your answer stands in the portal. No e-mail address is known, so write or call."),
            "waiting",
        )
    return redirect(_page(case_id), code=303)


@cases_operator.post("/cases/<uuid:case_id>/looked", action=May.CASES_REVIEW)
def looked(case_id: uuid.UUID) -> ResponseReturnValue:
    """A person looked at a silent case before it becomes formal."""
    form = NoteForm()
    load_or_422(form)
    with writing() as session:
        deciding.note_look(session, case_id, note(), actor(), now(), seen_version=seen_version())
    flash(say("Noted. The next date comes by itself."), "done")
    return redirect(_page(case_id), code=303)


@cases_operator.post("/dates/<uuid:deadline_id>/again", action=May.CASES_REVIEW)
def date_again(deadline_id: uuid.UUID) -> ResponseReturnValue:
    """Let a blocked date be tried again."""
    load_or_422(PressForm())
    with writing() as session:
        case_id = deciding.try_date_again(session, deadline_id, actor(), now()).id
    flash(say("The date is tried again within a minute."), "done")
    return redirect(_page(case_id), code=303)


def _price_page(
    case: Case, form: FeeForm, price_form: PriceForm, facts: FeeFacts | None
) -> ResponseReturnValue:
    sheet: FeeSheet | None = None
    if facts is not None:
        try:
            with reading() as session:
                sheet = estimate(facts.looked_at(), now().date(), tariffs_of(session))
        except Refused as refusal:
            refuse(form, refusal)
    page = render_template(
        "operator/cases/price.html",
        case=case, form=form, price_form=price_form, sheet=sheet,
        lines=[Line(line.label, line.net, line.why, line.source) for line in sheet.lines]
        if sheet else [],
        court=court_view(sheet, case.recipient_country, now().date()) if sheet else None,
        open=case.state is CaseState.SUBMITTED,
    )  # fmt: skip
    return page, 422 if form.errors or price_form.errors else 200


def _known_facts(session: Session, case: Case) -> FeeFacts:
    """As priced before, else as guessed from the page, else what the case itself says."""
    offer = queries.current_offer(session, case.id)
    if offer is not None:
        return from_stored(offer.facts)
    use = case.uses[0]
    plain = FeeFacts(
        use_class=UseClass.COMMERCIAL,
        medium="website",
        placement=Placement.SUB_PAGE,
        longest_side_px=max(int(use.match_facts.get("found_width") or 1), 1),
        first_seen=use.first_seen.date(),
        last_seen=use.last_seen.date(),
        credited=bool(use.credit_found),
    )
    guessed = use.match_facts.get("fee_facts")
    if not guessed:
        return plain
    return from_stored(guessed)


def _page(case_id: uuid.UUID) -> str:
    return url_for("cases_operator.show", case_id=case_id)
