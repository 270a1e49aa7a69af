"""Bank transfers for staff: write a line down, find its case, give back what is too much."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from workflow.accounts.permissions import May
from workflow.accounts.queries import operator_profile
from workflow.cases.arrivals.queries import case_named
from workflow.cases.models import Case
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.money import Currency
from workflow.kernel.said import say
from workflow.money.credit import credit_of
from workflow.money.transfers import queries, recording
from workflow.money.transfers.forms import AssignForm, TransferForm, WithdrawForm
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, writing
from workflow.web.forms import form_page, load_or_422, refuse

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from workflow.kernel.db import Session

transfers_operator = role_blueprint(
    "transfers_operator", __name__, role=Role.OPERATOR, reads=May.PAYMENTS_READ,
    url_prefix="/operator/transfers",
)  # fmt: skip
BLUEPRINTS = (transfers_operator,)


@transfers_operator.get("/")
def index() -> ResponseReturnValue:
    """Money without a case, money to give back, and what was written down last."""
    with reading() as session:
        return render_template(
            "operator/transfers/index.html",
            waiting=queries.waiting(session), credits=queries.to_give_back(session),
            recent=queries.recent(session),
        )  # fmt: skip


@transfers_operator.route("/new", methods=["GET", "POST"], action=May.PAYMENTS_DECIDE)
def new() -> ResponseReturnValue:
    """Write down money that came; a purpose that names a case gives it to that case."""
    form = TransferForm() if request.method == "POST" else _opened()
    if form.validate_on_submit():
        try:
            with writing() as session:
                case = _case_of(session, form)
                row = recording.record_transfer(
                    session, form.line(_currency(session)), actor(), now(), key=str(form.key.data),
                    case_id=case.id if case else None,
                )  # fmt: skip
                transfer_id, told = row.id, _outcome(session, row.case_id)
        except Refused as refusal:
            refuse(form, refusal)
        else:
            flash(*told)
            return redirect(url_for("transfers_operator.show", transfer_id=transfer_id), code=303)
    return form_page("operator/transfers/new.html", form, case=None)


@transfers_operator.get("/<uuid:transfer_id>")
def show(transfer_id: uuid.UUID) -> ResponseReturnValue:
    """One transfer."""
    with reading() as session:
        return render_template(
            "operator/transfers/show.html", sheet=queries.sheet(session, transfer_id),
            assign=AssignForm(formdata=None), withdraw=WithdrawForm(formdata=None),
        )  # fmt: skip


@transfers_operator.post("/<uuid:transfer_id>/assign", action=May.PAYMENTS_DECIDE)
def assign(transfer_id: uuid.UUID) -> ResponseReturnValue:
    """Give it to its case."""
    form = AssignForm()
    load_or_422(form)
    with writing() as session:
        case = case_named(session, form.reference.data or "")
        recording.assign_transfer(session, transfer_id, case.id, actor(), now())
        told = _outcome(session, case.id)
    flash(*told)
    return redirect(url_for("transfers_operator.show", transfer_id=transfer_id), code=303)


@transfers_operator.post("/<uuid:transfer_id>/withdraw", action=May.PAYMENTS_DECIDE)
def withdraw(transfer_id: uuid.UUID) -> ResponseReturnValue:
    """Mark a wrong record."""
    form = WithdrawForm()
    load_or_422(form)
    with writing() as session:
        recording.withdraw_transfer(session, transfer_id, form.note.data or "", actor(), now())
    flash(say("The record is marked as withdrawn, and its booking is reversed."), "done")
    return redirect(url_for("transfers_operator.show", transfer_id=transfer_id), code=303)


@transfers_operator.route("/back/<uuid:case_id>", methods=["GET", "POST"], action=May.PAYMENTS_REFUND)
def back(case_id: uuid.UUID) -> ResponseReturnValue:
    """Write down that money of a case went back from our bank account."""
    with reading() as session:
        case = session.get(Case, case_id)
        if case is None:
            raise NotFound(say("This case"))
        lying = credit_of(session, case_id, _currency(session))
    form = TransferForm() if request.method == "POST" else _opened(amount=f"{lying.minor / 100:.2f}")
    if form.validate_on_submit():
        try:
            with writing() as session:
                row = recording.give_back(
                    session, case_id, form.line(lying.currency), actor(), now(), key=str(form.key.data)
                )
                transfer_id = row.id
        except Refused as refusal:
            refuse(form, refusal)
        else:
            flash(say("Written down. The money went back."), "done")
            return redirect(url_for("transfers_operator.show", transfer_id=transfer_id), code=303)
    return form_page("operator/transfers/new.html", form, case=case, lying=lying)


def _opened(**told: str) -> TransferForm:
    return TransferForm(formdata=None, data={"value_on": now().date(), "key": new_id().hex, **told})


def _currency(session: Session) -> Currency:
    profile = operator_profile(session)
    return profile.currency if profile else Currency.EUR


def _case_of(session: Session, form: TransferForm) -> Case | None:
    if form.reference.data:
        return queries.case_named_in(session, form.reference.data) or case_named(session, form.reference.data)
    return queries.case_named_in(session, form.purpose.data or "")


def _outcome(session: Session, case_id: uuid.UUID | None) -> tuple[str, str]:
    """What the money did, for the one who wrote it down."""
    if case_id is None:
        return say("Written down. It waits for its case at the top of the queue."), "waiting"
    case = session.get_one(Case, case_id, populate_existing=True)
    lying = credit_of(session, case_id, _currency(session))
    if case.paid_at is not None and lying.is_zero:
        return say("Written down. The case {case} is paid.", case=case.reference), "done"
    if case.paid_at is not None:
        told = say(
            "Written down. The case {case} is paid; {rest} are too much.", case=case.reference, rest=lying
        )
        return told, "waiting"
    return say(
        "Written down. {part} lie on the account of {case}.", part=lying, case=case.reference
    ), "waiting"
