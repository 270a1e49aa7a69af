"""What the recipient reads: the evidence, the sum and how it is made, where the case stands, and nothing of others."""

from __future__ import annotations

import hashlib
import io
import uuid
from typing import Any

from PIL import Image
from sqlalchemy import select

from tests.portal.house import PAGE_URL, House, picture, words
from workflow.cases.models import Evidence, Letter, Use
from workflow.cases.services import write_back
from workflow.cases.states import CaseTrigger, ClosedReason, EvidenceKind, HoldKind
from workflow.kernel.actors import SYSTEM, Actor, Role
from workflow.kernel.audit import AuditEntry


def use_ids(house: House, case_id: uuid.UUID) -> list[uuid.UUID]:
    with house.runtime.database.reading() as session:
        return list(session.scalars(select(Use.id).where(Use.case_id == case_id).order_by(Use.position)))


def documents(house: House, case_id: uuid.UUID) -> list[uuid.UUID]:
    with house.runtime.database.reading() as session:
        letters = session.scalars(select(Letter).where(Letter.case_id == case_id)).all()
        return [enclosure.document_id for letter in letters for enclosure in letter.enclosures]


def test_one_page_says_what_is_asked_and_why(house: House) -> None:
    case = house.offered()
    house.work()
    text = house.visitor(case).text("/case")
    for expected in (
        "A photograph on harbour-shop.example", "for Harbour Shop Ltd", "rights-holder Studio Nordlicht", PAGE_URL,
        "first 10 Feb 2024, last 4 Mar 2024", "192,60 €", "VAT 7 % 12,60 €", "Net for one use 180,00 €",
        "neutral-example-2024", "Example tariff", "18 Mar 2024, until the end of the day (Europe/Berlin)",
        "I have a licence", "Pay", "Object", "Ask or need time", "Kim Example, +49 40 0000 1234",
        "Request and offer", "Offer (PDF)",
    ):  # fmt: skip
        assert expected in text, expected


def test_several_uses_are_listed_and_summed(house: House) -> None:
    case = house.offered(uses=3)
    text = house.visitor(case).text("/case")
    assert "And 2 more uses" in text
    assert "http://harbour-shop.example/page/2" in text
    assert "577,80 €" in text  # 3 × 180.00 and 7 %


def test_the_outline_is_drawn_where_the_match_says(house: House) -> None:
    case = house.offered()
    page = house.visitor(case).get("/case").get_data(as_text=True)
    assert 'viewBox="0 0 640 560"' in page
    assert 'points="20.0,30.0 600.0,40.0 610.0,520.0 30.0,500.0"' in page


def test_pictures_are_fresh_copies_and_originals_are_downloads(house: House) -> None:
    found = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "hidden words"
    Image.open(io.BytesIO(picture(640, 560))).save(found, "JPEG", exif=exif)
    case = house.offered(found=found.getvalue())
    visitor, use = house.visitor(case), use_ids(house, case.id)[0]
    shown = visitor.get(f"/case/uses/{use}/found.jpg")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert b"hidden words" in found.getvalue() and b"hidden words" not in shown.data
    assert Image.open(io.BytesIO(shown.data)).size == (640, 560)
    again = visitor.get(f"/case/uses/{use}/found.jpg", **{"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for kind, data in (("found", found.getvalue()), ("photograph", picture())):
        original = visitor.get(f"/case/uses/{use}/{kind}/original")
        assert original.data == data
        assert original.headers["Content-Disposition"].startswith("attachment")
    page = visitor.get(f"/case/uses/{use}/page/original")
    assert b"<script>" in page.data
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert page.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert visitor.get(f"/case/uses/{use}/page.jpg").status_code == 404
    evidence = visitor.text(f"/case/uses/{use}")
    assert hashlib.sha256(found.getvalue()).hexdigest() in evidence


def test_a_picture_that_cannot_be_decoded_can_still_be_downloaded(house: House) -> None:
    case = house.offered(found=b"GIF89a not really")
    visitor, use = house.visitor(case), use_ids(house, case.id)[0]
    shown = visitor.get(f"/case/uses/{use}/found.jpg")
    assert shown.status_code == 503
    assert "cannot be displayed" in words(shown)
    assert visitor.get(f"/case/uses/{use}/found/original").data == b"GIF89a not really"


def test_nothing_of_another_case_exists(house: House) -> None:
    mine, other = house.offered(), house.offered()
    house.work()
    visitor, use = house.visitor(mine), use_ids(house, other.id)[0]
    stranger = house.visitor(other)
    stranger.send("/answer/ask", {"topic": "question", "text": "When?"})
    with house.runtime.database.reading() as session:
        evidence = session.scalars(select(Evidence).where(Evidence.case_id == other.id)).first()
        assert evidence is not None
    paths = [
        f"/case/uses/{use}", f"/case/uses/{use}/found.jpg", f"/case/uses/{use}/photograph/original",
        f"/case/documents/{documents(house, other.id)[0]}", f"/case/documents/{evidence.document_id}",
        f"/case/files/{uuid.uuid4()}", f"/pay/{uuid.uuid4()}", f"/answer/received/{uuid.uuid4()}", "/answer/nonsense",
        "/case/uses/not-a-key",
    ]  # fmt: skip
    for path in paths:
        assert visitor.get(path).status_code == 404, path
    own = documents(house, mine.id)[0]
    assert visitor.get(f"/case/documents/{own}").data.startswith(b"%PDF-")
    assert stranger.get(f"/case/documents/{own}").status_code == 404
    with house.runtime.database.reading() as session:
        mine_evidence = session.scalars(
            select(Evidence).where(Evidence.case_id == mine.id, Evidence.kind == EvidenceKind.PAGE)
        ).one()
    assert visitor.get(f"/case/documents/{mine_evidence.document_id}").status_code == 404, (
        "evidence is no letter"
    )


def test_pages_and_pictures_write_nothing(house: House) -> None:
    case = house.offered()
    house.work()
    visitor, use = house.visitor(case), use_ids(house, case.id)[0]
    before = house.count(AuditEntry)
    for path in ("/case", f"/case/uses/{use}", f"/case/uses/{use}/found.jpg", "/pay", "/answer/licence"):
        assert visitor.get(path).status_code == 200
        assert visitor.client.head(path).status_code == 200
    assert house.count(AuditEntry) == before
    assert house.case(case).version == house.case(case).version


def test_words_of_others_are_shown_as_words(house: House) -> None:
    case = house.offered(title='<script>alert(1)</script> {{ 7*7 }} "><img src=x onerror=alert(2)>')
    visitor, use = house.visitor(case), use_ids(house, case.id)[0]
    for path in ("/case", f"/case/uses/{use}", "/pay"):
        page = visitor.get(path).get_data(as_text=True)
        assert "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in visitor.get("/case").get_data(as_text=True)


def test_a_page_address_that_is_no_web_address_is_no_link(house: House) -> None:
    case = house.offered()
    with house.runtime.database.transaction() as session:
        session.scalars(select(Use).where(Use.case_id == case.id)).one().page_url = "javascript:alert(1)"
    page = house.visitor(case).get("/case").get_data(as_text=True)
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


def test_the_operators_answer_and_the_way_on_are_shown(house: House) -> None:
    case = house.offered()
    staff = Actor(Role.OPERATOR, "staff", "Kim Example")
    with house.runtime.database.transaction() as session:
        write_back(session, case.id, HoldKind.QUESTION, "Gladly: <b>see</b> the sheet.", staff, house.now())
    text = house.visitor(case).text("/case")
    assert "Gladly: <b>see</b> the sheet." in text


def test_overdue_is_said_plainly(house: House) -> None:
    case = house.offered()
    for trigger in (
        CaseTrigger.REMIND,
        CaseTrigger.REMIND,
        CaseTrigger.REMIND,
        CaseTrigger.LOOK_AGAIN,
        CaseTrigger.DUN,
    ):
        house.work()  # each letter leaves before the next is due
        house.later(days=16)
        house.move(case, trigger, SYSTEM)
        if trigger is CaseTrigger.LOOK_AGAIN:
            house.look(case)
    text = house.visitor(case).text("/case")
    assert "Overdue" in text
    assert "There was no answer in time" in text
    assert "I have a licence" in text, text
    assert "Damages carry no VAT." in text
    assert "To pay 180,00 €" in text, "what was no accepted licence carries no VAT"


def close(house: House, case: Any, reason: ClosedReason) -> str:
    house.move(case, CaseTrigger.CLOSE, carries={"reason": reason}, note="decided")
    return house.visitor(case).text("/case")


def test_a_closed_case_says_that_it_is_over(house: House) -> None:
    case = house.offered()
    text = close(house, case, ClosedReason.LICENSED)
    assert "A licence was shown and accepted. Nothing more is asked of you" in text
    assert "I have a licence" not in text and "Please answer by" not in text
    visitor = house.visitor(case)
    assert visitor.get("/pay").location == "/case"
    assert visitor.send("/case", {}, to="/pay").status_code == 422
    assert "This case is over" in visitor.text("/answer/object")
    house.work()
    assert "Closing letter" in visitor.text("/case")


def test_verify_names_the_sender_and_never_the_recipient(house: House) -> None:
    case = house.offered()
    house.work()
    told = house.browser().text(f"/verify/{case.reference}")
    for expected in ("This reference exists", "Studio Nordlicht", "Request and offer, 4 Mar 2024", "HRB 00000 Hamburg",
                     "Bildrechte Nord GmbH", hashlib.sha256(picture()).hexdigest()):  # fmt: skip
        assert expected in told, expected
    page = house.browser().get(f"/verify/{case.reference}").get_data(as_text=True)
    for secret in ("Harbour Shop", "harbour-shop", "Quay 1", case.code, "192,60"):
        assert secret not in page, secret
    unknown = house.browser().get("/verify/K7M3PQ-X")
    assert unknown.status_code == 404
    assert "We know no letter with this reference" in words(unknown)


def test_verify_is_looked_up_by_form_and_not_in_bulk(house: House) -> None:
    case = house.offered()
    browser = house.browser()
    found = browser.send("/verify", {"reference": case.reference.lower()})
    assert found.location == f"/verify/{case.reference}"
    assert browser.send("/verify", {"reference": "12345"}).status_code == 422
    codes = [browser.get("/verify/K7M3PQ-X").status_code for _ in range(25)]
    assert codes[-1] == 429


def test_the_portal_stands_before_the_set_up(house: House) -> None:
    assert "not set up yet" in house.browser().text("/verify")
    assert house.browser().get("/").status_code == 200
    assert house.browser().get("/logo").status_code == 404
