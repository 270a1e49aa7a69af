"""A life in which everything has happened once: hits, letters, answers, files, payments, payouts, a refund."""

from __future__ import annotations

import io
from datetime import timedelta

from tests.detection.site import served
from tests.small_web import crawl, small_web, upload
from tests.world import START, Visitor, World, changed, picture
from workflow.accounts.notice_tables import FoundingLink
from workflow.cases.models import Case
from workflow.cases.post.models import PostBatch
from workflow.cases.pricing import from_stored, import_file
from workflow.cases.services import set_price
from workflow.hits.intake import take_in
from workflow.hits.models import Hit
from workflow.kernel.money import Money
from workflow.ticker import ask, seal

DAYS = 63
#: A little after the last of it: signing in takes its time.
LATER = START + timedelta(days=DAYS, minutes=5)


#: A licensed edition that begins when nobody looks any more.
LICENSED = b"""
editions:
  - {edition: Fictitious-2030, formula: 2, effective_from: 2030-01-01, currency: EUR, base: {commercial: {website: 1}},
     duration: [{percent: 100}], missing_credit: 100}
"""


def live_through(world: World) -> None:
    """Silent, answered, paid, closed, refunded and new cases; two judged hits; a rule; sealed audit."""
    owner = upload(world, "work-01.jpg")
    with served(small_web()) as site:
        crawl(world, site)
    take_in(world.runtime, pool_size=1)
    [hit] = world.all(Hit)
    judge = changed(owner.form(f"/inbox/{hit.id}", {}, "/judge"), verdict="illegal")
    assert owner.send(*judge).status_code == 303
    assert owner.press("/inbox/rules", {"domain": "friends.example.org"}).status_code == 303
    with world.runtime.database.transaction() as session:
        import_file(session, LICENSED, "later.yaml", world.operator, world.now)
    world.offered(uses=2)
    world.paid(world.offered())
    asked = world.offered()
    world.days_pass(DAYS, looked_at=True)
    _paper(world)
    visitor = world.recipient(asked)
    to, fields = visitor.form("/answer/licence", {"source": "agency", "number": "4711"})
    file = ("files", (io.BytesIO(picture(9)), "licence.jpg"))
    answer = visitor.send(to, [*fields, file], content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    world.work()
    world.paid(world.offered(9_999))
    _bargain(world)
    _transfers(world)
    large = world.submitted()
    with world.runtime.database.transaction() as session:
        facts = from_stored(session.get_one(Case, large.id).uses[0].match_facts["fee_facts"])
        set_price(session, large.id, facts, world.operator, world.now, net=Money(200_000), why="A campaign")
    sent = world.as_operator().press(f"/operator/cases/{large.id}", {"trigger": "offer"}, action="/act")
    assert sent.status_code == 303 and world.case(large).offered_on is None, "it waits for a second person"
    written = {"name": "Example Visitor", "email": "visitor@example.org", "text": "What does it cost?"}
    assert world.anybody().press("/contact", written).status_code == 303
    wrong = Visitor(world.portal).press(
        "/", {"reference": asked.reference, "code": "33333-33333-33333-33333"}
    )
    assert wrong.status_code != 303
    live_through_the_first_day(world)
    ask(world.runtime.database, "psp.reconcile", world.now)
    ask(world.runtime.database, "self_check", world.now)
    world.work()
    seal(world.runtime.database, world.now)


def live_through_the_first_day(world: World) -> None:
    """A link nobody needed, a key kept, a kind of mail switched off, the summary of the week."""
    with world.runtime.database.transaction() as session:
        session.add(
            FoundingLink(token_hash="0" * 64, created_at=world.now, expires_at=world.now + timedelta(days=1))
        )
    assert world.as_operator().press("/operator/set-up", action="/master-key").status_code == 303
    assert world.as_owner().press("/settings/notices", {"on": ["digest:mail"]}).status_code == 303
    ask(world.runtime.database, "notices", world.now)


def _transfers(world: World) -> None:
    """Money that nobody can place, and more than was asked for."""
    operator, too_much = world.as_operator(), world.offered()
    for amount, purpose in (("25,00", "A picture"), ("500,00", too_much.reference)):
        line = {"amount": amount, "party": "Example Walks Ltd", "purpose": purpose}
        assert operator.press("/operator/transfers/new", line).status_code == 303


def _bargain(world: World) -> None:
    """One recipient names a sum, another doubts an input of hers."""
    named = world.recipient(world.offered()).press("/counter-offer", {"total": "100.00"})
    assert named.status_code == 303
    doubting = world.recipient(world.offered())
    to, fields = doubting.form("/price/credited?value=yes", {"text": ""})
    shown = ("files", (io.BytesIO(picture(7)), "imprint.jpg"))
    fields = [*((name, value) for name, value in fields if name != "files"), shown]
    answer = doubting.send(to, fields, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text


def _paper(world: World) -> None:
    """The formal reminder goes to the post; a letter comes in that nobody can place yet."""
    operator = world.as_operator()
    assert operator.press("/operator/post/", {}, action="/batches").status_code == 303
    world.work()
    [made] = world.all(PostBatch)
    page = f"/operator/post/batches/{made.id}"
    to, fields = operator.form(page, {}, "/posted")
    assert operator.send(to, [*fields, ("on", world.now.date().isoformat())]).status_code == 303
    to, fields = operator.form(
        "/operator/incoming/new", {"sender": "Somebody", "summary": "About a picture."}
    )
    scan = ("scans", (io.BytesIO(picture(8)), "scan.jpg"))
    fields = [(name, value) for name, value in fields if name != "scans"]
    answer = operator.send(to, [*fields, scan], content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
