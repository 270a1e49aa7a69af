"""From a copy on a stranger's page to the offer: crawled, compared, judged, submitted, checked, priced, sent."""

from __future__ import annotations

import io

import pytest
from lxml import html
from sqlalchemy import select

from tests.detection.site import served
from tests.small_web import HOST, crawl, small_web, upload
from tests.world import START, Made, World, changed, sums, words
from workflow.cases.letters import code_of
from workflow.cases.models import Case, Evidence, Use
from workflow.cases.states import CaseState
from workflow.hits.intake import take_in
from workflow.hits.models import Hit
from workflow.hits.states import HitState, Verdict


@pytest.mark.slow
def test_a_copy_on_a_page_becomes_an_offer(world: World) -> None:
    owner = upload(world, "work-01.jpg")
    with served(small_web()) as site:
        crawl(world, site)
    summary = take_in(world.runtime, pool_size=1)
    assert (summary.images_compared, summary.hits_new) == (2, 1)

    # in the inbox, with both pictures and the outline
    [hit] = world.all(Hit)
    assert (hit.state, hit.certainty.value) == (HitState.SHOWN, "confirmed")
    inbox = owner.page("/inbox")
    assert HOST in words(inbox) and str(hit.id) in inbox
    page = owner.page(f"/inbox/{hit.id}")
    for link in html.fromstring(page).xpath("//main//img/@src"):
        answer = owner.get(link)
        assert answer.status_code == 200 and answer.mimetype.startswith("image/"), link

    # not judged: not submittable; judged: submitted, once
    early = owner.get(f"/inbox/submit?hit={hit.id}")
    assert early.status_code == 303
    judged = owner.send(*changed(owner.form(f"/inbox/{hit.id}", {}, "/judge"), verdict=Verdict.ILLEGAL.value))
    assert judged.status_code == 303, words(judged.text)
    form = owner.form(f"/inbox/submit?hit={hit.id}", {"rights": "y", "no_licence": "y"}, "/inbox/submit")
    first, second = owner.send(*form), owner.send(*form)  # a double click
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    [case] = world.all(Case)
    assert case.state is CaseState.SUBMITTED and world.count(Use) == 1
    assert {piece.kind.value for piece in world.all(Evidence)} == {"photograph", "found_image", "page"}
    world.work()
    shown = words(owner.page(f"/cases/{case.id}"))
    assert case.reference in shown

    # the operator: recipient from the imprint, price by the tariff, offer
    operator = world.as_operator()
    assert case.reference in words(operator.page("/operator/queue"))
    here = f"/operator/cases/{case.id}"
    refused = operator.send(*changed(operator.form(here, {"trigger": "reject"}, "/act"), trigger="offer"))
    assert refused.status_code == 422 and "price" in words(refused.text).lower()
    recipient = operator.press(
        f"{here}/recipient", {"country": "DE", "region": "be", "name": "Wanderfreunde Beispiel UG"}
    )
    assert recipient.status_code == 303, words(recipient.text)
    facts = {
        "use_class": "commercial", "medium": "website", "first_seen": "2023-10-01", "last_seen": "2024-02-29",
        "longest_side_px": "640", "own_net": "",
    }  # fmt: skip
    # 152 days = up to 6 months: 80 % of 180.00 = 144.00; nobody named: + 100 % = 288.00; 7 % VAT = 20.16
    priced = operator.send(*changed(operator.form(f"{here}/price", {"own_net": ""}), **facts, credited=None))
    assert priced.status_code == 303, words(priced.text)
    assert {"288.00", "20.16", "308.16"} <= set(sums(words(operator.page(here))))
    assert operator.press(here, {"trigger": "offer"}, action="/act").status_code == 303
    world.work()

    # it left, once, with what the recipient needs, and the portal opens with it
    [mail] = world.mails()
    assert mail.written_at == START and [each.name[-8:] for each in mail.attachments] == [
        "ebot.pdf",
        "nung.pdf",
    ]
    with world.runtime.database.reading() as session:
        kept = session.scalars(select(Case)).one()
        made = Made(kept.id, kept.reference, code_of(session, world.runtime.vault, kept))
    portal = words(world.recipient(made).page("/case"))
    assert "308.16" in sums(portal) and HOST in portal
    assert world.letters(made) == [("offer", "2024-03-01", "2024-03-18", "sent")]
    assert world.all(Hit)[0].state is HitState.SUBMITTED


def test_an_upload_that_is_no_photograph_is_told_so(world: World) -> None:
    owner = world.as_owner()
    to, fields = owner.form("/photographs/upload", {"photographs": []})
    files = [("photographs", (io.BytesIO(b"not a picture"), "harbour.jpg"))]
    answer = owner.send(to, [*fields, *files], content_type="multipart/form-data")
    assert answer.status_code == 303
    said = words(owner.page(answer.location))
    assert "harbour.jpg" in said and "0 of" in said
