"""The public site and the way in: home page to log-in. Anybody may enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, flash, redirect, render_template, request, url_for

from workflow.accounts import desk_sign_in, one_time, passwords, queries
from workflow.accounts.contract import STAGES
from workflow.accounts.forms import ConfirmForm, ContactForm, LogInForm, SignUpForm
from workflow.accounts.services import contact as contact_services
from workflow.accounts.services import entry, factors, joining
from workflow.accounts.states import AccountKind, Capacity, SessionStage, TaxState
from workflow.accounts.terms import example_split
from workflow.accounts.tokens import normal_email, token_hash
from workflow.kernel.actors import Role
from workflow.kernel.errors import Refused
from workflow.kernel.said import say
from workflow.web.blueprints import own_path, role_blueprint
from workflow.web.current import now, reading, runtime, signed_in, wall, writing
from workflow.web.forms import form_page, refuse
from workflow.web.languages import language
from workflow.web.limits import limit, source

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from workflow.accounts.models import ContractTerms

public = role_blueprint("public", __name__, role=Role.PUBLIC)
accounts_public = role_blueprint("accounts_public", __name__, role=Role.PUBLIC)
BLUEPRINTS = (public, accounts_public)

#: One answer for an unknown address and a wrong password.
DOES_NOT_FIT = say("E-mail address and password do not fit together.")

#: Where the second step of signing in is taken.
SECOND_STEP = {SessionStage.CODE: "accounts_sign_in.code", SessionStage.ENROL: "accounts_sign_in.enrol"}


def _terms() -> ContractTerms:
    with reading() as session:
        return queries.current_terms(session, now().date())


@public.get("/")
def home() -> ResponseReturnValue:
    """What this is and the two ways in."""
    return render_template("public/home.html")


@public.get("/how-it-works")
def how_it_works() -> ResponseReturnValue:
    """From hit to payout."""
    return render_template("public/how_it_works.html", phase_days=_terms().phase_days)


@public.get("/pricing")
def pricing() -> ResponseReturnValue:
    """The shares, from the terms in force today."""
    terms = _terms()
    return render_template(
        "public/pricing.html",
        owner_percent=terms.owner_percent,
        operator_percent=terms.operator_percent,
        phase_days=terms.phase_days,
        example=example_split(terms, now().date()),
    )


@public.get("/terms")
def terms() -> ResponseReturnValue:
    """What a rights-holder accepts, clause by clause."""
    return render_template("public/terms.html", terms=_terms(), stages=STAGES)


@public.get("/questions")
def faq() -> ResponseReturnValue:
    """What people ask."""
    return render_template("public/faq.html")


@public.route("/contact", methods=["GET", "POST"])
@limit("5/minute;30/hour")
def contact() -> ResponseReturnValue:
    """A message to whoever operates this instance."""
    form = ContactForm()
    if not form.validate_on_submit():
        return form_page("public/contact.html", form)
    with writing() as session:
        contact_services.ask(session, form.name.data, form.email.data, form.text.data, now())
    flash(say("Your message was kept. A person will answer by e-mail."), "done")
    return redirect(url_for("public.contact"), code=303)


@accounts_public.route("/sign-up", methods=["GET", "POST"])
@limit("10/minute;60/hour")
def sign_up() -> ResponseReturnValue:
    """Ask for an account; the answer does not tell whether the address is known."""
    terms = _terms()
    form = SignUpForm()
    if not form.is_submitted():
        form.terms_version.data = terms.version
    if form.validate_on_submit():
        try:
            wish = _wish(form)
            with writing() as session:
                joining.sign_up(session, wish, _confirm_link, now(), wall())
        except Refused as refusal:
            refuse(form, refusal)
        else:
            return redirect(url_for("accounts_public.sign_up_done"), code=303)
    return form_page("accounts/sign_up.html", form, terms=terms)


@accounts_public.get("/sign-up/done")
def sign_up_done() -> ResponseReturnValue:
    """Look into your mail."""
    hours = int(joining.CONFIRM_WITHIN.total_seconds() // 3600)
    return render_template("accounts/sign_up_done.html", hours=hours)


@accounts_public.get("/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """A page with one button: mail scanners follow links, so looking uses nothing up."""
    with reading() as session:
        works = queries.confirm_link_works(session, token, wall())
    if not works:
        abort(410)
    return render_template("accounts/confirm.html", form=ConfirmForm(), token=token)


@accounts_public.post("/confirm/<token>")
@limit("10/minute")
def confirm_now(token: str) -> ResponseReturnValue:
    """Use the link up."""
    with reading() as session:
        if not queries.confirm_link_works(session, token, wall()):
            abort(410)
    with writing() as session:
        joining.confirm_email(session, token, now(), wall())
    flash(say("Your e-mail address is confirmed. You can log in now."), "done")
    return redirect(url_for("accounts_public.log_in"), code=303)


def _attempted_account() -> str:
    """Counts failures per address tried and source: a stranger elsewhere locks nobody out."""
    return f"{source()}|{token_hash(normal_email(request.form.get('email', '')))}"


@accounts_public.route("/log-in", methods=["GET", "POST"])
@limit("30/minute", failures_only=True, scope="source")
@limit("5/5minutes", key=_attempted_account, failures_only=True, scope="account")
def log_in() -> ResponseReturnValue:
    """Address and password; a fresh session on success."""
    form = LogInForm()
    if not form.is_submitted():
        if signed_in():
            return redirect(url_for("accounts_desk.start"), code=303)
        form.next.data = own_path(request.args.get("next")) or ""
    if not form.validate_on_submit():
        return form_page("accounts/log_in.html", form)
    with reading() as session:
        account = entry.check_password(session, form.email.data, form.password.data)
    if account is None:
        refuse(form, Refused(DOES_NOT_FIT))
        return form_page("accounts/log_in.html", form)
    with writing() as session:
        if not account.confirmed:
            joining.post_confirmation(session, account, _confirm_link, wall())
        else:
            token, stage = entry.log_in(session, account, request.user_agent.string, wall())
            if stage is SessionStage.ENROL:
                factors.propose(session, runtime().secrets, account.id, one_time.new_secret())
    if not account.confirmed:
        return redirect(url_for("accounts_public.sign_up_done"), code=303)
    desk_sign_in.begin(token)
    back = own_path(form.next.data)
    if stage is SessionStage.OPEN:
        return redirect(back or url_for("accounts_desk.start"), code=303)
    return redirect(url_for(SECOND_STEP[stage], next=back), code=303)


def _wish(form: SignUpForm) -> joining.SignUp:
    return joining.SignUp(
        email=form.email.data,
        name=form.name.data,
        kind=AccountKind(form.kind.data),
        capacity=Capacity(form.capacity.data),
        country=form.country.data,
        tax_state=TaxState(form.tax_state.data),
        vat_id=form.vat_id.data or "",
        password_hash=passwords.hash_password(form.password.data, not_like=form.email.data),
        terms_version=form.terms_version.data or "",
        language=language(),
    )


def _confirm_link(token: str) -> str:
    """The address in the mail, built from our own settings, never from the request's Host."""
    path = url_for("accounts_public.confirm", token=token)
    return f"{runtime().config.desk_url}{path}"
