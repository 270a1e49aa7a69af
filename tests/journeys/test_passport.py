"""What was settled is not asked again: a licence covers the site, every other end its page."""

from __future__ import annotations

import pytest
from lxml import html

from tests.detection.site import served
from tests.small_web import crawl, other_picture, small_web, upload
from tests.world import Made, Visitor, World, changed, words
from workflow.cases.models import Case
from workflow.cases.passport.entering import end_entry
from workflow.cases.passport.models import PassportEntry
from workflow.cases.passport.states import Scope
from workflow.cases.pricing import from_stored
from workflow.cases.services import move, set_price
from workflow.cases.states import CaseState, CaseTrigger
from workflow.hits.intake import take_in
from workflow.hits.models import Hit
from workflow.hits.states import HitState, Verdict
from workflow.kernel.errors import Refused


def submit(owner: Visitor, hit: Hit) -> int:
    """Judge it illegal and hand it in; the code of the answer."""
    judged = owner.send(*changed(owner.form(f"/inbox/{hit.id}", {}, "/judge"), verdict=Verdict.ILLEGAL.value))
    assert judged.status_code == 303
    form = owner.form(f"/inbox/submit?hit={hit.id}", {"rights": "y", "no_licence": "y"}, "/inbox/submit")
    return owner.send(*form).status_code


@pytest.mark.slow
def test_a_licensed_site_is_never_written_to_again_for_that_photograph(world: World) -> None:
    owner = upload(world, "work-01.jpg")
    with served(small_web()) as site:
        crawl(world, site)
        take_in(world.runtime, pool_size=1)
        [hit] = world.all(Hit)
        assert submit(owner, hit) == 303
        [case] = world.all(Case)
        offer(world, case)
        end(world, case, "licensed")
        [entry] = world.all(PassportEntry)
        assert (entry.scope, entry.domain, entry.work_id) == (Scope.SITE, hit.domain, hit.work_id)

        # a second page of the site shows another size of it
        site.html(
            "/", '<a href="/walk">Five walks</a> <a href="/more">More</a> <a href="/impressum">Impressum</a>'
        )
        site.html("/more", '<h1>More walks</h1><img src="/c.jpg" alt="The ridge again">')
        site.file("/c.jpg", other_picture("work-01.jpg"))
        world.days_pass(30)
        crawl(world, site)
        take_in(world.runtime, pool_size=1)
        later = next(row for row in world.all(Hit) if row.page_url.endswith("/more"))
        assert (later.state, later.verdict) == (HitState.REVIEWED, Verdict.LEGAL)
        assert case.reference in later.reason and "shown a licence" in later.reason

        # the owner reads why, and cannot submit it by judging it otherwise
        owner = world.as_owner()
        judged = owner.send(*changed(owner.form(f"/inbox/{later.id}", {}, "/judge"), verdict="illegal"))
        assert judged.status_code == 303
        assert "has shown a licence for this photograph" in words(owner.page(f"/inbox/{later.id}"))
        to, fields = owner.form(f"/inbox/{later.id}", {}, "/judge")
        forced = [("hit", str(later.id)), ("rights", "y"), ("no_licence", "y")]
        sent = owner.send("/inbox/submit", [*((n, v) for n, v in fields if n == "csrf_token"), *forced])
        assert sent.status_code == 422 and "has shown a licence" in words(sent.text), to
        assert len(world.all(Case)) == 1

        # the licence ran out: a person says so, and the hit can be submitted
        operator = world.as_operator()
        page = operator.page("/operator/passport/?q=walks")
        assert case.reference in words(page) and html.fromstring(page).xpath(
            "//form[contains(@action, '/end')]"
        )
        ended = operator.press(
            "/operator/passport/", {"note": "It ran out in March."}, action=f"/{entry.id}/end"
        )
        assert ended.status_code == 303
        assert submit(world.as_owner(), later) == 303


def test_a_case_that_ended_settles_its_page_and_promises_no_second_claim(world: World) -> None:
    first = world.offered(uses=2)
    end(world, world.case(first), "not_enforceable")
    entries = world.all(PassportEntry)
    assert {entry.scope for entry in entries} == {Scope.PAGE} and len(entries) == 2
    paid = world.offered()
    world.paid(paid)
    world.days_pass(40)
    assert world.case(paid).state is CaseState.CLOSED
    assert len(world.all(PassportEntry)) == 3
    assert "/end" not in world.as_operator().page("/operator/passport/")
    with world.runtime.database.transaction() as session, pytest.raises(Refused, match="no second claim"):
        end_entry(session, entries[0].id, "Once more", world.operator, world.now)


def test_an_offer_about_something_settled_does_not_leave(world: World) -> None:
    """Two cases about the same page: once one of them ended, the other is not sent."""
    first, second = world.offered(), world.submitted()
    with world.runtime.database.transaction() as session:
        ended, waiting = session.get_one(Case, first.id), session.get_one(Case, second.id)
        waiting.uses[0].work_id, waiting.uses[0].page_url = ended.uses[0].work_id, ended.uses[0].page_url
    end(world, world.case(first), "licensed")
    with pytest.raises(Refused, match="has shown a licence for this photograph"):
        offer(world, world.case(second))
    assert world.case(second).state is CaseState.SUBMITTED


def offer(world: World, case: Case | Made) -> None:
    with world.runtime.database.transaction() as session:
        row = session.get_one(Case, case.id)
        row.recipient_name, row.recipient_country, row.recipient_email = (
            "Example Ltd",
            "DE",
            "office@example.org",
        )
        row.recipient_source, row.recipient_address = "the imprint", "Weg 1\n10115 Berlin"
        facts = from_stored(row.uses[0].match_facts["fee_facts"])
        set_price(session, case.id, facts, world.operator, world.now)
    with world.runtime.database.transaction() as session:
        move(session, case.id, CaseTrigger.OFFER, world.operator, world.now)
    world.work()


def end(world: World, case: Case, reason: str) -> None:
    carries = {"reason": reason}
    with world.runtime.database.transaction() as session:
        move(session, case.id, CaseTrigger.CLOSE, world.operator, world.now, carries=carries)
    world.work()
