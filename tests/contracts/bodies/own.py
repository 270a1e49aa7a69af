"""What is one's own: the account and its safety, photographs, hits, own cases."""

from __future__ import annotations

import uuid

from tests.contracts.bodies.lines import File, Line, Stage, bare, countered, just_offered, on
from tests.contracts.crowd import PASSWORD
from tests.second_step import code_for
from tests.world import Form, changed, picture
from workflow.accounts.notice_tables import Notice
from workflow.cases.models import Case
from workflow.hits.models import DomainRule, Hit
from workflow.works.models import Work

NOT_IN_THE_LIST = "the list is the person's own, and nothing in it waits"


def _upload(stage: Stage) -> Form:
    return stage.form(
        "owner", "/photographs/upload", {"photographs": File(picture(21), "pier.jpg")}, "/upload"
    )


def _edit(stage: Stage) -> Form:
    work = stage.first(Work, Work.owner_id == uuid.UUID(stage.world.owner.id))
    return stage.form("owner", f"/photographs/{work.id}/edit", {"title": "A chapel"})


def _judge(stage: Stage) -> Form:
    page = f"/inbox/{stage.first(Hit).id}"
    return changed(stage.form("owner", page, {}, "/judge"), verdict="illegal")


def _reopen(stage: Stage) -> Form:
    return "/inbox/reopen", [("decision", str(stage.first(Hit).decision_id))]


def _judge_group(stage: Stage) -> Form:
    hit = stage.first(Hit)
    return f"/inbox/judge-group?domain={hit.domain}", [("newest", str(hit.id)), ("verdict", "illegal")]


def _submit(stage: Stage) -> Form:
    hit = stage.first(Hit)
    fields = [("hit", str(hit.id)), ("rights", "y"), ("no_licence", "y"), ("note", "")]
    return "/inbox/submit", fields


def _remove_rule(stage: Stage) -> Form:
    return f"/inbox/rules/{stage.first(DomainRule).id}/remove", []


def _withdraw(stage: Stage) -> Form:
    stage.world._numbers += range(90)  # photographs of its own, unlike those there are
    made = stage.world.submitted()
    version = stage.first(Case, Case.id == made.id).version
    return f"/cases/{made.id}/act", [("trigger", "withdraw"), ("version", str(version))]


def _sum(stage: Stage) -> Form:
    made, counter = countered(stage)
    to, fields = stage.form("owner", f"/cases/{made.id}", {"note": "Too little."}, counter)
    return to, [*fields, ("verdict", "decline")]


def _open_notice(stage: Stage) -> Form:
    notice = stage.first(
        Notice, Notice.account_id == uuid.UUID(stage.world.owner.id), Notice.read_at.is_(None)
    )
    return f"/notices/{notice.id}/open", []


def _end_session(stage: Stage) -> Form:
    stage.extra["elsewhere"] = stage.world.as_owner()
    return stage.form("owner", "/settings", action="/end")


def _second_factor(stage: Stage) -> Form:
    code = code_for(stage.world.runtime, "other@example.org")
    return stage.form("other owner", "/settings/second-factor/confirm", {"code": code})


LINES = {
    "works_rights_holder.take": Line("owner", _upload),
    "works_rights_holder.edit": Line("owner", _edit),
    "hits_rights_holder.add_rule": on("owner", "/inbox/rules", {"domain": "partners.example.org"}),
    "hits_rights_holder.remove_rule": Line("owner", _remove_rule),
    "hits_rights_holder.judge": Line("owner", _judge),
    "hits_rights_holder.reopen": Line("owner", _reopen, other=422, why_other=NOT_IN_THE_LIST),
    "hits_rights_holder.judge_group": Line("owner", _judge_group, other=422, why_other=NOT_IN_THE_LIST),
    "hits_rights_holder.submit": Line("owner", _submit),
    "bargaining_rights_holder.decide_sum": Line("owner", _sum),
    "bargaining_rights_holder.limit": Line(
        "owner",
        lambda stage: stage.form("owner", f"/cases/{just_offered(stage).id}", {"percent": "90"}, "/limit"),
    ),
    "cases_rights_holder.act": Line("owner", _withdraw),
    "desk_first_steps.put_away": bare("owner", "/first-steps/put-away"),
}
#: These change sessions, so they come late.
PERSON = {
    "notices_desk.open_one": Line("owner", _open_notice),
    "notices_desk.read_all": on("owner", "/notices", action="/read-all"),
    "notices_desk.switch": on("owner", "/settings/notices", {"on": ["digest:mail"]}),
    "accounts_desk.change_profile": on("owner", "/settings", {"name": "Studio Nordlicht"}),
    "accounts_desk.change_reading": on("owner", "/settings", {"language": "en"}, "/reading"),
    "accounts_security.end_session": Line("owner", _end_session),
    "accounts_desk.end_other_sessions": bare("owner", "/settings/sessions/end-others"),
    "accounts_proof.prove": on("other owner", "/confirm-it-is-you", {"password": PASSWORD}),
    "accounts_security.propose": bare("other owner", "/settings/second-factor/propose"),
    "accounts_security.confirm": Line("other owner", _second_factor, answer=200),
    "accounts_security.codes": bare("other owner", "/settings/second-factor/codes", answer=200),
    "accounts_security.remove": bare("other owner", "/settings/second-factor/remove"),
    "accounts_desk.change_password": on(
        "partner", "/settings", {"present": PASSWORD, "password": "a ferry in the fog"}, "/password"
    ),
}  # fmt: skip
