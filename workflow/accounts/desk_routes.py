"""What everybody on the desk has: the start, Settings, the contract, the way out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Response, current_app, flash, redirect, render_template, url_for

from workflow.accounts import desk_sign_in, passwords, queries
from workflow.accounts.browser_names import browser_name
from workflow.accounts.choices import time_zones
from workflow.accounts.contract import contract_context
from workflow.accounts.forms import PasswordForm, ProfileForm, ReadingForm
from workflow.accounts.permissions import May
from workflow.accounts.services import entry
from workflow.accounts.services import settings as services
from workflow.accounts.states import TaxState
from workflow.accounts.tokens import token_hash
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say, say_many
from workflow.web.blueprints import allow, role_blueprint
from workflow.web.current import actor, forget_signed_in, now, reading, runtime, signed_in, wall, writing
from workflow.web.forms import refuse
from workflow.web.languages import choose_again
from workflow.web.limits import limit
from workflow.web.rendering import zone

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from workflow.accounts.models import Account

DESK = (Role.RIGHTS_HOLDER, Role.OPERATOR, Role.LEGAL_PARTNER)

accounts_desk = role_blueprint("accounts_desk", __name__, role=DESK, reads=May.ACCOUNT_READ)
BLUEPRINTS = (accounts_desk,)


def _my_id() -> uuid.UUID:
    return uuid.UUID(actor().id)


@accounts_desk.get("/start")
def start() -> ResponseReturnValue:
    """Where the day begins: the set-up until it is done, then the first entry of the rail."""
    if actor().role is Role.OPERATOR:
        with reading() as session:
            ready = queries.is_complete(session)
        if not ready:
            return redirect(url_for("operator_setup.show"), code=303)
    entries = current_app.extensions["nav"](signed_in())
    endpoint = entries[0].endpoint if entries else "accounts_desk.settings"
    return redirect(url_for(endpoint), code=303)


@accounts_desk.get("/settings")
def settings() -> ResponseReturnValue:
    """Profile, terms, password, browsers."""
    return _settings_page()


@accounts_desk.post("/settings/profile", action=May.ACCOUNT_CHANGE)
def change_profile() -> ResponseReturnValue:
    """Store an owner's own facts."""
    if actor().role is not Role.RIGHTS_HOLDER:
        raise NotFound
    form = ProfileForm()
    if form.validate_on_submit():
        wish = services.Profile(
            name=form.name.data,
            address=form.address.data or "",
            country=form.country.data,
            tax_state=TaxState(form.tax_state.data),
            vat_id=form.vat_id.data or "",
            bank_holder=form.bank_holder.data or "",
            iban=form.iban.data or "",
        )
        if _other_account(wish):
            allow(May.BANK_DETAILS)
        try:
            with writing() as session:
                services.change_profile(session, _my_id(), wish, actor(), now())
        except Refused as refusal:
            refuse(form, refusal)
        else:
            flash(say("Your profile is saved."), "done")
            return redirect(url_for("accounts_desk.settings"), code=303)
    return _settings_page(profile=form)


@accounts_desk.post("/settings/password", action=May.PASSWORD_CHANGE)
@limit("5/5minutes", failures_only=True)
def change_password() -> ResponseReturnValue:
    """A new password after the present one; every browser must sign in again."""
    form = PasswordForm()
    if form.validate_on_submit():
        me = signed_in()
        email = (me.email if me else None) or ""
        with reading() as session:
            known = entry.check_password(session, email, form.present.data)
        if known is None:
            refuse(form, Refused(say("The present password does not fit.")))
        else:
            stored = passwords.hash_password(form.password.data, not_like=email)
            with writing() as session:
                token = entry.change_password(
                    session, known.id, stored, actor(), now(), keep=desk_sign_in.token(), wall=wall()
                )
            desk_sign_in.begin(token)
            flash(say("Your password is changed. Other browsers were signed out."), "done")
            return redirect(url_for("accounts_desk.settings"), code=303)
    return _settings_page(password=form)


@accounts_desk.post("/settings/sessions/end-others", action=May.ACCOUNT_CHANGE)
def end_other_sessions() -> ResponseReturnValue:
    """Sign out every other browser."""
    with writing() as session:
        ended = entry.end_other_sessions(session, _my_id(), desk_sign_in.token())
    flash(say_many("{count} other browser signed out.", "{count} other browsers signed out.", ended), "done")
    return redirect(url_for("accounts_desk.settings"), code=303)


@accounts_desk.get("/settings/contract.pdf")
def contract() -> ResponseReturnValue:
    """The contract between owner and operator as both agreed to it."""
    with reading() as session:
        account = queries.account(session, _my_id())
        terms = queries.terms_of(session, account)
        context = contract_context(account, terms, queries.operator_profile(session), str(zone()))
    pdf = runtime().press.render("contract_terms", context)
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="contract-{terms.version}.pdf"'
    return answer


@accounts_desk.post("/settings/reading", action=May.ACCOUNT_CHANGE)
def change_reading() -> ResponseReturnValue:
    """Store the language and the zone this person reads in."""
    form = ReadingForm()
    if form.validate_on_submit():
        try:
            with writing() as session:
                services.change_reading(
                    session, _my_id(), form.language.data, form.time_zone.data or "", actor(), now()
                )
        except Refused as refusal:
            refuse(form, refusal)
        else:
            forget_signed_in()
            choose_again()
            flash(say("Language and time zone are saved."), "done")
            return redirect(url_for("accounts_desk.settings"), code=303)
    return _settings_page(reads=form)


@accounts_desk.post("/log-out", action=May.ACCOUNT_READ)
def log_out() -> ResponseReturnValue:
    """End this browser's session."""
    with writing() as session:
        entry.log_out(session, desk_sign_in.token())
    desk_sign_in.forget_cookie()
    flash(say("You are signed out."), "done")
    return redirect(url_for("public.home"), code=303)


def _other_account(wish: services.Profile) -> bool:
    """Whether payouts would go elsewhere than before: a dangerous step."""
    with reading() as session:
        account = queries.account(session, _my_id())
    return (account.iban, account.bank_holder) != ("".join(wish.iban.upper().split()), wish.bank_holder)


def _settings_page(
    profile: ProfileForm | None = None,
    password: PasswordForm | None = None,
    reads: ReadingForm | None = None,
) -> ResponseReturnValue:
    with reading() as session:
        account = queries.account(session, _my_id())
        owner = account.role is Role.RIGHTS_HOLDER
        terms = queries.terms_of(session, account) if owner else None
        mine = token_hash(desk_sign_in.token())
        sessions = [
            {"id": row.id, "browser": browser_name(row.browser), "since": row.created_at,
             "until": row.expires_at, "this": row.token_hash == mine}
            for row in queries.sessions_of(session, account.id, wall())
        ]  # fmt: skip
    failed = bool(profile or password or reads)
    kept = {"language": account.language, "time_zone": account.time_zone}
    page = render_template(
        "rights_holder/accounts/settings.html" if owner else "operator/setup/settings.html",
        account=account,
        terms=terms,
        sessions=sessions,
        profile=profile or (_filled(account) if owner else None),
        password=password or PasswordForm(formdata=None),
        reads=reads or ReadingForm(formdata=None, data=kept),
        zones=[name for name, _ in time_zones()],
        zone_here=str(zone()),
    )
    return page, 422 if failed else 200


def _filled(account: Account) -> ProfileForm:
    return ProfileForm(
        formdata=None,
        data={
            "name": account.name, "address": account.address, "country": account.country,
            "tax_state": account.tax_state.value, "vat_id": account.vat_id or "",
            "bank_holder": account.bank_holder, "iban": account.iban,
        },
    )  # fmt: skip
