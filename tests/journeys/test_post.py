"""Letters on paper: batches, posting, returns; every date counted on a paper calendar of Berlin.

Offered on Friday, 1 March 2024; Friday, 8 March (Women's Day), 29 March and 1 April are holidays. A batch has
two working days to be posted, a letter three to travel; ten working days lie between two letters.
"""

from __future__ import annotations

import dataclasses
import io
import re
import subprocess
from datetime import date, timedelta

import pikepdf
import pytest
from lxml import etree

from tests.journeys.test_silence import decide, next_date
from tests.world import Made, World, picture, words
from workflow import checks
from workflow.cases import worklist
from workflow.cases.models import Case, Hold, Letter
from workflow.cases.post import batches
from workflow.cases.post.models import LetterDelivery, PostBatch
from workflow.cases.post.registered import registered_number
from workflow.cases.post.states import DeliveryState
from workflow.cases.pricing import from_stored
from workflow.cases.services import move, note_recipient, set_price
from workflow.cases.services.offering import RecipientFacts
from workflow.cases.states import CaseState, CaseTrigger, Channel, ChannelChoice, HoldKind
from workflow.kernel.binding import bind, page_count
from workflow.kernel.deadlines import DeadlineState
from workflow.kernel.errors import Refused
from workflow.wiring import handlers
from workflow.worker import Worker

POINTS_PER_MM = 72 / 25.4


def offered(world: World, *, email: str = "", address: str = "Weg 1\n10115 Berlin",
            choice: ChannelChoice = ChannelChoice.RULE, country: str = "DE") -> Made:  # fmt: skip
    """A case whose recipient is known by post only, unless told otherwise; its offer is decided."""
    made = world.submitted()
    with world.runtime.database.transaction() as session:
        facts = RecipientFacts("Example Walks Ltd", email, address, country, "BE" if country == "DE" else "",
                               "imprint", choice)  # fmt: skip
        note_recipient(session, made.id, facts, world.operator, world.now)
        fee = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        set_price(session, made.id, fee, world.operator, world.now)
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    world.work()
    return made


def batch(world: World) -> PostBatch:
    """The operator makes a batch on the page; the worker prints it."""
    answer = world.as_operator().press("/operator/post/", {}, action="/batches")
    assert answer.status_code == 303, words(answer.text)
    world.work()
    return world.all(PostBatch, PostBatch.number.desc())[0]


def post(world: World, made: PostBatch, on: date | None = None, **numbers: str) -> str:
    """The operator notes that the batch was posted; returns what the page then says."""
    operator = world.as_operator()
    page = f"/operator/post/batches/{made.id}"
    fields = {"on": (on or world.now.date()).isoformat(), **numbers}
    token = re.search(r'name="csrf_token" value="([^"]+)"', operator.page(page))
    assert token
    answer = operator.send(f"{page}/posted", [("csrf_token", token[1]), *fields.items()])
    if answer.status_code != 303:
        return words(answer.text)
    return words(operator.page(page))


def deliveries(world: World) -> list[tuple[str, int, str]]:
    return [
        (row.way.value, row.attempt, row.state.value)
        for row in world.all(LetterDelivery, LetterDelivery.made_at, LetterDelivery.way)
    ]


def pdf_of(world: World, made: PostBatch, listed: bool = False) -> bytes:
    with world.runtime.database.reading() as session:
        return world.runtime.vault.get(session, made.list_document_id if listed else made.document_id)


def text_of(pdf: bytes, page: int = 0) -> str:
    pages = ["-f", str(page), "-l", str(page)] if page else []
    done = subprocess.run(
        ["pdftotext", "-layout", *pages, "-", "-"], input=pdf, capture_output=True, check=True
    )
    return " ".join(done.stdout.decode().replace("\u00a0", " ").split())


def test_a_recipient_without_mail_gets_paper_and_dates_that_leave_it_time(world: World) -> None:
    case = offered(world)
    [letter] = world.all(Letter)
    assert (letter.channel, letter.email, letter.state.value) == (Channel.POST, "", "queued")
    assert world.mails("office@example.org") == [] and deliveries(world) == [("post", 1, "waiting")]
    assert checks.look(world.runtime) == [], "a letter that waits for the next batch is carried"
    # nobody prints it until Tuesday; the letter then carries that day, not the day it was decided on
    world.until(date(2024, 3, 5))
    made = batch(world)
    assert checks.look(world.runtime) == [], "and so is one that is printed and not posted"
    assert (made.number, made.letters, made.on) == (1, 1, date(2024, 3, 5))
    # 5 March and five working days (8 March is none): 13 March; fourteen days later: 27 March
    assert world.letters(case) == [("offer", "2024-03-05", "2024-03-27", "queued")]
    text = text_of(pdf_of(world, made))
    assert (
        "5 Mar 2024" in text
        and "by 27 Mar 2024" in text
        and "1 Mar 2024" not in text.replace("21 Mar", "").replace("calculated on 1 Mar 2024", "")
    )
    assert "noted as posted" in post(world, made, date(2024, 3, 5))
    assert world.letters(case)[0][3] == "sent" and deliveries(world) == [("post", 1, "posted")]
    # it is assumed to arrive on 11 March (three working days), but was printed to leave time until the
    # 13th: ten working days after that is the 27th
    assert next_date(world, case) == (date(2024, 3, 27), DeadlineState.OPEN)
    assert "case:letter_posted" in world.history(case)


def test_nothing_follows_a_letter_that_lies_in_the_tray(world: World) -> None:
    case = offered(world)
    world.until(date(2024, 3, 18))
    assert next_date(world, case)[1] is DeadlineState.BLOCKED
    assert "waits for the post" in words(world.as_operator().page(f"/operator/cases/{case.id}"))
    assert "Letters for the post" in words(world.as_operator().page("/operator/queue"))
    post(world, batch(world))
    # printed and posted on Monday, 18 March; five working days: the 25th; ten more, without Good Friday and
    # Easter Monday: 10 April. The date that was blocked runs again by itself.
    assert next_date(world, case) == (date(2024, 4, 10), DeadlineState.OPEN)
    assert world.case(case).offered_on == date(2024, 3, 18)


def test_formal_reminders_go_both_ways_and_the_paper_is_the_letter_that_was_mailed(world: World) -> None:
    case = world.offered()
    world.days_pass(62, looked_at=True)  # 2 May: the formal reminder
    assert world.now.date() == date(2024, 5, 2)
    both = [letter for letter in world.all(Letter, Letter.queued_at) if letter.channel is Channel.BOTH]
    assert [letter.step for letter in both] == ["last_offer", "formal_reminder"]
    assert world.letters(case)[-1] == ("formal_reminder", "2024-05-02", "2024-05-16", "sent")
    page = words(world.as_operator().page("/operator/post/"))
    assert "A later letter was decided before this one was posted" in page
    made = batch(world)
    assert made.letters == 1
    mailed = world.mails("office@example.org")[-1].attachments[0]
    data = mailed if isinstance(mailed, bytes) else mailed.data
    assert text_of(data) == text_of(pdf_of(world, made))
    before = next_date(world, case)
    post(world, made)
    # mailed and posted on Thursday, 2 May; on paper assumed there on the 7th; the next letter not before ten
    # working days after that: 9 May (Ascension) and 20 May (Whit Monday) are holidays, so Thursday the 23rd
    assert before[0] == date(2024, 5, 17) and next_date(world, case) == (
        date(2024, 5, 23),
        DeadlineState.OPEN,
    )


def test_what_lies_too_long_is_printed_anew_and_never_posted_late(world: World) -> None:
    case = offered(world)
    made = batch(world)
    world.until(date(2024, 3, 6))
    refusal = post(world, made, date(2024, 3, 6))
    assert "had to be posted by 5 Mar 2024" in refusal and deliveries(world) == [("post", 1, "batched")]
    assert "cannot have been posted before" in post(world, made, date(2024, 2, 29))
    assert "not come yet" in post(world, made, date(2024, 3, 7))
    answer = world.as_operator().press(
        f"/operator/post/batches/{made.id}", {"note": "Printer jammed"}, action="/back"
    )
    assert answer.status_code == 303
    assert deliveries(world) == [("post", 1, "withheld"), ("post", 2, "waiting")]
    second = batch(world)
    assert [row.note for row in world.all(LetterDelivery)] == ["Put back: Printer jammed", ""]
    assert second.number == 2 and world.letters(case)[0][1] == "2024-03-06"
    assert "6 Mar 2024" in text_of(pdf_of(world, second)) and "1 Mar 2024" in text_of(pdf_of(world, made))


def test_a_return_stops_our_clocks_and_a_corrected_address_is_a_second_try(world: World) -> None:
    case = offered(world)
    made = batch(world)
    post(world, made)
    assert next_date(world, case) == (date(2024, 3, 25), DeadlineState.OPEN)
    world.until(date(2024, 3, 12))
    [row] = world.all(LetterDelivery)
    operator = world.as_operator()
    page = f"/operator/post/deliveries/{row.id}"
    to, fields = operator.form(page, {"on": "2024-03-12", "reason": "moved", "note": "“unbekannt verzogen”"})
    fields = [(name, value) for name, value in fields if name != "scan"]
    answer = operator.send(
        to, [*fields, ("scan", (io.BytesIO(picture(3)), "envelope.jpg"))], content_type="multipart/form-data"
    )
    assert answer.status_code == 303, words(answer.text)
    assert world.all(LetterDelivery)[0].state is DeliveryState.RETURNED
    [hold] = world.all(Hold)
    assert hold.kind is HoldKind.BOUNCE and next_date(world, case) == (
        date(2024, 3, 25),
        DeadlineState.PAUSED,
    )
    assert "could not be delivered" in words(operator.page("/operator/queue"))
    assert operator.get(f"{page}/scan").headers["Content-Disposition"].startswith("attachment")
    world.until(date(2024, 4, 15))
    assert [letter[0] for letter in world.letters(case)] == ["offer"]
    operator = world.as_operator()
    again = operator.press(
        page, {"address": "Neue Gasse 7\n10117 Berlin", "note": "Register of companies"}, action="/again"
    )
    assert again.status_code == 303, words(again.text)
    assert deliveries(world) == [("post", 1, "returned"), ("post", 2, "waiting")]
    second = batch(world)
    old, new = text_of(pdf_of(world, made)), text_of(pdf_of(world, second))
    assert "Neue Gasse 7" in new and "Neue Gasse" not in old and "15 Apr 2024" in new
    [letter] = world.all(Letter)
    assert letter.edition == 2 and world.letters(case)[0][:2] == ("offer", "2024-04-15")
    post(world, second)
    # 15 April and five working days: the 22nd; ten more, without 1 May: Tuesday, 7 May
    assert next_date(world, case) == (date(2024, 5, 7), DeadlineState.OPEN)
    shown = words(operator.page("/operator/letters/"))
    assert "Came back" in shown and "Posted" in shown


def test_a_payment_between_batch_and_posting_keeps_the_letter_in_the_house(world: World) -> None:
    case = world.offered()
    world.days_pass(62, looked_at=True)
    made = batch(world)
    world.paid(case)
    assert "out of the pile" in words(world.as_operator().page(f"/operator/post/batches/{made.id}"))
    shown = post(world, made)
    assert "Take" in shown and "paid or closed before this letter left" in shown
    row = next(each for each in world.all(LetterDelivery) if each.batch_id == made.id)
    assert row.state is DeliveryState.WITHHELD and row.left_on is None
    # and if it lay in the letter box already, that is written down
    left = world.as_operator().press(
        f"/operator/post/batches/{made.id}",
        {"on": "2024-05-02", "note": "Posted at noon, paid at three"},
        action="/left",
    )
    assert left.status_code == 303
    row = next(each for each in world.all(LetterDelivery) if each.batch_id == made.id)
    assert (row.state, row.left_on) == (DeliveryState.POSTED, date(2024, 5, 2))


def test_an_answer_before_the_batch_leaves_the_letter_out_with_the_reason(world: World) -> None:
    first, second = offered(world), offered(world)
    answer = world.recipient(first).press("/answer/ask", {"text": "Who are you?"})
    assert answer.status_code == 303
    world.work()
    page = words(world.as_operator().page("/operator/post/"))
    assert "Left out" in page and "An answer came in before this letter left" in page
    made = batch(world)
    assert made.letters == 1
    assert text_of(pdf_of(world, made, listed=True)).count(second.reference) == 1
    decide(world, first)
    assert batch(world).number == 2


def test_the_queue_counts_what_somebody_can_do_and_says_what_is_left_out(world: World) -> None:
    """One is ready, one lies printed, one lost its address and needs another; one is held by an answer."""
    offered(world)
    batch(world)
    ready, held, lost = offered(world), offered(world), offered(world)
    with world.runtime.database.transaction() as session:
        move(session, held.id, CaseTrigger.HOLD, world.operator, world.now, note="A call.",
             carries={"kind": HoldKind.QUESTION})  # fmt: skip
        session.get_one(Case, lost.id).recipient_address = ""
    with world.runtime.database.reading() as session:
        found = {section.key: section for section in worklist.queue(session, world.now)}
        dry_run = batches.candidates(session, world.now)
    paper = found["post"]
    assert paper.count == 3 and len([each for each in dry_run if each.reason is None]) == 1
    assert paper.lead == (
        "1 letter is ready for the next batch. 1 is printed and was not posted. "
        "Left out: 1 × An answer came in before this letter left. "
        "Left out: 1 × No postal address of the recipient is known."
    )
    told = {(item.case.id if item.case else None): (str(item.what), str(item.why)) for item in paper.items}
    assert told[ready.id] == ("Offer: waits for a batch", "")
    assert told[held.id] == (
        "Offer: left out of the next batch", "An answer came in before this letter left.",
    )  # fmt: skip
    assert told[lost.id][1] == "No postal address of the recipient is known."
    page = words(world.as_operator().page("/operator/queue"))
    assert "Letters for the post 3" in page and "1 letter is ready for the next batch." in page


def test_letters_that_are_held_keep_no_ready_one_out_of_the_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest are held; there is room for one letter in a batch."""
    rules = dataclasses.replace(batches.post_rules(world.now.date()), batch_letters=1)
    monkeypatch.setattr(batches, "post_rules", lambda _day: rules)
    held, ready = offered(world), offered(world)
    assert world.recipient(held).press("/answer/ask", {"text": "Who are you?"}).status_code == 303
    with world.runtime.database.reading() as session:
        assert [each.case.id for each in batches.candidates(session, world.now)] == [ready.id]
    assert batch(world).letters == 1


def test_pressing_twice_makes_one_batch(world: World) -> None:
    offered(world)
    operator = world.as_operator()
    to, fields = operator.form("/operator/post/", {}, "/batches")
    assert [operator.send(to, fields).status_code for _ in range(2)] == [303, 303]
    other = world.as_operator().press(
        "/operator/post/", {}, action="/batches"
    )  # a colleague, at the same time
    assert other.status_code == 303
    world.work()
    assert world.count(PostBatch) == 1
    made = world.all(PostBatch)[0]
    post(world, made)
    assert "posted or was taken out already" in post(world, made)
    assert [entry for entry in world.history(world_case(world)) if entry == "case:letter_posted"] == [
        "case:letter_posted"
    ]


def world_case(world: World) -> Made:
    [case] = world.all(Case)
    return Made(case.id, case.reference, "")


@pytest.mark.parametrize("moment", ["bind", "store"])
def test_a_batch_that_dies_leaves_nothing_half(
    world: World, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    offered(world)
    died: list[str] = []

    def die(name: str) -> None:
        if name == f"post.after_{moment}" and not died:
            died.append(name)
            raise RuntimeError(name)

    monkeypatch.setattr(batches, "failpoint", die)
    assert world.as_operator().press("/operator/post/", {}, action="/batches").status_code == 303
    Worker(world.runtime, handlers(world.gateway)).drain()
    assert died and world.count(PostBatch) == 0 and deliveries(world) == [("post", 1, "waiting")]
    world.clock.advance(timedelta(minutes=10))
    world.work()
    assert world.count(PostBatch) == 1 and deliveries(world) == [("post", 1, "batched")]


def test_a_case_that_moves_while_its_letter_is_bound_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = offered(world), offered(world)
    asked: list[str] = []

    def answer(name: str) -> None:
        if name == "post.after_bind" and not asked:
            asked.append(name)
            assert world.recipient(first).press("/answer/ask", {"text": "Wait."}).status_code == 303

    monkeypatch.setattr(batches, "failpoint", answer)
    made = batch(world)
    assert asked and made.letters == 1
    assert second.reference in text_of(pdf_of(world, made, listed=True))
    assert first.reference not in text_of(pdf_of(world, made))


def test_a_batch_is_never_changed(world: World) -> None:
    offered(world)
    made = batch(world)
    with pytest.raises(Exception, match="append-only"), world.runtime.database.transaction() as session:
        session.get_one(PostBatch, made.id).letters = 5


def test_a_letter_without_any_way_is_refused_with_a_sentence(world: World) -> None:
    made = world.submitted()
    operator = world.as_operator()
    page = f"/operator/cases/{made.id}/recipient"
    answer = operator.press(page, {"email": "", "address": ""})
    assert answer.status_code == 422 and "no way to travel" in words(answer.text)
    answer = operator.press(page, {"email": "", "address": "\n".join(["Weg 1"] * 5)})
    assert answer.status_code == 422 and "window of the envelope" in words(answer.text)
    answer = operator.press(page, {"address": "", "channel": "post"})
    assert answer.status_code == 422 and "chosen to go by post" in words(answer.text)


def test_the_operator_chooses_the_way_after_the_offer(world: World) -> None:
    case = world.offered()
    operator = world.as_operator()
    answer = operator.press(f"/operator/cases/{case.id}/ways", {"choice": "post", "note": "Asked for paper"})
    assert answer.status_code == 303, words(answer.text)
    world.until(date(2024, 3, 18))
    assert [(row.kind.value, row.channel.value) for row in world.all(Letter, Letter.queued_at)] == [
        ("offer", "mail"), ("reminder", "post"),
    ]  # fmt: skip
    assert len(world.mails("office@example.org")) == 1


def test_licence_and_receipt_on_paper_follow_a_letter_with_a_window(world: World) -> None:
    case = offered(world)
    post(world, batch(world))
    world.paid(case)
    made = batch(world)
    pdf = pdf_of(world, made)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) == 6  # three documents of one sheet: German in front, English behind
    assert "vielen Dank. Ihre Zahlung" in text_of(pdf, 1) and "Thank you. Your payment" in text_of(pdf, 2)
    assert "Lizenzurkunde" in text_of(pdf, 3) and "Licence certificate" in text_of(pdf, 4)
    assert "Quittung" in text_of(pdf, 5) and "Receipt" in text_of(pdf, 6)


def boxes(pdf: bytes, page: int) -> list[tuple[str, float, float, float, float]]:
    """Every word of a page with its edges in millimetres: left, top, right, bottom."""
    done = subprocess.run(
        ["pdftotext", "-bbox", "-f", str(page), "-l", str(page), "-", "-"],
        input=pdf,
        capture_output=True,
        check=True,
    )
    tree = etree.fromstring(done.stdout, etree.XMLParser(recover=True))
    return [
        (word.text, *(float(word.get(edge)) / POINTS_PER_MM for edge in ("xMin", "yMin", "xMax", "yMax")))
        for word in tree.iter("{*}word")
    ]  # fmt: skip


@pytest.mark.parametrize("country", ["DE", "AT"])
def test_the_address_lies_in_the_window_of_din_5008_form_b(world: World, country: str) -> None:
    longest = "Gesellschaft Abteilung Bildrechte Postfach 77"
    offered(
        world,
        address=f"{longest}\nz. Hd. Erika Mustermann\nMusterstraße 12 a\n10115 Musterstadt",
        country=country,
    )
    pdf = pdf_of(world, batch(world))
    lines = [
        "Example Walks Ltd",
        longest,
        "z. Hd. Erika Mustermann",
        "Musterstraße 12 a",
        "10115 Musterstadt",
    ]
    wanted = " ".join([*lines, "AUSTRIA"] if country == "AT" else lines).split()
    found = [box for box in boxes(pdf, 1) if 55 < box[2] < 95 and box[1] < 105]
    assert [box[0] for box in found][-len(wanted) :] == wanted
    for word, left, top, right, bottom in found:
        assert left >= 20 and right <= 105 and top >= 45 and bottom <= 90, (word, left, top, right, bottom)
    # nothing else shows through: the block on the right begins beyond the window
    assert (
        min(box[1] for box in boxes(pdf, 1) if 45 < box[2] < 90 and box not in found and box[1] > 105) > 105
    )


def test_every_document_begins_on_an_odd_page(world: World) -> None:
    one, two = bound_pages(world, 1), bound_pages(world, 2)
    data, counts = bind([one, two, one])
    assert counts == [2, 2, 2] and page_count(data) == 6
    assert bind([one, two, one])[0] == data
    with pytest.raises(Refused, match="nothing to print"):
        bind([])


def bound_pages(world: World, pages: int) -> bytes:
    text = "<p style='break-after: page'>x</p>" * (pages - 1)
    return world.runtime.press.print(
        f"<html lang='en'><title>t</title><body>{text}<p>end</p></body></html>", {}
    )


def test_numbers_of_registered_mail_are_checked() -> None:
    assert registered_number("rr 123456785 de") == "RR123456785DE"
    assert registered_number("") == ""
    assert registered_number("00340434161094000000") == "00340434161094000000"
    for wrong in ("RR123456784DE", "RR12", "RR123456785D€", "x" * 40):
        with pytest.raises(Refused):
            registered_number(wrong)


def test_an_offer_that_was_withheld_is_released_with_the_present_date(world: World) -> None:
    made = world.submitted()
    with world.runtime.database.transaction() as session:
        fee = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        set_price(session, made.id, fee, world.operator, world.now)
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
        move(
            session,
            made.id,
            CaseTrigger.HOLD,
            world.operator,
            world.now,
            note="Called us",
            carries={"kind": "question"},
        )
    world.work()
    assert world.letters(made)[0][3] == "withheld" and world.mails("office@example.org") == []
    world.until(date(2024, 3, 11))
    operator = world.as_operator()
    assert "Release" not in words(operator.page("/operator/letters/"))
    decide(world, made)
    assert operator.press("/operator/letters/", {}, action="/release").status_code == 303
    assert checks.look(world.runtime) == [], "a second try has a message of its own"
    world.work()
    # Monday, 11 March: fourteen days later is the 25th
    assert world.letters(made) == [("offer", "2024-03-11", "2024-03-25", "sent")]
    assert len(world.mails("office@example.org")) == 1
    assert next_date(world, made) == (date(2024, 3, 25), DeadlineState.OPEN)
    assert [row.attempt for row in world.all(LetterDelivery)] == [1, 2]


def test_a_mail_that_waited_is_printed_anew_with_the_present_date(world: World) -> None:
    made = world.submitted()
    with world.runtime.database.transaction() as session:
        fee = from_stored(session.get_one(Case, made.id).uses[0].match_facts["fee_facts"])
        set_price(session, made.id, fee, world.operator, world.now)
        move(session, made.id, CaseTrigger.OFFER, world.operator, world.now)
    # the worker prints, then is down until Wednesday
    known = {kind: how for kind, how in handlers(world.gateway).items() if kind != "letter.send"}
    worker = Worker(world.runtime, known)
    while not (world.all(Letter)[0].enclosures):
        assert worker.run_once()
    world.clock.advance(timedelta(days=5))
    world.work()
    assert world.letters(made) == [("offer", "2024-03-06", "2024-03-21", "sent")]
    [mail] = world.mails("office@example.org")
    attached = mail.attachments[0]
    assert "6 Mar 2024" in text_of(attached if isinstance(attached, bytes) else attached.data)


def test_nothing_becomes_formal_before_the_person_has_looked(world: World) -> None:
    case = world.offered()
    world.until(date(2024, 5, 10))
    assert world.case(case).state is CaseState.REMINDED
    assert "has not yet" in words(world.as_operator().page(f"/operator/cases/{case.id}"))
    world.look()
    world.days_pass(1)
    assert world.case(case).state is CaseState.IN_DUNNING


def test_an_agreed_case_that_is_not_paid_comes_back_to_a_person(world: World) -> None:
    case = world.offered()
    with world.runtime.database.transaction() as session:
        move(session, case.id, CaseTrigger.AGREE, world.operator, world.now)
    assert next_date(world, case) == (date(2024, 3, 15), DeadlineState.OPEN)
    world.until(date(2024, 3, 15))
    assert world.case(case).needs_a_look and world.case(case).state is CaseState.AGREED
    assert len(world.letters(case)) == 1
    world.look()
    # fourteen days later is Good Friday; Easter Monday follows
    assert next_date(world, case) == (date(2024, 4, 2), DeadlineState.OPEN)
