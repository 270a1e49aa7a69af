"""Coming in: who knows both may enter, everybody else learns nothing, and nobody can be kept out."""

from __future__ import annotations

import re
import time
from statistics import median

from sqlalchemy import event, select
from werkzeug.test import TestResponse

from tests.portal.house import Browser, House, words
from workflow.cases.models import Case
from workflow.cases.services.submitting import CODE_PURPOSE
from workflow.cases.states import CaseTrigger
from workflow.kernel.actors import Actor, Role
from workflow.kernel.audit import AuditEntry
from workflow.kernel.ids import case_reference, normalise_code
from workflow.portal import entry
from workflow.portal.models import EntryAttempt, PortalSession
from workflow.portal.public_routes import NO_ENTRY

WRONG = "44444-44444-44444-44444"
#: Well formed, and not given to any case.
UNKNOWN = case_reference(lambda _below: 7)


def bare(answer: TestResponse) -> str:
    """The page without the values of its fields: the form's token and the words that were typed."""
    return re.sub(r'value="[^"]*"', "value", answer.get_data(as_text=True))


def test_reference_and_code_open_the_case(house: House) -> None:
    case = house.offered()
    browser = house.browser()
    answer = browser.enter(case.reference.lower().replace("-", " "), case.code.lower().replace("-", " "))
    assert (answer.status_code, answer.location) == (303, "/case")
    assert case.reference in browser.text("/case")


def test_wrong_code_unknown_reference_and_hidden_case_get_one_answer(house: House) -> None:
    case, other, hidden = house.offered(), house.offered(), house.submitted()
    tries = [
        (case.reference, WRONG),
        (UNKNOWN, WRONG),
        (case.reference, other.code),
        (hidden.reference, hidden.code),
        ("nonsense' OR 1=1", WRONG),
        (f"{case.reference[:-1]}{'3' if case.reference[-1] != '3' else '4'}", case.code),
    ]
    pages = set()
    for number, (reference, code) in enumerate(tries):
        answer = house.browser(f"10.0.0.{number + 1}").enter(reference, code)
        assert answer.status_code == 422
        assert NO_ENTRY in words(answer)
        pages.add(bare(answer))
    assert len(pages) == 1
    assert house.count(PortalSession) == 0


def test_both_answers_take_the_same_time(house: House) -> None:
    case = house.offered()
    taken: dict[str, list[float]] = {case.reference: [], UNKNOWN: []}
    database, keys, clock = house.runtime.database, house.runtime.secrets, house.clock
    for turn in range(40):
        for reference, times in taken.items():
            attempt = entry.Attempt(reference, WRONG, f"10.1.{turn}.{len(times)}")
            began = time.perf_counter()
            with database.transaction() as session:
                # each reference is tried less often than its limit would notice
                if turn % 20 == 0:
                    session.query(EntryAttempt).delete()
                assert entry.enter(session, keys, attempt, clock.business(), clock.wall()) is None
            times.append(time.perf_counter() - began)
    known, unknown = taken.values()
    assert abs(median(one - other for one, other in zip(known, unknown, strict=True))) < 0.002


def test_an_address_that_guesses_has_to_wait_and_others_do_not(house: House) -> None:
    case = house.offered()
    guesser = house.browser("10.0.0.1")
    codes = [guesser.enter(case.reference, WRONG).status_code for _ in range(12)]
    assert codes == [422] * 10 + [429] * 2
    stopped = guesser.enter(case.reference, case.code)
    assert stopped.status_code == 429
    assert stopped.headers["Retry-After"] == "900"
    assert house.count(EntryAttempt) == 10
    assert house.browser("10.0.0.2").enter(case.reference, case.code).status_code == 303
    house.later(minutes=16)
    assert guesser.enter(case.reference, case.code).status_code == 303


def test_many_guessers_cannot_keep_the_recipient_out(house: House) -> None:
    case = house.offered()
    for number in range(10):
        for _ in range(3):
            assert house.browser(f"10.0.1.{number}").enter(case.reference, WRONG).status_code == 422
    attacker = house.browser("10.0.2.1")
    assert [attacker.enter(case.reference, WRONG).status_code for _ in range(4)] == [422, 422, 422, 429]
    assert house.browser("10.0.3.1").enter(case.reference, case.code).status_code == 303


def test_attempts_are_kept_without_addresses_and_for_a_day(house: House) -> None:
    case = house.offered()
    house.browser("192.0.2.77").enter(case.reference, WRONG)
    with house.runtime.database.reading() as session:
        row = session.scalars(select(EntryAttempt)).one()
        assert "192.0.2.77" not in (row.source_hash, row.reference_hash)
        assert case.reference not in row.reference_hash
    house.later(days=1, minutes=1)
    house.browser().enter(UNKNOWN, WRONG)
    assert house.count(EntryAttempt) == 1


def test_looking_at_a_link_consumes_nothing_and_is_no_evidence(house: House) -> None:
    case = house.offered()
    before = house.count(AuditEntry)
    scanner = house.browser()
    for path in (f"/c/{case.reference}", "/", f"/verify/{case.reference}", "/verify"):
        for _ in range(3):
            assert scanner.client.get(path).status_code == 200
            assert scanner.client.head(path).status_code == 200
    assert (house.count(AuditEntry), house.count(PortalSession)) == (before, 0)
    assert f'value="{case.reference}"' in scanner.get(f"/c/{case.reference}").get_data(as_text=True)
    house.visitor(case)
    assert house.count(AuditEntry) == before + 1


def test_the_link_tells_nothing_about_which_references_exist(house: House) -> None:
    case = house.offered()
    known, unknown = house.browser().get(f"/c/{case.reference}"), house.browser().get(f"/c/{UNKNOWN}")
    assert known.status_code == unknown.status_code == 200
    assert bare(known) == bare(unknown)
    assert UNKNOWN in unknown.get_data(as_text=True)


def test_pages_of_the_case_are_closed_without_a_session(house: House) -> None:
    case = house.offered()
    stranger = house.browser()
    for path in ("/case", "/pay", "/answer/licence"):
        assert stranger.get(path).location.startswith("/?next=")
    assert stranger.client.post("/pay", data={}).status_code in (400, 401)
    visitor = house.browser()
    answer = visitor.send("/?next=/answer/object", {"reference": case.reference, "code": case.code})
    assert answer.location == "/answer/object"
    assert house.browser().send("/?next=https://evil.example/", {"reference": case.reference, "code": case.code}
                                ).location == "/case"  # fmt: skip


def copied(browser: Browser, thief: Browser) -> Browser:
    """``thief`` has the cookie of ``browser``."""
    cookie = browser.client.get_cookie("lb_portal", domain="portal.localhost")
    assert cookie is not None
    thief.client.set_cookie("lb_portal", cookie.value, domain="portal.localhost")
    return thief


def is_in(browser: Browser) -> bool:
    return browser.get("/case").status_code == 200


def test_the_cookie_carries_the_token_alone_and_an_old_copy_prolongs_nothing(house: House) -> None:
    case = house.offered()
    owner = house.visitor(case)
    thief = copied(owner, house.browser("10.0.0.9"))
    with owner.client.session_transaction() as kept:
        assert set(kept) <= {"portal", "csrf_token", "_flashes"}
    house.later(minutes=61)
    assert not is_in(thief) and not is_in(copied(owner, house.browser()))


def test_a_click_is_noted_at_most_once_a_minute_and_looking_writes_nothing_else(house: House) -> None:
    case = house.offered()
    browser = house.visitor(case)
    written: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if re.match(r"(?i)\s*(insert|update|delete|replace)\b", statement):
            written.append(statement)

    event.listen(house.runtime.database.engine, "before_cursor_execute", hear)
    for _ in range(5):
        assert is_in(browser)
    assert written == []
    house.later(minutes=1)
    for path in ("/case", "/pay", "/answer/ask", "/case"):
        assert browser.get(path).status_code == 200
    [note] = written
    assert note.startswith("UPDATE portal_sessions SET seen_at=")
    house.later(minutes=59)
    assert is_in(browser), "an hour counts from the click that was noted"


def test_a_new_code_ends_every_session_that_was_opened_with_the_old_one(house: House) -> None:
    case, other = house.offered(), house.offered()
    first, second, stranger = house.visitor(case), house.visitor(case), house.visitor(other)
    code = "55555-55555-55555-55555"
    with house.runtime.database.transaction() as session:
        row = session.get_one(Case, case.id)
        row.code_lookup = house.runtime.secrets.peppered(normalise_code(code), CODE_PURPOSE)
    assert not is_in(first) and not is_in(second) and is_in(stranger)
    assert second.client.post("/leave/everywhere", data={}).status_code in (400, 401)
    assert first.enter(case.reference, case.code).status_code == 422
    assert first.enter(case.reference, code).status_code == 303 and is_in(first)


def test_leaving_ends_this_browser_and_leaving_everywhere_all_of_the_case(house: House) -> None:
    case, other = house.offered(), house.offered()
    first, second, third = house.visitor(case), house.visitor(case), house.visitor(case)
    stranger = house.visitor(other)
    thief = copied(first, house.browser())
    assert "This case is open in 3 browsers." in first.text("/case")
    assert "browsers" not in stranger.text("/case")
    assert first.send("/case", {}, to="/leave").status_code == 303
    assert not is_in(first) and not is_in(thief) and is_in(second)
    assert second.send("/case", {}, to="/leave/everywhere").location == "/"
    assert not is_in(second) and not is_in(third) and is_in(stranger)
    assert house.count(PortalSession) == 1


def test_sessions_that_are_over_are_forgotten(house: House) -> None:
    case = house.offered()
    house.visitor(case)
    house.later(minutes=30)
    stays = house.visitor(case)
    house.later(minutes=45)
    with house.runtime.database.transaction() as session:
        entry.forget_old(session, house.clock.wall())
    assert house.count(PortalSession) == 1 and is_in(stays)


def test_leaving_idleness_and_age_end_the_session(house: House) -> None:
    case = house.offered()
    left = house.visitor(case)
    copy = left.client.get_cookie("lb_portal", domain="portal.localhost")
    assert copy is not None
    assert left.send("/case", {}, to="/leave").status_code == 303
    left.client.set_cookie("lb_portal", copy.value, domain="portal.localhost")
    assert left.get("/case").status_code == 303

    idle = house.visitor(case)
    house.later(minutes=61)
    assert idle.get("/case").status_code == 303

    busy = house.visitor(case)
    for _ in range(24):
        house.later(minutes=31)
        status = busy.get("/case").status_code
    assert status == 303


def test_entering_gives_a_new_cookie(house: House) -> None:
    case = house.offered()
    browser = house.browser()
    browser.get("/")
    before = browser.client.get_cookie("lb_portal", domain="portal.localhost")
    browser.enter(case.reference, case.code)
    after = browser.client.get_cookie("lb_portal", domain="portal.localhost")
    assert before is not None and after is not None
    assert before.value != after.value
    assert case.code not in after.value


def test_a_withdrawn_case_was_never_there(house: House) -> None:
    case = house.submitted()
    owner = Actor(Role.RIGHTS_HOLDER, str(house.case(case).owner_id), "Studio Nordlicht")
    house.move(case, CaseTrigger.WITHDRAW, owner)
    assert house.browser().enter(case.reference, case.code).status_code == 422
    assert house.browser().get(f"/verify/{case.reference}").status_code == 404


def test_hostile_input_is_answered_calmly(house: House) -> None:
    case = house.offered()
    browser = house.browser()
    token = browser.send("/", {})
    assert token.status_code == 422
    assert browser.enter("", "").status_code == 422
    assert browser.enter("A" * 5000, WRONG).status_code == 422
    assert browser.enter("\x00", "\x00").status_code == 422
    assert browser.enter(f"\u202e{UNKNOWN}", WRONG).status_code == 422
    assert "{{ 77*77 }}" in browser.enter("{{ 77*77 }}", "{% raw %}").get_data(as_text=True)
    twice = browser.send("/", {"reference": case.reference, "code": [case.code, WRONG]})
    assert twice.status_code == 422
    assert browser.client.post("/", data={"reference": case.reference, "code": case.code}).status_code == 400
    assert browser.enter("A" * 600_000, WRONG).status_code == 413
    assert browser.client.get("/case", headers={"Host": "evil.example"}).status_code == 400
    assert browser.client.get("/leave").status_code in (404, 405)
