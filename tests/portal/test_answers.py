"""Answers: each stops our clocks, is confirmed at once and never lost; hostile files change nothing."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from sqlalchemy import select

from tests.portal.house import House, picture, words
from workflow.cases.models import Hold, Message, Proof
from workflow.cases.states import CaseTrigger, ClosedReason, Direction, HoldKind
from workflow.kernel import deadlines
from workflow.kernel.actors import Role
from workflow.kernel.deadlines import DeadlineState
from workflow.kernel.documents import Document
from workflow.kernel.ids import new_id

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>"
LICENCE = {"source": "stock", "number": "order 2023-114", "text": "Bought by our agency."}


def flood() -> bytes:
    """A tiny PNG that claims to be 60,000 pixels square."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def upload(*files: tuple[bytes, str]) -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(data), name) for data, name in files]


def states(house: House, case) -> set[DeadlineState]:
    with house.runtime.database.reading() as session:
        return {row.state for row in deadlines.live(session, "case", case.id)}


def messages(house: House) -> list[Message]:
    with house.runtime.database.reading() as session:
        found = list(session.scalars(select(Message).order_by(Message.id)))
        session.expunge_all()
    return found


def test_a_licence_is_received_and_stops_the_reminders(house: House) -> None:
    case = house.offered()
    assert states(house, case) == {DeadlineState.OPEN}
    visitor = house.visitor(case)
    sent = visitor.send(
        "/answer/licence", LICENCE | {"files": upload((PDF, "invoice.pdf"), (picture(), "shot.jpg"))}
    )
    assert sent.status_code == 303
    receipt = visitor.text(sent.location)
    for expected in ("We received this on 4 Mar 2024, 13:00 (Europe/Berlin)", "Our reminders stand still",
                     "by 11 Mar 2024", "Licence from: Stock site", "invoice.pdf", "shot.jpg"):  # fmt: skip
        assert expected in receipt, expected
    assert states(house, case) == {DeadlineState.PAUSED}
    [message] = messages(house)
    assert message.text == "Licence from: Stock site\nNumber: order 2023-114\n\nBought by our agency."
    assert (message.about, message.author) == (HoldKind.LICENCE_SHOWN, "Harbour Shop Ltd")
    assert "Our reminders stand still" in visitor.text("/case")
    with house.runtime.database.reading() as session:
        proof = session.scalars(select(Proof).order_by(Proof.position)).first()
        assert proof is not None
    back = visitor.get(f"/case/files/{proof.id}")
    assert back.data == PDF
    assert back.headers["Content-Disposition"].startswith("attachment")
    assert house.browser().get(f"/case/files/{proof.id}").status_code == 303
    house.work()
    mails = list(house.runtime.config.mailbox_dir.glob("*.eml"))
    assert any(b"invoice.pdf" in mail.read_bytes() for mail in mails)


def test_sent_twice_is_received_once(house: House) -> None:
    case = house.offered()
    visitor = house.visitor(case)
    answer = LICENCE | {"files": upload((PDF, "invoice.pdf"))}
    first = visitor.send("/answer/licence", answer)
    second = visitor.send("/answer/licence", LICENCE | {"files": upload((PDF, "invoice.pdf"))})
    assert first.location == second.location
    assert (house.count(Message), house.count(Proof), house.count(Hold)) == (1, 1, 1)


def test_an_objection_names_its_reasons(house: House) -> None:
    case = house.offered()
    visitor = house.visitor(case)
    assert visitor.send("/answer/object", {}).status_code == 422
    assert visitor.send("/answer/object", {"reasons": ["nonsense"]}).status_code == 422
    assert visitor.send("/answer/object", {"reasons": ["not_my_site", "amount"]}).status_code == 303
    [message] = messages(house)
    assert message.about is HoldKind.OBJECTION
    assert message.text == "Objection: It is not my site\nObjection: The amount is wrong"


@pytest.mark.parametrize(
    ("fields", "about", "start"),
    [
        ({"topic": "question", "text": "Which page?"}, HoldKind.QUESTION, "Which page?"),
        ({"topic": "time"}, HoldKind.QUESTION, "I need more time: 14 days more"),
        ({"topic": "data", "text": "What do you hold?"}, HoldKind.DATA_PROTECTION, "My personal data"),
    ],
)
def test_questions_time_and_data(house: House, fields: dict[str, str], about: HoldKind, start: str) -> None:
    case = house.offered()
    visitor = house.visitor(case)
    assert visitor.send("/answer/ask", {"topic": "question"}).status_code == 422
    assert visitor.send("/answer/ask", fields).status_code == 303
    [message] = messages(house)
    assert message.about is about
    assert message.text.startswith(start)
    assert states(house, case) == {DeadlineState.PAUSED}


HOSTILE = {
    "program": (b"MZ\x90\0" + b"\0" * 64, "licence.pdf", "not a PDF, JPEG or PNG"),
    "macro document": (b"PK\x03\x04" + b"\0" * 64, "licence.docm", "print it to PDF"),
    "saved mail": (b"\xd0\xcf\x11\xe0" + b"\0" * 64, "licence.msg", "print it to PDF"),
    "phone picture": (b"\0\0\0\x18ftypheic" + b"\0" * 64, "photo.heic", "HEIC"),
    "moving picture": (b"GIF89a" + b"\0" * 64, "a.gif", "PNG or JPEG"),
    "turned name": (b"MZ" + b"\0" * 64, "licence\u202efdp.exe", "not a PDF"),
    "pixel flood": (flood(), "flood.png", "flood.png"),
    "empty": (b"", "empty.pdf", "empty"),
    "page": (b"<html><script>1</script>", "licence.pdf", "not a PDF"),
    "too large": (b"%PDF-" + b"0" * (10 * 1024**2), "large.pdf", "larger than 10 MB"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_refused_files_lose_nothing_of_the_text(house: House, kind: str) -> None:
    data, name, sentence = HOSTILE[kind]
    case = house.offered()
    visitor = house.visitor(case)
    files = upload((PDF, "good.pdf"), (data, name))
    answer = visitor.send("/answer/licence", LICENCE | {"files": files})
    assert answer.status_code == 422
    told = words(answer)
    assert sentence in told
    assert "Bought by our agency." in told
    assert "please choose your files again" in told
    assert (house.count(Message), house.count(Proof), house.count(Hold)) == (0, 0, 0)
    assert states(house, case) == {DeadlineState.OPEN}


def test_too_many_files_are_refused_with_a_sentence(house: House) -> None:
    visitor = house.visitor(house.offered())
    many = upload(*((PDF + bytes([number]), f"{number}.pdf") for number in range(11)))
    answer = visitor.send("/answer/licence", LICENCE | {"files": many})
    assert answer.status_code == 422
    assert "at most 10" in words(answer)


def test_hostile_text(house: House) -> None:
    case = house.offered()
    visitor = house.visitor(case)
    refused = ("a\x00b", "x" * 9_001, "e" + "\u0301" * 40)
    for text in refused:
        assert visitor.send("/answer/object", {"text": text}).status_code == 422
    assert visitor.send("/answer/object", {"text": "x" * 2_000_000}).status_code == 413
    assert house.count(Message) == 0
    odd = "<script>alert(1)</script> {{ 7*7 }} ; DROP TABLE cases -- ملف 文件 ümlaut 🙂 \u202eexe"
    sent = visitor.send("/answer/object", {"text": odd, "amount": "1", "case_id": "x", "role": "admin"})
    assert sent.status_code == 303
    kept = messages(house)[0].text
    assert kept == odd.replace("\u202e", "")
    page = visitor.get("/case").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "{{ 7*7 }}" in page
    assert house.case(case).state.value == "offered"


def test_the_way_in_is_guarded(house: House) -> None:
    case = house.offered()
    visitor = house.visitor(case)
    assert visitor.client.post("/answer/ask", data={"topic": "time"}).status_code == 400
    token = visitor.get("/answer/ask").get_data(as_text=True)
    assert 'name="csrf_token"' in token
    other_site = {"Origin": "https://evil.example"}
    assert visitor.client.post("/answer/ask", data={"topic": "time"}, headers=other_site).status_code == 403
    house.later(minutes=61)
    late = visitor.client.post("/answer/ask", data={"topic": "time"})
    assert late.status_code in (400, 401)
    assert house.count(Message) == 0


def test_a_closed_case_takes_questions_only(house: House) -> None:
    case = house.offered()
    visitor = house.visitor(case)
    form_before = visitor.get("/answer/object")
    assert form_before.status_code == 200
    house.move(case, CaseTrigger.CLOSE, carries={"reason": ClosedReason.ERROR}, note="wrong party")
    answer = visitor.send("/answer/ask", {"reasons": ["amount"]}, to="/answer/object")
    assert answer.status_code == 422
    assert "This case is over" in words(answer)
    assert (
        visitor.send("/answer/ask", {"topic": "question", "text": "May I keep the page?"}).status_code == 303
    )
    assert (house.count(Message), house.count(Hold)) == (1, 0)


def test_a_file_is_stored_once_and_sealed(house: House) -> None:
    case = house.offered()
    visitor = house.visitor(case)
    before = house.count(Document)
    for text in ("first", "second"):
        visitor.send("/answer/object", {"text": text, "files": upload((PDF, "../../etc/x.pdf"))})
    assert house.count(Document) == before + 1
    with house.runtime.database.reading() as session:
        assert {proof.file_name for proof in session.scalars(select(Proof))} == {"x.pdf"}
    assert all(
        PDF not in path.read_bytes() for path in house.runtime.config.vault_dir.rglob("*") if path.is_file()
    )


def test_what_staff_wrote_down_about_a_call_is_no_receipt_of_an_answer(house: House) -> None:
    case = house.offered()
    visitor = house.visitor(case)
    with house.runtime.database.transaction() as session:
        session.add(
            note := Message(
                id=new_id(), case_id=case.id, direction=Direction.INCOMING, about=HoldKind.QUESTION,
                author_role=Role.OPERATOR, author="Kim Example", text="He sounded unsure.", at=house.now(),
            )
        )  # fmt: skip
    assert visitor.get(f"/answer/received/{note.id}").status_code == 404
    assert "unsure" not in visitor.text("/case")
