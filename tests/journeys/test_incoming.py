"""Letters and calls that reach us outside the portal: recorded by hand, they stop our clocks like any answer."""

from __future__ import annotations

import io
from datetime import date

import pytest

from tests.journeys.test_silence import decide, next_date
from tests.world import Visitor, World, picture, words
from workflow.accounts.models import ContactRequest
from workflow.cases.arrivals.models import Arrival, ArrivalScan
from workflow.cases.models import Hold, Message
from workflow.cases.states import HoldKind
from workflow.kernel.deadlines import DeadlineState
from workflow.kernel.documents import DataKey, Document


def record(operator: Visitor, scan: bytes = b"", **facts: str) -> tuple[int, str, str]:
    """The operator fills in the form; code, place and words of the answer."""
    told = {
        "kind": "letter",
        "sender": "Example Walks Ltd",
        "summary": "They bought it from an agency.",
        **facts,
    }
    to, fields = operator.form("/operator/incoming/new", told)
    fields = [(name, value) for name, value in fields if name != "scans"]
    files = [("scans", (io.BytesIO(scan), "letter.jpg"))] if scan else []
    answer = operator.send(to, [*fields, *files], content_type="multipart/form-data")
    return answer.status_code, answer.location or "", words(answer.text) if answer.text else ""


def test_a_call_stops_our_clocks_until_somebody_decides(world: World) -> None:
    case = world.offered()
    world.until(date(2024, 3, 12))
    operator = world.as_operator()
    code, place, _ = record(
        operator, kind="call", about="payment_promise", received_on="2024-03-12", reference=case.reference,
        summary="Mr Example pays next week.",
    )  # fmt: skip
    assert (code, place) == (303, f"/operator/cases/{case.id}")
    assert next_date(world, case) == (date(2024, 3, 18), DeadlineState.PAUSED)
    [hold] = world.all(Hold)
    assert hold.kind is HoldKind.QUESTION and hold.reason.startswith(
        "A payment is promised: Telephone call of 12"
    )
    world.work()
    shown = words(operator.page(f"/operator/cases/{case.id}"))
    assert "Mr Example pays next week." in shown and "A payment is promised" in shown
    # the owner reads that somebody answered, not what; the recipient reads nothing of our note; no receipt is mailed
    owner = words(world.as_owner().page(f"/cases/{case.id}"))
    assert "Mr Example" not in owner and "We read it and decide" in owner
    assert "Mr Example" not in words(world.recipient(case).page("/case"))
    assert len(world.mails("office@example.org")) == 1
    world.until(date(2024, 4, 2))
    assert [letter[0] for letter in world.letters(case)] == ["offer"]
    # decided on Tuesday, 2 April: ten working days later is Tuesday, 16 April
    decide(world, case)
    assert next_date(world, case) == (date(2024, 4, 16), DeadlineState.OPEN)


def test_a_message_of_the_contact_page_waits_until_somebody_says_what_became_of_it(world: World) -> None:
    case = world.offered()
    first = {"name": "Example Visitor", "email": "visitor@example.org", "text": "Where is your office?"}
    second = {
        **first,
        "name": "Example Walks Ltd",
        "text": f"Your {case.reference.lower()}: we have a licence.",
    }
    for told in (first, second):
        assert world.anybody().press("/contact", told).status_code == 303
    operator = world.as_operator()
    queue = words(operator.page("/operator/queue"))
    assert "Messages from the contact page 2" in queue and "Where is your office?" in queue
    asked, about = sorted(world.all(ContactRequest), key=lambda row: row.name)
    assert "It names a case" not in words(operator.page(f"/operator/incoming/messages/{asked.id}"))
    told = operator.form(f"/operator/incoming/messages/{asked.id}", {"note": "Answered by e-mail"})
    assert operator.send(*told).status_code == 303
    again = operator.send(*told)
    assert again.status_code == 422 and "has looked after this message already" in words(again.text)
    # one that names a case is recorded there, by a person, once: our clocks stand still
    page = words(operator.page(f"/operator/incoming/messages/{about.id}"))
    assert f"It names a case: {case.reference}" in page and next_date(world, case)[1] is DeadlineState.OPEN
    for _ in range(2):
        to, fields = operator.form(f"/operator/incoming/new?message={about.id}", {"about": "licence"})
        answer = operator.send(
            to, [pair for pair in fields if pair[0] != "scans"], content_type="multipart/form-data"
        )
    [arrival] = world.all(Arrival)
    assert arrival.case_id == case.id and arrival.sender == "Example Walks Ltd, visitor@example.org"
    assert answer.status_code == 422 and "already" in words(answer.text)
    assert next_date(world, case)[1] is DeadlineState.PAUSED
    assert "Messages from the contact page" not in operator.page("/operator/queue")
    told = {row.name: (row.done_by, row.done_how) for row in world.all(ContactRequest)}
    assert told["Example Visitor"][1] == "Answered by e-mail"
    assert told["Example Walks Ltd"][1].startswith(
        "Recorded as something that came in from Example Walks Ltd"
    )


def test_mail_without_a_case_waits_on_top_of_the_queue_and_finds_it_later(world: World) -> None:
    case = world.offered()
    operator = world.as_operator()
    code, place, _ = record(operator, scan=picture(4), about="licence")
    assert code == 303 and place.startswith("/operator/incoming/")
    queue = operator.page("/operator/queue")
    assert queue.index("Mail without a case") > 0
    assert "Mail without a case" in words(queue)[:900] and next_date(world, case)[1] is DeadlineState.OPEN
    [arrival] = world.all(Arrival)
    [scan] = world.all(ArrivalScan)
    first = scope(world, scan.document_id)
    assert first == f"arrival:{arrival.id}"
    shown = operator.get(f"/operator/incoming/scans/{scan.id}.jpg")
    assert shown.mimetype == "image/jpeg" and shown.data != picture(4)
    whole = operator.get(f"/operator/incoming/scans/{scan.id}")
    assert whole.data == picture(4) and whole.headers["Content-Disposition"].startswith("attachment")
    wrong = operator.press(place, {"reference": "AAAAAA-A"}, action="/assign")
    assert wrong.status_code == 422 and "No case has the reference" in words(wrong.text)
    assert operator.press(place, {"reference": case.reference.lower()}, action="/assign").status_code == 303
    [scan] = world.all(ArrivalScan)
    assert scope(world, scan.document_id) == f"case:{case.id}"
    assert next_date(world, case)[1] is DeadlineState.PAUSED
    assert "Mail without a case" not in words(operator.page("/operator/queue"))
    assert world.as_owner().get(f"/operator/incoming/scans/{scan.id}").status_code in (303, 403, 404)


def scope(world: World, document_id: object) -> str:
    with world.runtime.database.reading() as session:
        document = session.get_one(Document, document_id)
        return session.get_one(DataKey, document.key_id).scope


def test_a_wrong_record_is_withdrawn_and_stays(world: World) -> None:
    case = world.offered()
    operator = world.as_operator()
    record(operator, about="objection", reference=case.reference, summary="Meant for another case.")
    [arrival] = world.all(Arrival)
    page = f"/operator/incoming/{arrival.id}"
    assert (
        operator.press(page, {"note": "Belongs to another recipient"}, action="/withdraw").status_code == 303
    )
    assert "Belongs to another recipient" in words(operator.page(page))
    assert "Record withdrawn" in words(operator.page(f"/operator/cases/{case.id}"))
    assert "objects" not in words(world.as_owner().page(f"/cases/{case.id}"))
    assert world.count(Arrival) == 1 and world.count(Message) == 1
    # what it held is a person's decision
    assert next_date(world, case)[1] is DeadlineState.PAUSED
    assert "case:arrival_withdrawn" in world.history(case)


def test_pressing_twice_is_one_record(world: World) -> None:
    case = world.offered()
    operator = world.as_operator()
    told = {"sender": "Example Walks Ltd", "summary": "They ask.", "reference": case.reference}
    to, fields = operator.form("/operator/incoming/new", told)
    fields = [(name, value) for name, value in fields if name != "scans"]
    assert [operator.send(to, fields).status_code for _ in range(2)] == [303, 303]
    assert (world.count(Arrival), world.count(Message)) == (1, 1)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"received_on": "2024-04-01"}, "has not been yet"),
        ({"received_on": "2020-04-01"}, "more than a year back"),
        ({"summary": ""}, "what it says"),
        ({"reference": "nonsense"}, "No case has the reference"),
    ],
)
def test_what_cannot_be_is_refused_and_loses_nothing(
    world: World, facts: dict[str, str], sentence: str
) -> None:
    code, _place, told = record(world.as_operator(), **{"sender": "Somebody", **facts})
    assert code == 422 and sentence in told and world.count(Arrival) == 0


def test_a_scan_that_is_none_is_refused_and_leaves_no_row(world: World) -> None:
    code, _place, told = record(world.as_operator(), scan=b"MZ not a scan")
    assert code == 422 and "a program" in told
    assert world.count(Arrival) == 0 and world.count(ArrivalScan) == 0
