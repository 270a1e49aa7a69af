"""The second step of signing in: a code of the app or a recovery code; staff set up their app first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from workflow.accounts import desk_sign_in, one_time, queries
from workflow.accounts.forms import CodeForm
from workflow.accounts.services import entry, factors
from workflow.accounts.states import SessionStage
from workflow.accounts.tokens import token_hash
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.pdf import qr_svg
from workflow.kernel.said import say
from workflow.web.blueprints import own_path, role_blueprint
from workflow.web.current import now, reading, runtime, wall, writing
from workflow.web.forms import form_page, refuse
from workflow.web.limits import limit

if TYPE_CHECKING:
    import uuid

    from flask.typing import ResponseReturnValue

    from workflow.accounts.desk_sign_in import HalfWay

accounts_sign_in = role_blueprint("accounts_sign_in", __name__, role=Role.PUBLIC)
BLUEPRINTS = (accounts_sign_in,)

WRONG = say("This code does not fit, or it was used already. Codes change every thirty seconds.")
WAIT = say("Too many wrong codes. Please wait {seconds} seconds, or use a recovery code.")
ISSUER = "Lichtbild"


def _this_attempt() -> str:
    """Counts codes per half-way session, so that a stranger never uses up somebody else's attempts."""
    return token_hash(desk_sign_in.token())


@accounts_sign_in.route("/log-in/code", methods=["GET", "POST"])
@limit("30/minute", failures_only=True, scope="source")
@limit("10/5minutes", key=_this_attempt, failures_only=True, scope="second step")
def code() -> ResponseReturnValue:
    """The code after the password; a fresh session on success."""
    person = desk_sign_in.half_way()
    if person is None or person.stage is not SessionStage.CODE:
        return redirect(url_for("accounts_public.log_in"), code=303)
    form = CodeForm()
    if not form.is_submitted():
        form.next.data = own_path(request.args.get("next")) or ""
    if not form.validate_on_submit():
        return form_page("accounts/code.html", form, person=person)
    token = ""
    with writing() as session:
        outcome = factors.check(session, runtime().secrets, person.account_id, form.code.data, wall())
        if outcome is factors.Outcome.FITS:
            token = entry.complete(session, desk_sign_in.token(), wall())
        left = factors.codes_left(session, person.account_id)
        pause = factors.seconds_to_wait(session, person.account_id, wall())
    if not token:
        waits = outcome is factors.Outcome.WAIT
        refuse(form, Refused(say(WAIT, seconds=pause) if waits else say(WRONG)))
        return form_page("accounts/code.html", form, person=person)
    desk_sign_in.begin(token)
    if one_time.looks_like_recovery(form.code.data):
        told = say("The recovery code is used up; {left} are left. Make new ones in Settings.")
        flash(say(told, left=left), "waiting")
    return redirect(own_path(form.next.data) or url_for("accounts_desk.start"), code=303)


@accounts_sign_in.route("/log-in/second-factor", methods=["GET", "POST"])
@limit("30/minute", failures_only=True, scope="source")
def enrol() -> ResponseReturnValue:
    """First sign-in of staff: the app learns the secret, one code shows that it did."""
    person = desk_sign_in.half_way()
    if person is None or person.stage is not SessionStage.ENROL:
        return redirect(url_for("accounts_public.log_in"), code=303)
    form = CodeForm()
    if not form.is_submitted():
        form.next.data = own_path(request.args.get("next")) or ""
    if not form.validate_on_submit():
        return form_page(
            "accounts/enrol.html", form, person=person, **secret_to_show(person.account_id, person.email)
        )
    codes = one_time.new_recovery_codes()
    try:
        with writing() as session:
            account = queries.account(session, person.account_id)
            factors.confirm(
                session, runtime().secrets, account, form.code.data, codes, factors.Moments(now(), wall())
            )
            token = entry.complete(session, desk_sign_in.token(), wall())
    except Refused as refusal:
        refuse(form, refusal)
        return form_page(
            "accounts/enrol.html", form, person=person, **secret_to_show(person.account_id, person.email)
        )
    desk_sign_in.begin(token)
    onwards = own_path(form.next.data) or url_for("accounts_desk.start")
    return render_template("accounts/recovery_codes.html", codes=codes, onwards=onwards)


def _enrol_page(form: CodeForm, person: HalfWay) -> ResponseReturnValue:
    shown = secret_to_show(person.account_id, person.email)
    return form_page("accounts/enrol.html", form, person=person, **shown)


def secret_to_show(account_id: uuid.UUID, email: str) -> dict[str, str]:
    """The proposed secret as a QR code and as text in groups of four."""
    with reading() as session:
        secret = factors.proposed_secret(session, runtime().secrets, account_id)
    if secret is None:
        raise NotFound(say("A second factor that waits to be confirmed"))
    address = one_time.address_for_app(secret, email, ISSUER)
    groups = " ".join(secret[at : at + one_time.GROUP] for at in range(0, len(secret), one_time.GROUP))
    return {"qr": qr_svg(address, say("The secret as a QR code")), "secret": groups}
