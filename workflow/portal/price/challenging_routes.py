"""“One input is wrong”: choose it, give its value, see the new sum, then send it with what shows it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import redirect, request, url_for

from workflow.accounts.permissions import May
from workflow.cases.bargaining.challenging import doubt_input, why_no_doubt
from workflow.cases.bargaining.queries import current_offer, open_challenge, sheet_lines
from workflow.cases.bargaining.recalculating import (
    CHALLENGEABLE,
    Recalculated,
    calculated_net,
    inputs_of,
    recalculated,
    why_not_recalculable,
)
from workflow.cases.models import Case
from workflow.cases.pricing.sheet import Line
from workflow.cases.proofs import MAX_BODY, read_proofs
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Refused
from workflow.portal.pages import page
from workflow.portal.price.forms import HELP, LABELS, LOOKING, SENDING, DoubtForm, ValueForm
from workflow.portal.standing import answerable
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.limits import limit, max_bytes

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

portal_price = role_blueprint("portal_price", __name__, role=Role.INFRINGER, reads=May.PORTAL_READ)


@portal_price.get("/price")
def inputs() -> ResponseReturnValue:
    """Everything the sum rests on that she may know better."""
    with reading() as session:
        case = session.get_one(Case, _case_id())
        offer = current_offer(session, case.id)
        waits = open_challenge(session, case.id) is not None
    return page(
        "infringer/price/inputs.html", case=case, offer=offer, waits=waits, open=answerable(case),
        why_not=why_no_doubt(case) or why_not_recalculable(case, offer),
        inputs=inputs_of(offer) if offer.sheet else [],
    )  # fmt: skip


@portal_price.get("/price/<fact>")
def look(fact: str) -> ResponseReturnValue:
    """One input: its value now, a field for another, and, once that is filled in, the sum it makes."""
    _known(fact)
    if "value" not in request.args:
        return _page(fact, LOOKING[fact](formdata=None), SENDING[fact](formdata=None), tried=False)
    form = LOOKING[fact](formdata=request.args)
    keep = SENDING[fact](formdata=None, data={"value": form.value.data})
    return _page(fact, form, keep, tried=form.validate())


@portal_price.post("/price/<fact>", action=May.PORTAL_ANSWER)
@limit("20/minute")
@max_bytes(MAX_BODY)
def send(fact: str) -> ResponseReturnValue:
    """Keep it with its files; what is refused loses nothing of what was typed."""
    _known(fact)
    form = SENDING[fact]()
    refusals: tuple[str, ...] = ()
    if form.validate_on_submit():
        try:
            proofs = read_proofs(form.file_data(), runtime().decoder)
            with writing() as session:
                message = doubt_input(
                    session, runtime().vault, _case_id(), fact, form.claimed(), form.text.data or "", proofs,
                    actor(), now(),
                )  # fmt: skip
                message_id = message.id
            return redirect(url_for("portal_answers.received", message_id=message_id), code=303)
        except Refused as refusal:
            refusals = refusal.reasons
    shown = LOOKING[fact](formdata=None, data={"value": form.value.data})
    return _page(fact, shown, form, tried=not form.value.errors, refusals=refusals)


def _page(
    fact: str, form: ValueForm, keep: DoubtForm, *, tried: bool, refusals: tuple[str, ...] = ()
) -> ResponseReturnValue:
    new: Recalculated | None = None
    with reading() as session:
        case = session.get_one(Case, _case_id())
        offer = current_offer(session, case.id)
        if why_no_doubt(case) or why_not_recalculable(case, offer) or open_challenge(session, case.id):
            return redirect(url_for("portal_price.inputs"), code=303)
        if tried:
            try:
                new = recalculated(session, case, offer, fact, form.claimed())
            except Refused as refusal:
                refusals = refusals or refusal.reasons
    shown = page(
        "infringer/price/input.html", case=case, offer=offer, fact=fact, label=LABELS[fact], help=HELP[fact],
        before=next(each for each in inputs_of(offer) if each.name == fact), form=form, keep=keep, new=new,
        old_lines=sheet_lines(offer.sheet), new_lines=_lines(new), refusals=refusals,
        old_net=calculated_net(offer), files_lost=bool(keep.file_data()),
    )  # fmt: skip
    return shown, 422 if refusals or form.errors or keep.errors else 200


def _lines(new: Recalculated | None) -> tuple[Line, ...]:
    return () if new is None else sheet_lines(new.sheet.as_json())


def _known(fact: str) -> None:
    if fact not in CHALLENGEABLE:
        raise NotFound


def _case_id() -> uuid.UUID:
    return uuid.UUID(actor().id)
