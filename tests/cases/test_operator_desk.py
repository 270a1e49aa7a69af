"""The operator's desk over HTTP: the queue, a case from check to offer, answers, letters, files."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta

from PIL import Image
from sqlalchemy import select

from workflow.cases.models import Case, Letter, Offer
from workflow.cases.services import ProofFile
from workflow.cases.states import CaseState, ClosedReason, HoldKind, LetterState, RejectReason
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.kernel.mail import MailRefused
from workflow.kernel.outbox import OutboxMessage, OutboxState

from .conftest import Browser, House

QUEUE = "/operator/queue"


def show(case_id: object) -> str:
    return f"/operator/cases/{case_id}"


def act(browser: Browser, house: House, case_id: uuid.UUID, trigger: str, **more: object):
    data = {"trigger": trigger, "version": str(house.case(case_id).version), **more}
    return browser.post(f"{show(case_id)}/act", data, page=show(case_id))


FACTS = {
    "use_class": "commercial", "medium": "website", "first_seen": "2023-08-14", "last_seen": "2024-02-28",
    "longest_side_px": "600",
}  # fmt: skip


def test_from_new_case_to_sent_offer(house: House, operator: Browser) -> None:
    assert "Nothing waits for you" in operator.page(QUEUE)
    case_id = house.submitted()
    case = house.case(case_id)
    queue = operator.page(QUEUE)
    assert "New cases" in queue and case.reference in queue and "Set the price" in queue
    page = operator.page(show(case_id))
    assert "A crop: about 64 % of your photograph." in page and "<polygon" in page
    assert "Set the price first." in page

    prefilled = operator.page(f"{show(case_id)}/recipient")
    assert "Example Walks Ltd" in prefilled and "imprint" in prefilled
    told = {
        "name": "Example Walks GmbH", "email": "office@example.org", "address": "Weg 1\n10115 Berlin",
        "country": "DE", "region": "be", "source": "Imprint of 1 Mar 2024", "version": str(case.version),
        "channel": "rule",
    }  # fmt: skip
    assert operator.post(f"{show(case_id)}/recipient", told).status_code == 303
    assert house.case(case_id).recipient_name == "Example Walks GmbH"
    assert house.case(case_id).recipient_region == "BE"

    price = f"{show(case_id)}/price"
    answer = operator.post(price, {**FACTS, "version": str(house.case(case_id).version)})
    assert answer.status_code == 303
    sent = act(operator, house, case_id, "offer")
    assert sent.status_code == 303 and house.case(case_id).state is CaseState.OFFERED
    house.work()
    page = operator.page(show(case_id))
    assert "Offer sent" in page and "Answer by" in page
    letters = operator.page("/operator/letters/")
    assert case.reference in letters and "Sent" in letters
    document = re.search(rf'href="({show(case_id)}/documents/[0-9a-f-]+)"', page)
    assert document
    pdf = operator.get(document[1])
    assert pdf.mimetype == "application/pdf" and pdf.data.startswith(b"%PDF-")
    assert [mail.to for mail in house.runtime.mail.list() if "offer" in mail.subject.lower()]


def test_looking_at_a_price_changes_nothing(house: House, operator: Browser) -> None:
    case_id = house.submitted()
    path = f"{show(case_id)}/price"
    before = house.case(case_id).version
    plain = operator.page(path)
    asked = "&".join(f"{name}={value}" for name, value in FACTS.items())
    large = operator.page(f"{path}?{asked.replace('=600', '=1600')}&placement=home_page")
    assert "Shown on the home page" in large and "Shown on the home page</td>" not in plain
    assert "Shown at 1600 pixels" in large and "The photographer was not named" in large
    for odd in (
        "use_class=war",
        "use_class=private&medium=website&first_seen=x",
        asked.replace("=600", "=-3"),
    ):
        assert operator.get(f"{path}?{odd}").status_code == 422, odd
    backwards = asked.replace("2023-08-14", "2024-08-14")
    assert "cannot end before it began" in operator.get(f"{path}?{backwards}").get_data(as_text=True)
    assert house.case(case_id).version == before
    with house.runtime.database.reading() as session:
        assert session.scalars(select(Offer)).all() == []


def test_a_price_of_ones_own_needs_a_reason(house: House, operator: Browser) -> None:
    case_id = house.submitted()
    path, version = f"{show(case_id)}/price", "3"
    version = str(house.case(case_id).version)
    for own, why, said in (
        ("180,00", "", "needs a reason"), ("0", "because", "above zero"), ("many", "because", "not an amount"),
    ):  # fmt: skip
        answer = operator.post(path, {**FACTS, "own_net": own, "why": why, "version": version})
        assert answer.status_code == 422 and said in answer.get_data(as_text=True), own
    kept = {**FACTS, "own_net": "180,00", "why": "Invoice of 3 May 2022", "version": version}
    assert operator.post(path, kept).status_code == 303
    page = operator.page(show(case_id))
    assert "Invoice of 3 May 2022" in page and "180,00" in page and "99,00" in page  # 55 % of 180,00
    assert operator.post(path, kept).status_code == 409


def test_a_stale_page_and_a_second_press_change_nothing_more(house: House, operator: Browser) -> None:
    case_id = house.submitted()
    version = str(house.case(case_id).version)
    ask = {"trigger": "ask_owner", "note": "Which licence did you sell?", "version": version}
    assert operator.post(f"{show(case_id)}/act", ask, page=show(case_id)).status_code == 303
    again = operator.post(f"{show(case_id)}/act", ask, page=show(case_id))
    assert again.status_code == 409
    text = again.get_data(as_text=True)
    assert "Somebody was faster" in text and "number" in text.lower()
    assert (
        operator.post(f"{show(case_id)}/act", {**ask, "version": "x"}, page=show(case_id)).status_code == 409
    )
    assert house.case(case_id).state is CaseState.INFO_NEEDED


def test_steps_say_why_not(house: House, operator: Browser) -> None:
    case_id = house.submitted()
    refused = act(operator, house, case_id, "offer")
    assert refused.status_code == 422 and "Set the price first." in refused.get_data(as_text=True)
    assert act(operator, house, case_id, "ask_owner").status_code == 422
    assert act(operator, house, case_id, "reject", reason="bad mood").status_code == 422
    assert act(operator, house, case_id, "receive_payment").status_code == 404
    assert act(operator, house, case_id, "withdraw").status_code == 422
    assert act(operator, house, case_id, "nonsense").status_code == 404
    assert house.case(case_id).state is CaseState.SUBMITTED
    done = act(operator, house, case_id, "reject", reason="licensed", note="see mail")
    assert done.status_code == 303 and house.case(case_id).rejected_reason is RejectReason.LICENSED


def test_a_shown_licence_is_accepted_and_the_case_closed(house: House, operator: Browser) -> None:
    case_id = house.offered()
    house.answers(
        case_id,
        HoldKind.LICENCE_SHOWN,
        "Bought in 2021.",
        ProofFile("deed.pdf", "application/pdf", b"%PDF-1.7 x"),
    )
    queue = operator.page(QUEUE)
    assert "Answers to decide" in queue and "A licence was shown" in queue
    page = operator.page(show(case_id))
    assert "Bought in 2021." in page and "deed.pdf" in page and "Accept the licence and close" in page
    proof = re.search(rf'href="({show(case_id)}/proofs/[0-9a-f-]+)"', page)
    assert proof
    file = operator.get(proof[1])
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert (file.mimetype, file.headers["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert act(operator, house, case_id, "close", reason="licensed").status_code == 303
    house.work()
    case = house.case(case_id)
    assert (case.state, case.closed_reason) == (CaseState.CLOSED, ClosedReason.LICENSED)
    assert all(hold.closed_at for hold in case.holds)
    page = operator.page(show(case_id))
    assert "Closed: licensed" in page and "Closing letter sent" in page
    assert "Nothing waits for you" in operator.page(QUEUE)


def test_a_licence_that_does_not_fit_lets_the_dates_run_again(house: House, operator: Browser) -> None:
    case_id = house.offered()
    house.answers(case_id, HoldKind.LICENCE_SHOWN, "We have one.")
    hold = house.case(case_id).holds[0]
    page = operator.page(show(case_id))
    promised = re.search(r"The next step then comes on ([^;]+);", page)
    assert promised
    assert act(operator, house, case_id, "resume", hold_id=str(hold.id)).status_code == 422
    assert act(operator, house, case_id, "resume", hold_id="x", note="n").status_code == 404
    done = act(operator, house, case_id, "resume", hold_id=str(hold.id), note="It names another picture.")
    assert done.status_code == 303
    with house.runtime.database.reading() as session:
        row = session.scalars(select(DeadlineRow).where(DeadlineRow.state == DeadlineState.OPEN)).one()
    due = row.due_at.date()
    assert promised[1] == f"{due.day} {due:%b %Y}"
    assert "It names another picture." in operator.page(show(case_id))


def test_writing_back_once(house: House, operator: Browser) -> None:
    case_id = house.offered()
    house.answers(case_id, HoldKind.QUESTION, "Which picture?")
    seen = re.search(r'name="seen" value="([^"]+)"', operator.page(show(case_id)))
    assert seen
    words = {"about": "question", "text": "The one with the chapel.", "seen": seen[1]}
    assert operator.post(f"{show(case_id)}/answer", words, page=show(case_id)).status_code == 303
    assert operator.post(f"{show(case_id)}/answer", words, page=show(case_id)).status_code == 409
    house.work()
    page = operator.page(show(case_id))
    assert page.count("The one with the chapel.") == 2  # beside the hold and in the timeline
    assert [mail for mail in house.runtime.mail.list() if "chapel" in mail.text]
    early = house.submitted(host="other.example.org")
    nobody = {"about": "question", "text": "Hello", "seen": ""}
    assert operator.post(f"{show(early)}/answer", nobody, page=show(early)).status_code == 422


def test_a_silent_case_is_looked_at_before_it_becomes_formal(house: House) -> None:
    case_id = house.offered()
    house.days_pass(48)
    assert house.case(case_id).needs_a_look
    operator = house.browser("desk@example.org")  # the session of before has ended
    queue = operator.page(QUEUE)
    assert "Cases to look at again" in queue
    version = str(house.case(case_id).version)
    seen = {"note": "Still online.", "version": version}
    assert (
        operator.post(f"{show(case_id)}/looked", {"version": version}, page=show(case_id)).status_code == 422
    )
    assert operator.post(f"{show(case_id)}/looked", seen, page=show(case_id)).status_code == 303
    assert not house.case(case_id).needs_a_look
    assert operator.post(f"{show(case_id)}/looked", seen, page=show(case_id)).status_code == 409
    assert "Cases to look at again" not in operator.page(QUEUE)
    assert "Still online." in operator.page(show(case_id))


def test_a_refused_date_shows_its_reasons_and_is_tried_again(house: House, operator: Browser) -> None:
    case_id = house.offered()
    with house.runtime.database.transaction() as session:
        row = session.scalars(select(DeadlineRow)).one()
        row.state, row.reasons = DeadlineState.BLOCKED, ["No tariff is in force."]
        key = row.id
    assert "Dates that could not be kept" in operator.page(QUEUE)
    assert "No tariff is in force." in operator.page(show(case_id))
    again = f"/operator/dates/{key}/again"
    assert operator.post(again, {}, page=show(case_id)).status_code == 303
    assert operator.post(again, {}, page=show(case_id)).status_code == 422
    assert operator.post(f"/operator/dates/{uuid.uuid4()}/again", {}, page=show(case_id)).status_code == 404
    house.days_pass(17)  # 8 March is a holiday in Berlin
    assert house.case(case_id).state is CaseState.REMINDED


def test_a_letter_that_failed_is_sent_again_by_a_decision(
    house: House, operator: Browser, monkeypatch
) -> None:
    def refuse(_self: object, _mail: object) -> None:
        raise MailRefused("The mailbox does not exist.")

    with monkeypatch.context() as patch:
        patch.setattr("workflow.kernel.mail.LocalMailbox.send", refuse)
        case_id = house.offered()
    with house.runtime.database.reading() as session:
        letter = session.scalars(select(Letter)).one()
        assert letter.state is LetterState.FAILED
    queue = operator.page(QUEUE)
    assert "Letters that did not leave" in queue and "The mailbox does not exist." in queue
    assert "The mailbox does not exist." in operator.page("/operator/letters/?state=failed")
    again = f"/operator/letters/{letter.id}/again"
    assert operator.post(again, {}, page="/operator/letters/").status_code == 303
    house.work()
    with house.runtime.database.reading() as session:
        assert session.get_one(Letter, letter.id).state is LetterState.SENT
        sent = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "letter.send")).all()
        assert [message.state for message in sent] == [OutboxState.DONE]
    assert operator.post(again, {}, page=show(case_id)).status_code == 422
    assert len([mail for mail in house.runtime.mail.list() if mail.attachments]) == 1


def test_evidence_is_shown_as_our_copy_and_handed_out_sealed(house: House, operator: Browser) -> None:
    case_id = house.submitted()
    use = house.case(case_id).uses[0]
    base = f"{show(case_id)}/uses/{use.id}"
    shown = operator.get(f"{base}/found_image")
    assert shown.mimetype == "image/jpeg" and Image.open(io.BytesIO(shown.data)).size == (600, 400)
    etag = shown.headers["ETag"]
    assert operator.get(f"{base}/found_image", **{"If-None-Match": etag}).status_code == 304
    assert operator.get(f"{base}/page").status_code == 404
    sealed = operator.get(f"{base}/page?whole=1")
    assert sealed.headers["Content-Disposition"].startswith("attachment") and b"<script>" in sealed.data
    assert sealed.mimetype == "application/octet-stream"
    other = house.submitted(host="other.example.org")
    assert operator.get(f"{show(other)}/uses/{use.id}/found_image").status_code == 404
    assert operator.get(f"{base}/secret").status_code == 404


def test_only_operators_come_in(house: House, owner: Browser) -> None:
    case_id = house.submitted()
    case = house.case(case_id)
    use = case.uses[0]
    paths = (
        QUEUE, "/operator/cases/", show(case_id), f"{show(case_id)}/recipient", f"{show(case_id)}/price",
        f"{show(case_id)}/uses/{use.id}/page?whole=1", "/operator/letters/",
    )  # fmt: skip
    stranger = Browser(house.app)
    for path in paths:
        assert owner.get(path).status_code == 404, path
        assert stranger.get(path).status_code == 303, path
    with house.runtime.database.reading() as session:
        assert session.get_one(Case, case_id).version == case.version


def test_a_form_without_its_token_is_refused(house: House, operator: Browser) -> None:
    case_id = house.submitted()
    data = {"trigger": "reject", "reason": "licensed", "version": str(house.case(case_id).version)}
    assert operator.client.post(f"{show(case_id)}/act", data=data).status_code == 400
    assert house.case(case_id).state is CaseState.SUBMITTED


def test_ages_are_words_and_late_ones_are_marked(house: House, operator: Browser) -> None:
    house.submitted()
    assert "today" in operator.page(QUEUE) and "age-late" not in operator.page(QUEUE)
    house.clock.advance(timedelta(days=5))
    operator = house.browser("desk@example.org")
    assert re.search(r'<span class="text-nowrap age-late">5 days</span>', operator.page(QUEUE))


def test_the_demos_mailbox_shows_mails_and_their_files_to_anybody(house: House) -> None:
    house.offered()
    visitor = Browser(house.app)
    listed = visitor.page("/demo/mailbox/")
    name = re.search(r'/demo/mailbox/([0-9a-f]{32})">Your use of', listed)
    assert name
    mail = visitor.page(f"/demo/mailbox/{name[1]}")
    assert f'href="{house.runtime.config.portal_url}' in mail
    file = visitor.get(f"/demo/mailbox/{name[1]}/0")
    assert file.mimetype == "application/pdf" and file.data.startswith(b"%PDF-")
    for path in (f"{name[1]}/9", "0" * 32, "..%2f..%2fmaster.key"):
        assert visitor.get(f"/demo/mailbox/{path}").status_code == 404, path
    assert "Style guide" in visitor.page("/styleguide")
