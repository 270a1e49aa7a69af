"""The people of the instance: who works here, who is invited, and what an administrator can do about it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from workflow.accounts import approving, directory, passwords
from workflow.accounts.choices import PARTNER
from workflow.accounts.forms import InviteForm, RankForm
from workflow.accounts.permissions import May
from workflow.accounts.recovery_routes import link_to_password_page
from workflow.accounts.services import people, recovery
from workflow.accounts.services.factors import Moments
from workflow.accounts.services.people import Seen
from workflow.accounts.states import LABELS, SHORT_RANKS, LinkPurpose, Rank
from workflow.accounts.tokens import new_token
from workflow.kernel.access import may
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.web.blueprints import proved_lately, role_blueprint
from workflow.web.current import actor, now, reading, runtime, wall, writing
from workflow.web.forms import CONTROLS, clean, form_page, load_or_422, refuse
from workflow.web.limits import limit
from workflow.web.transitions import seen_version

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

operator_people = role_blueprint(
    "operator_people", __name__, role=Role.OPERATOR, reads=May.PEOPLE_READ, url_prefix="/operator/people"
)
BLUEPRINTS = (operator_people,)

#: The buttons on a person's page: the service, what is said when it is done.
STEPS = {
    "withdraw": (people.withdraw, say("The invitation is withdrawn; its link works no more.")),
    "deactivate": (people.deactivate, say("{name} is signed out everywhere and cannot sign in any more.")),
    "reactivate": (people.reactivate, say("{name} can sign in again.")),
    "reset-second-factor": (
        people.reset_second_factor,
        say("The second factor is gone; {name} sets up a new one at the next log-in and was told by mail."),
    ),
    "sign-out": (people.sign_out, say("Every browser of {name} is signed out.")),
}
INVITE_HOURS = int(recovery.WITHIN[LinkPurpose.INVITATION].total_seconds() // 3600)


@operator_people.get("")
def index() -> ResponseReturnValue:
    """Everybody who works here, with what an administrator wants to know at a glance."""
    with reading() as session:
        shown = directory.office(session, request.args.get("page", 1, type=int), wall())
        eyes = approving.four_eyes(session)
    return render_template(
        "operator/people/index.html", shown=shown, eyes=eyes, ranks=SHORT_RANKS, labels=LABELS,
        may_manage=may(actor(), May.PEOPLE_MANAGE),
    )  # fmt: skip


@operator_people.get("/rights-holders")
def rights_holders() -> ResponseReturnValue:
    """The rights-holders' accounts, to look at only."""
    words = CONTROLS.sub("", clean(request.args.get("q")) or "").replace("\ufffd", "")
    words = words[: directory.SEARCH_LENGTH]
    with reading() as session:
        shown = directory.rights_holders(session, words, request.args.get("page", 1, type=int), wall())
    return render_template("operator/people/rights_holders.html", shown=shown, words=words, labels=LABELS)


@operator_people.get("/invite", action=May.PEOPLE_MANAGE)
def invite_page() -> ResponseReturnValue:
    """Who and as what. Who one is is asked before, so that nothing typed is lost."""
    if not proved_lately():
        return redirect(url_for("accounts_proof.show", next=url_for(".invite_page")), code=303)
    return _invite_page(InviteForm(formdata=None))


@operator_people.post("/invite", action=May.PEOPLE_MANAGE)
@limit("60/hour")
def invite() -> ResponseReturnValue:
    """Enter the person and send the link."""
    form = InviteForm()
    if not form.validate_on_submit():
        return _invite_page(form)
    partner = form.place.data == PARTNER
    wish = people.Invitation(
        email=form.email.data,
        name=form.name.data,
        role=Role.LEGAL_PARTNER if partner else Role.OPERATOR,
        rank=None if partner else Rank(form.place.data),
        password_hash=passwords.hash_password(new_token()),
    )
    try:
        with writing() as session:
            account = people.invite(session, wish, link_to_password_page, actor(), Moments(now(), wall()))
    except Refused as refusal:
        refuse(form, refusal)
        return _invite_page(form)
    told = (
        say("{name} is invited; the mail is on its way.", name=account.name)
        if runtime().config.mail_url
        else say("{name} is invited; the mail waits, because no mail server is set.", name=account.name)
    )
    flash(told, "done" if runtime().config.mail_url else "waiting")
    return redirect(url_for(".index"), code=303)


@operator_people.get("/<uuid:account_id>")
def show(account_id: uuid.UUID) -> ResponseReturnValue:
    """One person: facts, what can be done, what happened."""
    with reading() as session:
        person = directory.person(session, account_id, wall())
        told = directory.history(session, account_id)
        others = directory.others_administer(session, account_id)
    account = person.account
    return render_template(
        "operator/people/show.html",
        person=person, account=account, told=told, labels=LABELS, ranks=SHORT_RANKS,
        hours=INVITE_HOURS, form=RankForm(formdata=None, rank=account.rank),
        may_manage=may(actor(), May.PEOPLE_MANAGE), myself=actor().id == str(account_id),
        why_stays=people.why_not_deactivated(account, others, actor()),
        why_rank_stays=people.why_not_demoted(account, others),
    )  # fmt: skip


@operator_people.post("/<uuid:account_id>/rank", action=May.PEOPLE_MANAGE)
def change_rank(account_id: uuid.UUID) -> ResponseReturnValue:
    """Another rank, from the next click of that person on."""
    form = RankForm()
    load_or_422(form)
    rank, at = Rank(form.rank.data), Moments(now(), wall())
    with writing() as session:
        account = people.change_rank(session, _seen(account_id), rank, actor(), at)
    told = say("{name} holds the rank of {rank} now.", name=account.name, rank=SHORT_RANKS[rank])
    flash(told, "done")
    return _back(account_id)


@operator_people.post("/<uuid:account_id>/invite-again", action=May.PEOPLE_MANAGE)
@limit("60/hour")
def invite_again(account_id: uuid.UUID) -> ResponseReturnValue:
    """A fresh link by mail."""
    with writing() as session:
        at = Moments(now(), wall())
        account = people.invite_again(session, _seen(account_id), link_to_password_page, actor(), at)
    flash(say("{name} gets a new link; the one before works no more.", name=account.name), "done")
    return _back(account_id)


@operator_people.post("/<uuid:account_id>/<word>", action=May.PEOPLE_MANAGE)
def step(account_id: uuid.UUID, word: str) -> ResponseReturnValue:
    """One of the buttons on the person's page."""
    if word not in STEPS:
        raise NotFound(say("This step"))
    service, told = STEPS[word]
    with writing() as session:
        account = service(session, _seen(account_id), actor(), Moments(now(), wall()))
    flash(say(told, name=account.name), "done")
    return redirect(url_for(".index"), code=303) if word == "withdraw" else _back(account_id)


def _seen(account_id: uuid.UUID) -> Seen:
    return Seen(account_id, seen_version())


def _back(account_id: uuid.UUID) -> ResponseReturnValue:
    return redirect(url_for(".show", account_id=account_id), code=303)


def _invite_page(form: InviteForm) -> ResponseReturnValue:
    return form_page("operator/people/invite.html", form, hours=INVITE_HOURS)
