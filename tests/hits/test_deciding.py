"""The inbox through HTTP: decide, take back, groups, rules, submit, and everything that must not happen."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import func, select, update

from detection.types import Certainty
from workflow.cases.bargaining.models import OwnerLimit
from workflow.cases.models import Case, Evidence
from workflow.cases.services import move
from workflow.cases.states import CaseState, CaseTrigger, EvidenceKind, Stage
from workflow.hits import services
from workflow.hits.guards import why_not_submittable
from workflow.hits.models import Hit
from workflow.hits.states import HitState, Verdict
from workflow.kernel import audit, outbox

from .made import NOON, Browser, altered, photograph

BLOG = "example.org"


def on(hit):
    return f"/inbox/{hit.id}"


def judge(browser, hit, verdict, **more):
    data = {"verdict": verdict, "version": hit.version, **more}
    return browser.post(f"{on(hit)}/judge", data, on=on(hit))


def blog_hits(box):
    return box.hits(domain=BLOG)


def illegal(browser, box, *hits):
    for hit in hits:
        assert judge(browser, hit, "illegal").status_code == 303
    return [box.hit(hit.id) for hit in hits]


def submit(browser, hits, **more):
    data = {"hit": [str(hit.id) for hit in hits], "rights": "y", "no_licence": "y", **more}
    return browser.post("/inbox/submit", data, on=f"/inbox/submit?hit={hits[0].id}")


def test_the_inbox_groups_by_domain_and_the_page_of_a_hit_tells_everything(browser, filled):
    html = browser.page("/inbox")
    assert re.search(r"To decide <span[^>]*>5<", html)
    assert html.count('class="group"') == 2
    html = browser.page(f"/inbox?domain={BLOG}")
    assert html.count("data-row") == 4 and 'data-key="w"' in html
    hit = blog_hits(filled)[0]
    html = browser.page(on(hit))
    for words in (
        "Küstenblog Beispiel UG",
        "Imprint of the site",
        "Licence unlikely",
        "can be submitted once",
    ):
        assert words in html
    for tab in ("overlay", "difference", "page"):
        assert 'aria-current="true"' in browser.page(f"{on(hit)}?tab={tab}")
    assert "<script>" not in html and "style=" not in html


def test_pictures_are_fresh_jpegs_and_kept_by_the_browser(browser, filled):
    hit = blog_hits(filled)[1]
    for path in ("found/thumb", "found/display", "overlay", "difference"):
        answer = browser.get(f"{on(hit)}/{path}")
        assert answer.status_code == 200 and answer.data.startswith(b"\xff\xd8"), path
        assert answer.headers["Content-Type"] == "image/jpeg"
        again = browser.get(f"{on(hit)}/{path}", **{"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert browser.get(f"{on(hit)}/found/original").status_code == 404


def test_decide_go_on_and_take_back(browser, filled):
    first, second, *_ = blog_hits(filled)
    answer = judge(browser, first, "legal")
    assert answer.status_code == 303 and answer.location != on(first)
    assert filled.hit(first.id).verdict is Verdict.LEGAL
    html = browser.page(answer.location)
    assert "Marked as legal." in html
    decision = re.search(r'name="decision" value="([^"]+)"', html)[1]
    assert "Marked as legal." not in browser.page(answer.location)  # offered once
    assert browser.post("/inbox/reopen", {"decision": decision}, on=on(second)).status_code == 303
    back = filled.hit(first.id)
    assert back.state is HitState.SHOWN and back.verdict is None and back.decided_at is None
    twice = browser.post("/inbox/reopen", {"decision": decision}, on=on(second))
    assert twice.status_code == 422 and "nothing left to take back" in twice.get_data(as_text=True)
    with filled.runtime.database.reading() as session:
        told = [entry.action for entry in audit.history(session, "hit", first.id)]
    assert told[-2:] == ["hit:review", "hit:reopen"]


def test_a_stale_page_changes_nothing(browser, filled):
    hit = blog_hits(filled)[0]
    judge(browser, hit, "legal")
    answer = judge(browser, hit, "illegal")
    assert answer.status_code == 409 and "changed while you were looking" in answer.get_data(as_text=True)
    assert filled.hit(hit.id).verdict is Verdict.LEGAL


@pytest.mark.parametrize("verdict", ["", "guilty", "ILLEGAL", "legal\x00"])
def test_an_unknown_verdict_is_refused(browser, filled, verdict):
    hit = blog_hits(filled)[0]
    assert judge(browser, hit, verdict).status_code == 422
    assert filled.hit(hit.id).state is HitState.SHOWN


def test_somebody_elses_hit_does_not_exist(desk, people, filled):
    people.person("eve@example.org", "Eve Example")
    eve = Browser(desk).log_in("eve@example.org")
    hit = blog_hits(filled)[0]
    for path in ("", "/found/thumb", "/found/display", "/overlay", "/difference"):
        assert eve.get(on(hit) + path).status_code == 404, path
    assert "Add your first photographs" in eve.page("/inbox")
    assert "hit-row" not in eve.page("/inbox?view=decided")
    sent = {"verdict": "illegal", "version": hit.version}
    assert eve.post(f"{on(hit)}/judge", sent, on="/inbox/rules").status_code == 404
    group = {"verdict": "legal", "newest": str(uuid.UUID(int=2**128 - 1))}
    assert eve.post(f"/inbox/judge-group?domain={BLOG}", group, on="/inbox/rules").status_code == 422
    data = {"hit": str(hit.id), "rights": "y", "no_licence": "y"}
    assert eve.post("/inbox/submit", data, on="/inbox/rules").status_code == 404
    assert filled.hit(hit.id).state is HitState.SHOWN


def test_nobody_enters_without_signing_in(desk, filled):
    stranger = desk.test_client()
    assert stranger.get("/inbox").status_code == 303
    assert stranger.get(on(blog_hits(filled)[0]) + "/found/thumb").status_code == 303


def test_one_decision_for_a_domain_leaves_newer_hits_and_other_domains_alone(browser, filled, web):
    newest = max(hit.id for hit in blog_hits(filled))
    web.picture("http://blog.example.org/late/", altered("work-01.jpg", "large"))
    filled.take_in()
    data = {"verdict": "legal", "newest": str(newest)}
    answer = browser.post(f"/inbox/judge-group?domain={BLOG}", data, on="/inbox")
    assert answer.status_code == 303
    decided = filled.hits(verdict=Verdict.LEGAL)
    assert len(decided) == 4 and len({hit.decision_id for hit in decided}) == 1
    assert [hit.page_url for hit in filled.hits(state=HitState.SHOWN)] == [
        "http://shop.example.net/a/", "http://blog.example.org/late/",
    ]  # fmt: skip
    html = browser.page(f"/inbox?domain={BLOG}")
    assert "4 hits marked as legal." in html and "You marked 4 hits of this domain as legal" in html
    decision = str(decided[0].decision_id)
    browser.post("/inbox/reopen", {"decision": decision}, on="/inbox")
    assert len(filled.hits(state=HitState.SHOWN)) == 6
    assert (
        browser.post(f"/inbox/judge-group?domain={BLOG}&view=decided", data, on="/inbox").status_code == 404
    )


def test_a_rule_sets_aside_what_waits_and_can_be_removed(browser, filled):
    answer = browser.post("/inbox/rules", {"domain": "https://example.org/", "kind": "own", "reason": ""})
    assert answer.status_code == 303 and "4 waiting hits were set aside" in browser.page("/inbox/rules")
    assert {hit.domain for hit in filled.hits(state=HitState.SHOWN)} == {"example.net"}
    browser.post("/inbox/rules", {"domain": "example.org", "kind": "own", "reason": ""})
    html = browser.page("/inbox/rules")
    assert html.count("/remove") == 1  # the same rule twice is one
    browser.post(re.search(r'action="([^"]+/remove)"', html)[1], {}, on="/inbox/rules")
    assert "No rules yet" in browser.page("/inbox/rules")


@pytest.mark.parametrize("domain", ["", "localhost", "com", "co.uk", "a b.example.org", "x" * 300, "<b>.org"])
def test_a_domain_that_is_none_is_refused(browser, filled, domain):
    answer = browser.post("/inbox/rules", {"domain": domain, "kind": "own", "reason": ""})
    assert answer.status_code == 422
    assert len(filled.hits(state=HitState.SHOWN)) == 5


def test_the_lowest_counter_offer_is_frozen_with_the_case(browser, filled, runtime):
    """Not said is never; what is said stands from the submission; what cannot be is a sentence."""
    first, second, *_ = illegal(browser, filled, *blog_hits(filled))
    html = browser.page(f"/inbox/submit?hit={first.id}")
    assert "Counter-offer at 80 % of the lower end, if that is your limit" in html
    wrong = submit(browser, [first], lowest_percent="101")
    assert wrong.status_code == 422 and "Please give a number from 1 to 100." in wrong.text
    low = submit(browser, [first], lowest_percent="5")
    assert low.status_code == 422 and "Please give a limit from 10 to 100 per cent." in low.text
    assert submit(browser, [first], lowest_percent="75").status_code == 303
    assert submit(browser, [second]).status_code == 303
    with runtime.database.reading() as session:
        limits = session.scalars(select(OwnerLimit.percent).order_by(OwnerLimit.id)).all()
    assert limits == [75, 100]


def test_hits_of_a_domain_become_one_case_with_sealed_evidence(browser, filled, runtime):
    first, second, third, _ = blog_hits(filled)
    chosen = illegal(browser, filled, first, second)
    html = browser.page(f"/inbox/submit?hit={first.id}")
    assert html.count('name="hit"') == 2 and html.count(" checked>") == 1
    assert "55 %" in html and "It costs you nothing" in html
    answer = submit(browser, chosen, note="Price proof: invoice 12")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    with runtime.database.reading() as session:
        case = session.scalars(select(Case)).one()
        assert case.state is CaseState.SUBMITTED and case.host == "blog.example.org"
        assert case.recipient_email == "blog@example.org" and case.recipient_country == "DE"
        assert "I made this photograph" in case.attested and "Note: Price proof: invoice 12" in case.attested
        assert [use.hit_id for use in case.uses] == [first.id, second.id]
        assert case.uses[0].match_facts["outline"] == first.outline
        evidence = session.scalars(select(Evidence).where(Evidence.use_id == case.uses[1].id)).all()
        assert {piece.kind for piece in evidence} == set(EvidenceKind)
        found = next(piece for piece in evidence if piece.kind is EvidenceKind.FOUND_IMAGE)
        assert runtime.vault.get(session, found.document_id) == altered("work-01.jpg", "cropped")
        assert found.sha256 == second.found_sha256
        assert session.scalar(select(func.count()).select_from(outbox.OutboxMessage)) == 1
        reference = case.reference
    for hit in filled.hits(state=HitState.SUBMITTED):
        assert hit.case_id == case.id and hit.stage is Stage.SUBMITTED
    assert reference in browser.page("/inbox?view=submitted")
    html = browser.page(on(first))
    assert "Part of a case" in html and "Stages of this case" in html and "/judge" not in html
    assert filled.hit(third.id).state is HitState.SHOWN


def test_sent_twice_it_is_still_one_case(browser, filled, runtime):
    chosen = illegal(browser, filled, *blog_hits(filled)[:2])
    token = re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"', browser.page(f"/inbox/submit?hit={chosen[0].id}")
    )[1]
    data = {"hit": [str(hit.id) for hit in chosen], "rights": "y", "no_licence": "y", "csrf_token": token}
    assert [browser.client.post("/inbox/submit", data=data).status_code for _ in range(2)] == [303, 303]
    part = {**data, "hit": [data["hit"][0], str(blog_hits(filled)[2].id)]}
    assert browser.client.post("/inbox/submit", data=part).status_code in (303, 422)
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_without_the_confirmations_nothing_is_submitted(browser, filled, runtime):
    chosen = illegal(browser, filled, blog_hits(filled)[0])
    data = {"hit": str(chosen[0].id), "rights": "y", "note": "kept"}
    answer = browser.post("/inbox/submit", data, on=f"/inbox/submit?hit={chosen[0].id}")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Please confirm this" in html and "kept</textarea>" in html
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0


def test_why_not_is_said_before_any_effort_and_holds_at_the_end(browser, filled, runtime):
    hit = blog_hits(filled)[0]
    (judged,) = illegal(browser, filled, hit)
    with runtime.database.transaction() as session:
        session.execute(
            update(Hit)
            .where(Hit.id == hit.id)
            .values(certainty=Certainty.UNCERTAIN, found_width=120, found_height=90)
        )
    html = browser.page(on(hit))
    assert "This hit cannot be submitted." in html and "only 120 pixels" in html and "uncertain" in html
    assert "Submit as a case" not in html
    assert "disabled" in browser.page(f"/inbox/submit?hit={hit.id}")
    answer = submit(browser, [judged])
    assert answer.status_code == 422 and "The match is uncertain" in answer.get_data(as_text=True)
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0


def test_every_reason_is_named(filled):
    hit = blog_hits(filled)[0]
    assert why_not_submittable(hit) == []
    hit.certainty, hit.page_url, hit.found_width, hit.found_height = Certainty.UNCERTAIN, "", 100, 90
    hit.visible_share = 0.05
    assert len(why_not_submittable(hit)) == 4


def test_hits_of_two_domains_are_two_cases(browser, filled, runtime, owner):
    blog, shop = blog_hits(filled)[0], filled.hits(domain="example.net")[0]
    chosen = illegal(browser, filled, blog, shop)
    answer = submit(browser, chosen)
    assert answer.status_code == 422 and "different domains" in answer.get_data(as_text=True)
    assert len(filled.hits(state=HitState.SUBMITTED)) == 0


def test_a_withdrawn_case_gives_its_hits_back_and_a_submitted_hit_is_not_judged(
    browser, filled, runtime, owner
):
    chosen = illegal(browser, filled, blog_hits(filled)[0])
    submit(browser, chosen)
    (hit,) = filled.hits(state=HitState.SUBMITTED)
    assert judge(browser, hit, "legal").status_code == 422
    with runtime.database.transaction() as session:
        case = move(session, hit.case_id, CaseTrigger.WITHDRAW, owner, NOON)
        event = next(
            message.payload
            for message in session.scalars(select(outbox.OutboxMessage))
            if message.payload.get("event") == "CaseClosed"
        )
        for _ in range(2):  # told twice, done once
            services.release_of_closed(
                session,
                runtime,
                type("Told", (), {"case_id": case.id, "reason": event["fields"]["reason"]})(),
            )
    back = filled.hit(hit.id)
    assert back.state is HitState.REVIEWED and back.verdict is Verdict.ILLEGAL and back.case_id is None
    assert submit(browser, [back]).status_code == 303
    with runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 2


def test_lists_page_by_key_and_filters_hold(browser, box, web):
    box.upload("work-01.jpg")
    data = altered("work-01.jpg", "thumb")
    for number in range(45):
        web.picture(f"http://blog.example.org/{number}/", data)
    box.take_in()
    seen: set[str] = set()
    path = f"/inbox?domain={BLOG}"
    for expected in (20, 20, 5):
        html = browser.page(path)
        rows = set(re.findall(r'<h3 class="hit-title"><a href="([^"]+)"', html))
        assert len(rows) == expected and not rows & seen
        seen |= rows
        link = re.search(r'href="([^"]+)" rel="next"', html)
        path = link[1].replace("&amp;", "&") if link else ""
    assert len(seen) == 45 and not path
    assert browser.page("/inbox?kind=resized").count("data-row") == 20
    assert "No hit fits" in browser.page("/inbox?kind=mirrored")
    assert "No hit fits" in browser.page("/inbox?q=nowhere%25")
    for odd in (
        "?view=x&kind=y&after=z&page=-3&order=q",
        "?after=1.abc",
        f"?after={'9' * 70}.{uuid.UUID(int=1).hex}",
    ):
        assert browser.get(f"/inbox{odd}").status_code == 200, odd


def test_an_inbox_without_photographs_leads_to_the_first(browser, web):
    assert "Add your first photographs" in browser.page("/inbox")


def test_the_empty_inbox_says_when_the_last_search_was(browser, web, box):
    box.upload("work-01.jpg")
    assert "No search has run yet" in browser.page("/inbox")
    web.picture("http://a.example.org/", photograph("other-01.jpg"))
    html = browser.page("/inbox")
    assert "Nothing to decide" in html and "Last search: 1 Mar 2024, 13:00 CET, 1 pictures known." in html
