"""The inbox, the page of a hit, decisions, rules, and the form that makes a case of hits."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Response, flash, redirect, render_template, request, url_for
from flask import session as cookie

from workflow.accounts import queries as accounts
from workflow.accounts.permissions import May
from workflow.cases.services.submitting import MAX_USES
from workflow.hits import crawled, pages, picture_answers, queries, services
from workflow.hits.comparing import Comparing, Size
from workflow.hits.forms import (
    RuleForm,
    SubmitForm,
    chosen,
    sent_key,
    sent_keys,
    sent_verdict,
    wanted_from_address,
)
from workflow.hits.guards import reasons_against
from workflow.hits.queries import View
from workflow.hits.states import PRESS_WORDS, VERDICT_KEYS, HitState, RuleKind, Verdict
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import joined, say, say_many
from workflow.web.blueprints import own_path, role_blueprint
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.forms import form_page, refuse
from workflow.web.transitions import note, seen_version
from workflow.works import queries as works

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from workflow.hits.models import Hit
    from workflow.hits.services.judging import Decision

UNDO = "hits_undo"
#: From how many legal hits of one domain on a rule is proposed.
LEGAL_FOR_A_RULE = 3

hits_rights_holder = role_blueprint(
    "hits_rights_holder", __name__, role=Role.RIGHTS_HOLDER, reads=May.HITS_READ, url_prefix="/inbox"
)
BLUEPRINTS = (hits_rights_holder,)


@hits_rights_holder.get("")
def inbox() -> str:
    """Domains on the left, the hits of the chosen one on the right."""
    wanted = wanted_from_address()
    page = min(max(1, request.args.get("page", 1, type=int)), 10_000)
    with reading() as session:
        groups, total = queries.groups(session, actor(), wanted, page)
        shown = wanted if wanted.domain or not groups else queries.of_domain(wanted, groups[0].domain)
        rows = queries.rows(session, actor(), shown, request.args.get("after", "")[:80])
        group = next((group for group in groups if group.domain == shown.domain), None)
        searched, pictures = crawled.last_search(session)
        shift = now() - runtime().clock.wall()
        return render_template(
            "rights_holder/hits/inbox.html",
            wanted=wanted, shown=shown, groups=groups, group=group, rows=rows, page=page,
            pages_of_groups=max(1, -(-total // queries.GROUPS)),
            counts=queries.counts(session, actor(), wanted),
            legal=_legal_without_rule(session, shown.domain),
            searched=searched + shift if searched else None, pictures=pictures,
            photographs=works.count(session, actor()),
            words=pages, verdicts=VERDICT_KEYS, press_words=PRESS_WORDS, undo=cookie.pop(UNDO, None),
        )  # fmt: skip


@hits_rights_holder.get("/<uuid:hit_id>")
def show(hit_id: uuid.UUID) -> str:
    """One hit: both pictures, what is known, and what can be done."""
    tab = chosen(pages.Tab, request.args.get("tab")) or pages.Tab.SIDE
    with reading() as session:
        hit = queries.own_hit(session, actor(), hit_id)
        if hit.state is HitState.FOUND:
            raise NotFound(say("This hit"))
        return render_template(
            "rights_holder/hits/show.html",
            hit=hit, tab=tab, words=pages, verdicts=VERDICT_KEYS, press_words=PRESS_WORDS,
            facts=pages.facts_of(hit, queries.twins(session, hit)),
            reasons=reasons_against(session, hit),
            following=queries.next_open(session, actor(), hit),
            undo=cookie.pop(UNDO, None),
        )  # fmt: skip


@hits_rights_holder.post("/<uuid:hit_id>/judge", action=May.HITS_JUDGE)
def judge(hit_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the verdict and go on: back to the list, or to the next hit."""
    verdict = sent_verdict()
    with writing() as session:
        hit = queries.own_hit(session, actor(), hit_id)
        decision = services.judge(
            session, hit_id, verdict, actor(), now(), seen_version=seen_version(), note=note()
        )
        onward = _back() or _after_judging(session, hit, verdict)
    _offer_undo(decision)
    return redirect(onward, code=303)


@hits_rights_holder.post("/judge-group", action=May.HITS_JUDGE)
def judge_group() -> ResponseReturnValue:
    """One verdict for every open hit of a domain that the page counted."""
    wanted = wanted_from_address()
    if not wanted.domain or wanted.view is not View.OPEN:
        raise NotFound
    with writing() as session:
        decision = services.judge_group(
            session, wanted, sent_key("newest"), sent_verdict(), actor(), now(), note=note()
        )
    _offer_undo(decision)
    return redirect(pages.address_of(wanted, domain=wanted.domain if decision.left else ""), code=303)


@hits_rights_holder.post("/reopen", action=May.HITS_JUDGE)
def reopen() -> ResponseReturnValue:
    """Take back what was decided in one go."""
    with writing() as session:
        count = services.reopen(session, sent_key("decision"), actor(), now())
    flash(
        say("Taken back.") if count == 1 else say("{count} decisions taken back.", count=f"{count:,}"), "done"
    )
    return redirect(_back() or url_for(".inbox"), code=303)


@hits_rights_holder.route("/submit", methods=["GET", "POST"], action=May.CASES_SUBMIT)
def submit() -> ResponseReturnValue:
    """Several illegal hits of one domain become one case; sent twice it is still one."""
    form, keys = SubmitForm(), sent_keys("hit")
    if form.validate_on_submit():
        try:
            return _submitted(form, keys)
        except Refused as refusal:
            refuse(form, refusal)
    with reading() as session:
        hits = queries.choices(session, actor(), _domain_of(session, keys))
        if not hits:
            flash(say("There is nothing to submit on this domain: mark hits as illegal first."), "neutral")
            return redirect(url_for(".inbox", view=View.READY), code=303)
        against = {hit.id: reasons_against(session, hit) for hit in hits}
        picked = {key for key in keys if not against.get(key, ["gone"])}
        if request.args.get("all"):
            picked = {hit.id for hit in hits if not against[hit.id]}
        paid = [hit for hit in hits if hit.id in picked]
        terms = accounts.terms_of(session, accounts.account(session, queries.owner_key(actor())))
        return form_page(
            "rights_holder/hits/submit.html", form,
            hits=hits, against=against, picked=picked, most=MAX_USES, words=pages, terms=terms,
            outcomes=pages.outcomes_of(
                paid or [hit for hit in hits if not against[hit.id]], terms, form.lowest_percent.data
            ),
        )  # fmt: skip


@hits_rights_holder.get("/rules")
def rules() -> ResponseReturnValue:
    """Domains that are left alone."""
    return _rules_page(RuleForm(formdata=None, domain=request.args.get("domain", "")[:255]))


@hits_rights_holder.post("/rules", action=May.HITS_JUDGE)
def add_rule() -> ResponseReturnValue:
    """Leave a domain alone from now on."""
    form = RuleForm()
    if not form.validate_on_submit():
        return _rules_page(form)
    try:
        with writing() as session:
            rule, count = services.add_rule(
                session, form.domain.data, RuleKind(form.kind.data), form.reason.data or "", actor(), now()
            )
    except Refused as refusal:
        refuse(form, refusal)
        return _rules_page(form)
    told = say("{domain} is left alone from now on.", domain=rule.domain)
    aside = say_many("{count} waiting hit was set aside.", "{count} waiting hits were set aside.", count)
    flash(joined((told, aside)) if count else told, "done")
    return redirect(_back() or url_for(".rules"), code=303)


@hits_rights_holder.post("/rules/<uuid:rule_id>/remove", action=May.HITS_JUDGE)
def remove_rule(rule_id: uuid.UUID) -> ResponseReturnValue:
    """Show new hits of the domain again."""
    with writing() as session:
        domain = services.remove_rule(session, rule_id, actor(), now())
    flash(say("New hits on {domain} come to your inbox again.", domain=domain), "done")
    return redirect(url_for(".rules"), code=303)


@hits_rights_holder.get("/<uuid:hit_id>/found/<size>")
def found_image(hit_id: uuid.UUID, size: str) -> Response:
    """The found picture, ``thumb`` or ``display``."""
    wanted = chosen(Size, size)
    if wanted is None:
        raise NotFound
    return picture_answers.found_copy(hit_id, wanted)


@hits_rights_holder.get("/<uuid:hit_id>/overlay")
def overlay(hit_id: uuid.UUID) -> Response:
    """The photograph laid over the found picture."""
    return picture_answers.compared(hit_id, Comparing.OVERLAY)


@hits_rights_holder.get("/<uuid:hit_id>/difference")
def difference(hit_id: uuid.UUID) -> Response:
    """Dark where both agree, bright where they differ."""
    return picture_answers.compared(hit_id, Comparing.DIFFERENCE)


def _submitted(form: SubmitForm, keys: list[uuid.UUID]) -> ResponseReturnValue:
    gathered = services.gather(runtime(), keys, actor(), now())
    said = (form.rights.label.text, form.no_licence.label.text)
    attestation = services.Attestation(said, form.note.data or "", form.lowest_percent.data or 100)
    with writing() as session:
        case = services.submit_hits(session, runtime(), keys, gathered, attestation, actor(), now())
        hit = queries.own_hit(session, actor(), keys[0])
        onward = pages.case_address(hit) or url_for(".inbox", view=View.SUBMITTED)
        reference = case.reference
    flash(
        say(
            "Submitted as case {reference}. We check it; nobody is written to before that.",
            reference=reference,
        ),
        "done",
    )
    return redirect(onward, code=303)


def _domain_of(session: Session, keys: list[uuid.UUID]) -> str:
    if keys:
        return queries.own_hit(session, actor(), keys[0]).domain
    return request.values.get("domain", "")[:255]


def _rules_page(form: RuleForm) -> ResponseReturnValue:
    with reading() as session:
        return form_page("rights_holder/hits/rules.html", form, rules=queries.rules(session, actor()))


def _legal_without_rule(session: Session, domain: str) -> int:
    """How many hits of the domain were called legal, when that is worth a rule; else 0."""
    if not domain or any(rule.covers(domain) for rule in queries.rules(session, actor())):
        return 0
    count = queries.legal_of_domain(session, actor(), domain)
    return count if count >= LEGAL_FOR_A_RULE else 0


def _after_judging(session: Session, hit: Hit, verdict: Verdict) -> str:
    """An illegal hit stays, to be submitted; after any other the next one is looked at."""
    if verdict is Verdict.ILLEGAL:
        return url_for(".show", hit_id=hit.id)
    following = queries.next_open(session, actor(), hit)
    return url_for(".show", hit_id=following.id) if following else url_for(".inbox")


def _offer_undo(decision: Decision) -> None:
    cookie[UNDO] = (str(decision.id), decision.sentence)


def _back() -> str | None:
    return own_path(request.form.get("back"))
