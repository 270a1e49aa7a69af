"""What an instance still needs, by the one function that pages and the guard of the offer share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.world import World, words
from workflow.accounts.models import Account
from workflow.accounts.readiness import Blocks, open_items
from workflow.cases.models import Case
from workflow.cases.pricing import from_stored
from workflow.cases.readiness import checklist
from workflow.cases.services import move, set_price
from workflow.cases.states import CaseState, CaseTrigger, ChannelChoice
from workflow.demo import people
from workflow.kernel import pulses
from workflow.kernel.actors import Role
from workflow.kernel.errors import Refused


def without_mail(world: World) -> None:
    """The processes were started without a mail server."""
    config = world.runtime.config
    world.runtime.database.info["config"] = replace(config, mail_url="", mail_sender="")


def stopped(world: World, what: Blocks) -> list[str]:
    with world.runtime.database.reading() as session:
        return [item.key for item in open_items(checklist(session, world.now, world.clock.wall()), what)]


def test_an_offer_that_could_not_leave_is_not_released(world: World) -> None:
    made = world.submitted()
    with world.runtime.database.transaction() as session:
        facts = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        set_price(session, made.id, facts, world.operator, world.now)
    without_mail(world)
    with (
        pytest.raises(Refused, match="No mail server is set"),
        world.runtime.database.transaction() as session,
    ):
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    assert world.case(made).state is CaseState.SUBMITTED and world.letters(made) == []
    page = words(world.as_operator().page(f"/operator/cases/{made.id}"))
    assert "No mail server is set: a letter by e-mail could not leave." in page
    # a letter on paper needs none
    with world.runtime.database.transaction() as session:
        session.get_one(Case, made.id).channel = ChannelChoice.POST
    with world.runtime.database.transaction() as session:
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    assert world.case(made).state is CaseState.OFFERED


def test_the_pages_say_what_stops_what(world: World) -> None:
    assert stopped(world, Blocks.LETTERS) == ["ticker", "worker"]  # nothing has run in this world yet
    with world.runtime.database.transaction() as session:
        pulses.beat(session, pulses.TICKER, world.clock.wall())
        pulses.beat(session, pulses.WORKER, world.clock.wall())
    assert stopped(world, Blocks.LETTERS) == []
    assert stopped(world, Blocks.PAYMENTS) == []
    assert stopped(world, Blocks.PAYOUTS) == []
    with world.runtime.database.transaction() as session:
        others = select(Account).where(Account.role == Role.OPERATOR, Account.email != people.OPERATOR.email)
        for person in session.scalars(others):
            person.deactivated_at = world.clock.wall()
    assert stopped(world, Blocks.PAYOUTS) == ["second_person"]
    without_mail(world)
    assert stopped(world, Blocks.LETTERS) == ["mail", "sender"]
    operator = world.as_operator()
    assert "Letters: on paper only" in words(operator.page("/operator/set-up"))
    assert "No sender is set" in words(operator.page("/operator/queue"))
    assert "Only one person works here" in words(operator.page("/operator/payouts/"))
    assert operator.press("/operator/set-up", action="/master-key").status_code == 303
    assert "Demo Operator said so on 1 Mar 2024." in words(operator.page("/operator/set-up")).replace(
        "\xa0", " "
    )


def test_search_is_scoped_escaped_and_quick(world: World) -> None:
    made = world.offered()
    operator, owner = world.as_operator(), world.as_owner()
    for query in (
        made.reference,
        made.reference.lower().replace("-", " "),
        "walks.example",
        "Example Walks",
        "walk-1",
    ):
        for visitor in (operator, owner):
            assert made.reference in words(visitor.page(f"/search?q={query}")), query
    assert "chapel.jpg" in words(owner.page("/search?q=CHAPEL"))
    for nothing in ("%25%25", "__", "zzz", "a"):
        page = owner.page(f"/search?q={nothing}")
        assert 'class="found-row"' not in page and 'class="empty"' in page, nothing
    assert "photographer@example.org" in words(operator.page("/search?q=Demo%20Photo"))
    assert 'id="found-people"' not in owner.page("/search?q=Demo%20Photo")
