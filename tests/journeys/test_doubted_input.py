"""“One input is wrong”: seen before it is sent, decided by a person, never dearer than before.

The tariff's 144.00 for half a year on a web page at 600 pixels is 180.00 at 80 %; without the name it doubles:
288.00 net, 308.16 with 7 % VAT. With the name it is 144.00 net and 154.08.
"""

from __future__ import annotations

import io

import pytest

from tests.world import Made, Visitor, World, picture, words
from workflow.cases.bargaining.models import FeeChallenge
from workflow.cases.bargaining.states import Outcome
from workflow.cases.models import Case, Hold, Offer
from workflow.kernel import deadlines
from workflow.kernel.deadlines import DeadlineState
from workflow.kernel.money import Money

NAMED = "/price/credited?value=yes"


def sent(visitor: Visitor, page: str = NAMED, text: str = "It stands in our imprint.") -> str:
    to, fields = visitor.form(page, {"text": text})
    fields = [(name, value) for name, value in fields if name != "files"]
    fields.append(("files", (io.BytesIO(picture(3)), "imprint.jpg")))
    answer = visitor.send(to, fields, content_type="multipart/form-data")
    assert answer.status_code == 303, words(answer.text)
    return answer.location


def dates(world: World, case: Made) -> set[DeadlineState]:
    with world.runtime.database.reading() as session:
        return {row.state for row in deadlines.live(session, "case", case.id)}


def offers(world: World, case: Made) -> list[Money]:
    return [offer.total for offer in world.all(Offer, Offer.number) if offer.case_id == case.id]


def test_the_new_sum_is_seen_before_anything_is_sent(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    assert "One input of the calculation is wrong" in words(visitor.page("/case"))
    listed = words(visitor.page("/price"))
    assert "308,16 €" in listed and "Photographer namednoobservedThis is wrong" in listed
    shown = words(visitor.page(NAMED))
    assert "2. The new sum 154,08 € Instead of 308,16 €, VAT included" in shown
    assert "The photographer was not named" in shown, "the calculation as it is now stands beside it"
    assert world.count(FeeChallenge) == 0 and world.count(Hold) == 0 and len(offers(world, case)) == 1


def test_an_accepted_input_makes_a_new_offer_and_the_clocks_run_again(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    receipt = words(visitor.page(sent(visitor)))
    assert "Input: “Photographer named” is yes" in receipt and "imprint.jpg" in receipt
    assert dates(world, case) == {DeadlineState.PAUSED}
    world.work()
    operator = world.as_operator()
    assert "An objection was made" in words(operator.page("/operator/queue"))
    page = f"/operator/cases/{case.id}"
    desk = words(operator.page(page))
    assert "We took no (observed); the recipient says yes." in desk
    assert "Asked were 308,16 €; with it the calculation comes to 154,08 €" in desk
    assert "A recipient doubts" not in desk and "imprint.jpg" in desk
    assert operator.press(page, {"note": "Thank you."}, action="/accept").status_code == 303
    assert offers(world, case) == [Money(30_816), Money(15_408)]
    [_, offer] = world.all(Offer, Offer.number)
    assert (offer.facts["credited"], offer.facts["grades"]["credited"]) == (True, "shown")
    assert [line.net for line in offer.lines] == [Money(14_400)]
    assert dates(world, case) == {DeadlineState.OPEN}
    world.work()
    told = words(visitor.page("/case"))
    assert "154,08 €" in told and "Accepted" in told and "Thank you." in told
    assert "you were right about “Photographer named”: it is yes. The sum is 154,08 € now" in told
    assert "Photographer namedyesshown by the recipient" in told
    assert "154,08 €" in words(visitor.page("/pay"))
    owner = words(world.as_owner().page(f"/cases/{case.id}"))
    assert "we took no, the recipient says yes. The sum: 308,16 €, with it 154,08 €." in owner
    mails = [mail for mail in world.mails() if "The sum is 154,08 € now" in " ".join(mail.text.split())]
    assert len(mails) == 1


def test_a_refused_input_keeps_the_sum_and_gives_ten_working_days(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    sent(visitor)
    operator, page = world.as_operator(), f"/operator/cases/{case.id}"
    empty = operator.press(page, {"note": ""}, action="/refuse")
    assert "Please say why: the recipient reads it." in words(empty.text)
    world.days_pass(12)
    operator = world.as_operator()
    assert (
        operator.press(page, {"note": "The imprint names another picture."}, action="/refuse").status_code
        == 303
    )
    assert offers(world, case) == [Money(30_816)]
    [row] = world.all(FeeChallenge)
    assert (row.outcome, row.reason) == (Outcome.REFUSED, "The imprint names another picture.")
    told = words(world.recipient(case).page("/case"))
    assert "Refused The imprint names another picture." in told
    # refused on Wednesday, 13 March: the tenth working day after it is the 27th, the day before is hers
    assert world.case(case).answer_by.isoformat() == "2024-03-26"
    with world.runtime.database.reading() as session:
        [date] = deadlines.live(session, "case", case.id)
    assert date.due_at.date().isoformat() == "2024-03-27"
    again = operator.send(f"/operator/inputs/{row.id}/accept", [("csrf_token", token(operator, page)),
                                                               ("version", str(world.case(case).version))])  # fmt: skip
    assert again.status_code == 409 and len(offers(world, case)) == 1


def token(visitor: Visitor, page: str) -> str:
    return dict(visitor.form(page, {"trigger": "hold"})[1])["csrf_token"]


def test_what_would_make_it_dearer_is_shown_and_not_taken(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    page = "/price/placement?value=ad"
    shown = words(visitor.page(page))
    # 144.00 and its double for an advertisement, doubled for the name: 576.00 net
    assert (
        "With this the calculation comes to 616,32 €. You are not asked for more: it stays at 308,16 €"
        in shown
    )
    with pytest.raises(AssertionError, match="has no form"):
        visitor.form(page, {"text": "x"})
    to, fields = visitor.form(NAMED, {"text": "x"})
    fields = [(name, "ad" if name == "value" else value) for name, value in fields if name != "files"]
    forced = visitor.send(to.replace("credited", "placement"), fields)
    assert forced.status_code == 422 and "so there is nothing to change" in words(forced.text)
    assert world.count(FeeChallenge) == 0 and offers(world, case) == [Money(30_816)]


@pytest.mark.parametrize(
    ("fact", "value", "total"),
    [
        # two months of use: the step of three months, 60 % of 180.00, doubled: 216.00 net
        ("first_seen", "2024-01-10", 23_112),
        # a preview is a quarter less: 144.00 − 36.00, doubled: 216.00 net
        ("placement", "thumbnail", 23_112),
        # 200 pixels: a fifth less: 115.20, doubled: 230.40 net
        ("longest_side_px", "200", 24_653),
        # a private person: a fifth less
        ("user", "private", 24_653),
        # 70.00 × 80 % for a blog of an editor: 56.00, doubled: 112.00 net
        ("use_class", "editorial", 15_408),
        # the same step: the sum stays, and can still be sent
        ("last_seen", "2024-02-27", 30_816),
    ],
)
def test_every_kind_of_input_can_be_tried_and_sent(world: World, fact: str, value: str, total: int) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    page = f"/price/{fact}?value={value}"
    assert str(Money(total)).replace("\xa0", " ") in words(visitor.page(page))
    sent(visitor, page)
    [row] = world.all(FeeChallenge)
    assert (row.fact, row.total, row.outcome) == (fact, Money(total), Outcome.OPEN)
    operator, desk = world.as_operator(), f"/operator/cases/{case.id}"
    assert operator.press(desk, {"note": ""}, action="/accept").status_code == 303
    assert offers(world, case) == [Money(30_816), Money(total)]


def test_bad_values_get_a_sentence_and_lose_nothing(world: World) -> None:
    visitor = world.recipient(world.offered())
    for page, said in (
        ("/price/first_seen?value=yesterday", "Not a valid date value"),
        ("/price/first_seen?value=2030-01-01", "The use cannot end before it began."),
        ("/price/uses?value=0", "Please give a number from 1 to 1000."),
        ("/price/placement?value=moon", "Please choose one of those offered."),
        ("/price/credited?value=no", "This is what the calculation already says."),
    ):
        answer = visitor.get(page)
        assert answer.status_code == 422 and said in words(answer.text), (page, words(answer.text))
    for page in ("/price/practice", "/price/source?value=press_kit", "/price/__class__"):
        assert visitor.get(page).status_code == 404
    empty = visitor.press(NAMED, {"text": ""})
    assert empty.status_code == 422 and "Please write a sentence or add a file" in words(empty.text)
    assert world.count(FeeChallenge) == 0


def test_one_at_a_time_and_the_hold_ends_by_the_decision_alone(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    form = visitor.form(NAMED, {"text": "Again."})
    sent(visitor)
    second = visitor.send(form[0], [pair for pair in form[1] if pair[0] != "files"])
    assert second.status_code in (303, 422) and world.count(FeeChallenge) == 1
    assert "A person is looking at one input already" in words(visitor.page("/price"))
    operator, page = world.as_operator(), f"/operator/cases/{case.id}"
    [hold] = world.all(Hold)
    fields = [("csrf_token", token(operator, page)), ("trigger", "resume"), ("hold_id", str(hold.id)),
              ("note", "Go on."), ("version", str(world.case(case).version))]  # fmt: skip
    refused = operator.send(f"/operator/cases/{case.id}/act", fields)
    assert "An input of the calculation is doubted." in words(refused.text)
    assert dates(world, case) == {DeadlineState.PAUSED}


def test_a_sum_set_by_a_person_has_no_inputs(world: World) -> None:
    visitor = world.recipient(world.offered(9_999))
    assert "A person set this sum" in words(visitor.page("/price"))
    assert visitor.get(NAMED).status_code == 303


def test_nobody_reads_or_decides_on_anothers_case(world: World) -> None:
    case, other = world.offered(), world.offered()
    visitor = world.recipient(case)
    sent(visitor)
    [row] = world.all(FeeChallenge)
    assert "Photographer named: yes" not in words(world.recipient(other).page("/case"))
    owner = world.as_owner()
    assert owner.get(f"/operator/inputs/{row.id}/accept").status_code in (403, 404, 405)
    assert world.all(Case)


def test_two_uses_are_calculated_together(world: World) -> None:
    case = world.offered(uses=2)
    visitor = world.recipient(case)
    # 2 × 288.00 = 576.00 net, 616.32; with the name 2 × 144.00 = 288.00 net, 308.16
    assert "308,16 € Instead of 616,32 €" in words(visitor.page(NAMED))
    sent(visitor)
    assert (
        world.as_operator().press(f"/operator/cases/{case.id}", {"note": ""}, action="/accept").status_code
        == 303
    )
    assert offers(world, case) == [Money(61_632), Money(30_816)]


def test_a_payment_makes_the_doubt_needless(world: World) -> None:
    case = world.offered()
    sent(world.recipient(case))
    world.work()
    world.paid(case)
    [row] = world.all(FeeChallenge)
    assert row.outcome is Outcome.LAPSED
