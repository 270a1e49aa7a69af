"""What anybody may open: the way in, and “Is this real?”."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, redirect, request, url_for

from workflow.accounts.queries import operator_profile
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound
from workflow.kernel.ids import normalise_reference
from workflow.kernel.said import say
from workflow.kernel.signing import Signature
from workflow.portal import access, entry, queries
from workflow.portal.forms import EnterForm, VerifyForm
from workflow.portal.pages import page
from workflow.portal.statement import photographs_of, statement_of
from workflow.portal.view import LETTER_WORDS
from workflow.web.blueprints import own_path, role_blueprint
from workflow.web.current import now, reading, runtime, signed_in, wall, writing
from workflow.web.errors import error_response
from workflow.web.limits import limit, limiter, source

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

portal_public = role_blueprint("portal_public", __name__, role=Role.PUBLIC)
BLUEPRINTS = (portal_public,)

#: The one answer to an unknown reference, a wrong code and a case that is not out.
NO_ENTRY = say("Reference and code do not fit together. Please compare both with your letter.")
WAIT_SECONDS = 900
LOGO_SECONDS = 3600
#: How a statement is checked offline: by our program, and by what every machine has.
CHECK_WITH = (
    "lichtbild verify statement.json",
    (
        "jq -j .statement statement.json > said\n"
        "jq -r .signature statement.json | base64 -d > sig\n"
        "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in said -sigfile sig"
    ),
)


@portal_public.get("/")
def enter() -> ResponseReturnValue:
    """The form for reference and code."""
    if signed_in() is not None:
        return redirect(url_for("portal_infringer.case"), code=303)
    return page("infringer/enter.html", form=EnterForm(formdata=None), action=_action())


@portal_public.get("/c/<reference>")
def link(reference: str) -> ResponseReturnValue:
    """The address in a letter: the same form with the reference filled in; looking consumes nothing."""
    form = EnterForm(formdata=None, data={"reference": normalise_reference(reference[:40]) or ""})
    return page("infringer/enter.html", form=form, action=_action())


@portal_public.post("/")
@limit("30/minute")
def enter_with_code() -> ResponseReturnValue:
    """Open the case for whoever knows both; every failure gets one and the same answer."""
    form = EnterForm()
    if form.validate_on_submit():
        attempt = entry.Attempt(form.reference.data, form.code.data, source())
        try:
            with writing() as session:
                entered = entry.enter(session, runtime().secrets, attempt, now(), wall())
        except entry.MustWait:
            return error_response(
                429, say("There were too many attempts with a wrong code. Please wait a quarter of an "
"hour, or call the number in your letter."), headers={"Retry-After": str(WAIT_SECONDS)},
            )  # fmt: skip
        if entered is not None:
            access.begin(entered.token)
            return redirect(own_path(request.args.get("next")) or url_for("portal_infringer.case"), code=303)
        form.form_errors = [NO_ENTRY]
    return page("infringer/enter.html", form=form, action=_action()), 422


@portal_public.get("/verify")
def verify() -> ResponseReturnValue:
    """Who writes such letters, and how to check one."""
    return page("infringer/verify.html", form=VerifyForm(formdata=None), case=None, asked="")


@portal_public.post("/verify")
@limit("10/minute")
def look_up() -> ResponseReturnValue:
    """Go to the page of this reference."""
    form = VerifyForm()
    if form.validate_on_submit():
        reference = normalise_reference(form.reference.data)
        if reference:
            return redirect(url_for("portal_public.verify_case", reference=reference), code=303)
        form.reference.errors = [say("This cannot be one of our references. Please compare it sign by sign.")]
    return _verify_again(form)


@portal_public.get("/verify/<reference>")
@limiter.limit("20/minute;120/hour", key_func=source, override_defaults=False)
def verify_case(reference: str) -> ResponseReturnValue:
    """Whether a letter with this reference is ours; tells nothing about the one who got it."""
    with reading() as session:
        case = queries.case_by_reference(session, reference[:40])
        letters = queries.letters_of(session, case.id) if case else []
    told = {
        "form": VerifyForm(formdata=None),
        "case": case,
        "asked": normalise_reference(reference[:40]) or "",
        "letters": [(letter.on, LETTER_WORDS[letter.kind]) for letter in letters],
        "photographs": photographs_of(case) if case else [],
        "fingerprint": Signature(runtime().secrets).fingerprint,
        "check_with": CHECK_WITH,
    }
    return page("infringer/verify.html", **told), 200 if case else 404


@portal_public.get("/verify/<reference>/statement.json")
@limiter.limit("20/minute;120/hour", key_func=source, override_defaults=False)
def statement(reference: str) -> Response:
    """The same as a signed file that anybody can check offline and keep."""
    with reading() as session:
        case = queries.case_by_reference(session, reference[:40])
        profile = operator_profile(session)
        if case is None or profile is None:
            raise NotFound(say("This reference"))
        letters = queries.letters_of(session, case.id)
        told = statement_of(case, letters, profile, runtime().config.portal_url, now())
    response = Response(Signature(runtime().secrets).sign(told), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"{case.reference} statement.json")
    return response


@portal_public.get("/verify/key.pem")
def key() -> Response:
    """The public key that signs the statements of this instance."""
    return Response(Signature(runtime().secrets).public_pem, mimetype="application/x-pem-file")


@portal_public.get("/logo")
def logo() -> ResponseReturnValue:
    """The sender's logo, as on the letters."""
    with reading() as session:
        profile = operator_profile(session)
        if profile is None or profile.logo_document_id is None:
            raise NotFound
        data = runtime().vault.get(session, profile.logo_document_id)
    response = Response(data, mimetype="image/jpeg")
    response.cache_control.private = True
    response.cache_control.max_age = LOGO_SECONDS
    return response


def _verify_again(form: VerifyForm) -> ResponseReturnValue:
    """The form again, with what does not fit."""
    return page("infringer/verify.html", form=form, case=None, asked=""), 422


def _action() -> str:
    """Where the form is sent; it remembers the page somebody wanted to see."""
    return url_for("portal_public.enter_with_code", next=own_path(request.args.get("next")))
