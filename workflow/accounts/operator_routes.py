"""The set-up page: who operates this instance."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from flask import Response, flash, redirect, url_for

from workflow.accounts import directory, logos, queries
from workflow.accounts.forms import ConfirmForm, SetUpForm
from workflow.accounts.permissions import May
from workflow.accounts.readiness import MASTER_KEY_KEPT, acknowledge
from workflow.accounts.services import contact
from workflow.accounts.services import settings as services
from workflow.accounts.states import LegalBasis
from workflow.kernel.actors import Role
from workflow.kernel.approvals import ApprovalNeeded
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.money import Currency
from workflow.kernel.said import say
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, wall, writing
from workflow.web.forms import form_page, load_or_422, refuse
from workflow.web.limits import limit, max_bytes

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from workflow.accounts.models import OperatorProfile

operator_setup = role_blueprint("operator_setup", __name__, role=Role.OPERATOR, reads=May.SETUP_READ)
BLUEPRINTS = (operator_setup,)

#: Answers that go from the form into the profile as they are.
PLAIN = (
    "name", "street", "postcode", "city", "country", "region", "register_entry", "authority", "vat_id",
    "contact_name", "phone", "sender_email", "bank_holder", "iban", "bic", "time_zone",
)  # fmt: skip


@operator_setup.get("/operator/set-up")
def show() -> ResponseReturnValue:
    """The questions, with the answers given so far."""
    with reading() as session:
        profile = queries.operator_profile(session)
    return _page(SetUpForm(formdata=None, data=_answers(profile)) if profile else SetUpForm())


@operator_setup.post("/operator/set-up", action=May.SETUP_CHANGE)
@max_bytes(logos.LARGEST + 500_000)
def save() -> ResponseReturnValue:
    """Keep the answers, or say what is missing; nothing is half-kept."""
    form = SetUpForm()
    fits = form.validate_on_submit()
    picture = _picture(form)
    if fits and not form.logo.errors:
        try:
            with writing() as session:
                logo_id = logos.keep(session, runtime().vault, picture, now()) if picture else None
                services.save_set_up(session, _wish(form, logo_id), actor(), now())
        except ApprovalNeeded:
            raise  # another bank account: the second person is asked, as everywhere
        except Refused as refusal:
            refuse(form, refusal)
        else:
            flash(say("The set-up is saved. Letters name what you entered here."), "done")
            return redirect(url_for("operator_setup.show"), code=303)
    return _page(form)


@operator_setup.post("/operator/set-up/master-key", action=May.SETUP_CHANGE)
def keep_master_key() -> ResponseReturnValue:
    """A person says that a copy of the master key lies elsewhere."""
    load_or_422(ConfirmForm())
    with writing() as session:
        acknowledge(
            session, MASTER_KEY_KEPT, actor(), now(), say("Said that the master key is kept elsewhere")
        )
    flash(say("Noted, with your name and today’s date."), "done")
    return redirect(url_for("operator_setup.show"), code=303)


@operator_setup.post("/operator/set-up/test-mail", action=May.SETUP_CHANGE)
@limit("10/hour")
def send_test_mail() -> ResponseReturnValue:
    """A mail to oneself, on the way every other mail takes."""
    load_or_422(ConfirmForm())
    with writing() as session:
        contact.send_test_mail(session, uuid.UUID(actor().id), now(), wall())
    flash(
        say("The mail is on its way to you. Reload this page in a minute to see whether it left.")
        if runtime().config.mail_url else say("The mail waits: no mail server is set."),
        "waiting",
    )  # fmt: skip
    return redirect(url_for("operator_setup.show"), code=303)


@operator_setup.get("/operator/set-up/logo")
def logo() -> ResponseReturnValue:
    """The logo as letters show it."""
    with reading() as session:
        profile = queries.operator_profile(session)
        if profile is None or profile.logo_document_id is None:
            raise NotFound
        data = runtime().vault.get(session, profile.logo_document_id)
    return Response(data, mimetype=logos.MEDIA_TYPE)


def _page(form: SetUpForm) -> ResponseReturnValue:
    with reading() as session:
        profile = queries.operator_profile(session)
        told = directory.history_of_set_up(session)
    return form_page("operator/setup/show.html", form, profile=profile, told=told)


def _picture(form: SetUpForm) -> bytes | None:
    """The logo that was sent, made harmless; what is wrong with it stands at its field."""
    try:
        return logos.read(form.logo.data, runtime().decoder)
    except Refused as refusal:
        form.logo.errors = [*form.logo.errors, *refusal.reasons]
        return None


def _wish(form: SetUpForm, logo_id: uuid.UUID | None) -> services.OperatorSetUp:
    answers: dict[str, Any] = {name: form[name].data or "" for name in PLAIN}
    return services.OperatorSetUp(
        **answers,
        legal_basis=LegalBasis(form.legal_basis.data),
        languages=tuple(form.languages.data or ()),
        currency=Currency(form.currency.data),
        logo_document_id=logo_id,
    )


def _answers(profile: OperatorProfile) -> dict[str, Any]:
    answers: dict[str, Any] = {name: getattr(profile, name) for name in PLAIN}
    return answers | {
        "legal_basis": profile.legal_basis.value,
        "languages": profile.languages,
        "currency": profile.currency.value,
    }
