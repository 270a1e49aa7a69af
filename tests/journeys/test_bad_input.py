"""Stale pages, double clicks, wrong codes, foreign keys: a clear sentence, nothing lost, nothing doubled."""

from __future__ import annotations

import re

from tests.world import Visitor, World, changed, words
from workflow.cases.models import Letter, Offer
from workflow.cases.states import CaseState
from workflow.demo import people
from workflow.kernel.audit import AuditEntry
from workflow.kernel.ids import ALPHABET, case_reference, normalise_reference

NUMBERS = re.compile(r"Reference [0-9a-f]+|[0-9a-f]{20,}")


def test_a_page_that_is_older_than_the_case_is_refused(world: World) -> None:
    case = world.submitted()
    operator = world.as_operator()
    page = f"/operator/cases/{case.id}"
    old = operator.form(page, {"trigger": "reject"}, "/act")
    old = changed(old, reason="not_the_same", note="Another frame.")
    fresh = operator.press(f"{page}/recipient", {"name": "Example Walks Limited"})
    assert fresh.status_code == 303
    refused = operator.send(*old)
    assert refused.status_code == 409
    assert "look again" in words(refused.text).lower()
    assert world.case(case).state is CaseState.SUBMITTED and world.case(case).rejected_reason is None


def test_the_offer_pressed_twice_is_one_offer(world: World) -> None:
    case = world.submitted()
    operator = world.as_operator()
    page = f"/operator/cases/{case.id}"
    assert operator.press(f"{page}/price", {"own_net": ""}).status_code == 303
    form = operator.form(page, {"trigger": "offer"}, "/act")
    first, second = operator.send(*form), operator.send(*form)
    assert (first.status_code, second.status_code) == (303, 409)
    world.work()
    assert world.count(Letter) == 1 and world.count(Offer) == 1 and len(world.mails()) == 1


def test_the_portal_does_not_say_what_was_wrong(world: World) -> None:
    case = world.offered()
    not_sent = world.submitted()
    unknown = next(
        reference for reference in iter(lambda: case_reference(world.runtime.randbelow), None)
        if reference not in (case.reference, not_sent.reference)
    )  # fmt: skip
    other_code = ("A" if case.code[0] != "A" else "B") + case.code[1:]
    answers = [
        Visitor(world.portal).press("/", {"reference": reference, "code": code})
        for reference, code in (
            (case.reference, other_code),
            (unknown, case.code),
            (not_sent.reference, not_sent.code),
            (case.reference, "x"),
        )
    ]
    told = set()
    for answer, typed in zip(
        answers, (case.reference, unknown, not_sent.reference, case.reference), strict=True
    ):
        assert answer.location is None and answer.status_code in (200, 401, 403, 422)
        told.add((answer.status_code, NUMBERS.sub("", words(answer.text)).replace(typed, "")))
    assert len(told) == 1, told
    assert "case:portal:enter" not in world.history(case)
    right = world.recipient(case)
    assert right.get("/case").status_code == 200
    assert world.history(case)[-1] == "case:portal:enter"


def test_the_portal_forgives_how_it_is_typed(world: World) -> None:
    case = world.offered()
    visitor = Visitor(world.portal)
    typed = {
        "reference": f" {case.reference.lower().replace('-', ' ')} ",
        "code": case.code.lower().replace("-", ""),
    }
    assert visitor.press("/", typed).status_code == 303


def test_guessing_is_stopped_even_with_the_right_code(world: World) -> None:
    case = world.offered()
    guesser = Visitor(world.portal, "192.0.2.7")
    codes = [200]
    for n in range(40):
        answer = guesser.press("/", {"reference": case.reference, "code": ALPHABET[n % 29] * 20})
        codes.append(answer.status_code)
        if answer.status_code == 429:
            break
    assert codes[-1] == 429
    assert guesser.press("/", {"reference": case.reference, "code": case.code}).status_code == 429
    # somebody elsewhere, with the letter in their hand, is let in
    assert world.recipient(case).get("/case").status_code == 200


def test_somebody_elses_case_is_not_there(world: World) -> None:
    mine, other = world.offered(), world.offered()
    visitor = world.recipient(mine)
    strange = world.case(other).uses[0]
    assert visitor.get(f"/case/uses/{strange.id}").status_code == 404
    assert visitor.get(f"/case/uses/{strange.id}/photograph.jpg").status_code == 404
    letter = next(letter for letter in world.all(Letter) if letter.case_id == other.id)
    with world.runtime.database.reading() as session:
        document = session.get_one(Letter, letter.id).enclosures[0].document_id
    assert visitor.get(f"/case/documents/{document}").status_code == 404
    assert Visitor(world.portal).get("/case").status_code == 303
    # the desk's pages do not exist in the portal, nor the other way round
    assert visitor.get("/operator/queue").status_code == 404
    assert world.as_owner().get("/pay").status_code == 404
    # an owner does not see the operator's pages
    assert world.as_owner().get(f"/operator/cases/{mine.id}").status_code == 404


def test_a_form_without_its_token_does_nothing(world: World) -> None:
    case = world.offered()
    before = world.count(AuditEntry)
    operator = world.as_operator()
    answer = operator.client.post(f"/operator/cases/{case.id}/act", data={"trigger": "close", "version": "9"})
    assert answer.status_code in (400, 403)
    to, fields = operator.form(f"/operator/cases/{case.id}", {"trigger": "close"}, "/act")
    to, fields = changed((to, fields), reason="error")
    strange = operator.send(to, fields, headers={"Origin": "http://evil.example"})
    assert strange.status_code == 403
    assert world.count(AuditEntry) == before and world.case(case).state is CaseState.OFFERED


def test_a_wrong_password_and_an_unknown_address_sound_alike(world: World) -> None:
    told = set()
    for email in (people.OWNER.email, "nobody@example.org"):
        answer = world.anybody().press("/log-in", {"email": email, "password": "not the password at all"})
        assert answer.status_code in (200, 401, 422)
        told.add((answer.status_code, NUMBERS.sub("", words(answer.text)).replace(email, "")))
    assert len(told) == 1, told
    assert normalise_reference("nonsense") is None
