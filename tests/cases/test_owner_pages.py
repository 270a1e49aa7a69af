"""The rights-holder's cases over HTTP: list, JSON, one case, what to do, letters without the code."""

from __future__ import annotations

import json
import re
import subprocess

from sqlalchemy import select

from workflow.cases.letters import code_of
from workflow.cases.models import Case, LetterDocument
from workflow.cases.services import ProofFile, move
from workflow.cases.states import CaseState, HoldKind

from .conftest import OWNER, Browser, House


def ask(house: House, case_id: object, note: str) -> None:
    with house.runtime.database.transaction() as session:
        move(session, case_id, "ask_owner", house.staff, house.clock.business(), note=note)


def test_the_empty_list_says_what_comes_first(owner: Browser) -> None:
    page = owner.page("/cases/")
    assert "No cases yet" in page and "submit it" in page


def test_the_list_filters_by_stage_and_words(house: House, owner: Browser) -> None:
    new = house.case(house.submitted(host="news.example.org")).reference
    out = house.case(house.offered(host="walks.example.org")).reference
    page = owner.page("/cases/")
    assert new in page and out in page and "385,20" in page

    def listed(asked: str) -> str:  # the bell above the list names both
        return owner.page(f"/cases/?{asked}").partition("<main")[2]

    assert out in listed("stage=offer") and new not in listed("stage=offer")
    assert new in listed("q=NEWS") and out not in listed("q=news")
    assert out in listed(f"q={out.lower().replace('-', '')}")
    assert "No case fits" in owner.page("/cases/?q=zebra")
    for odd in ("stage=x", "before=x", "after=0", "q=%25", "q=%00", "state=offered&stage=closed"):
        assert owner.get(f"/cases/?{odd}").status_code == 200, odd


def test_json_says_the_same(house: House, owner: Browser) -> None:
    case_id = house.offered()
    (row,) = json.loads(owner.get("/cases/", Accept="application/json").data)["cases"]
    one = json.loads(owner.get(f"/cases/{case_id}", Accept="application/json").data)
    assert row == one
    assert (one["stage"], one["state"], one["amount_minor"], one["currency"]) == (
        "offer",
        "offered",
        38520,
        "EUR",
    )
    assert one["reference"] == house.case(case_id).reference and one["url"].endswith(f"/cases/{case_id}")
    assert one["next_date"] == house.case(case_id).answer_by.isoformat()


def test_a_case_shows_the_share_of_the_frozen_terms(house: House, owner: Browser) -> None:
    case_id = house.offered()
    page = owner.page(f"/cases/{case_id}")
    assert "198,00" in page and "55 % of" in page  # 55 % of 360,00 net
    assert "The other side’s turn" in page and "Answer by" in page
    assert "The photographer was not named" in page


def test_what_is_missing_is_asked_and_sent(house: House, owner: Browser) -> None:
    case_id = house.submitted()
    assert "What we need from you" not in owner.page(f"/cases/{case_id}")
    ask(house, case_id, "Which licence did you sell in 2021?")
    page = owner.page(f"/cases/{case_id}")
    assert "Your turn" in page and "Which licence did you sell in 2021?" in page and "15 Mar 2024" in page
    act, version = f"/cases/{case_id}/act", str(house.case(case_id).version)
    answer = {"trigger": "complete", "note": "None to them.", "version": version}
    show = f"/cases/{case_id}"
    assert owner.post(act, {**answer, "note": " "}, page=show).status_code == 422
    assert owner.post(act, answer, page=show).status_code == 303
    assert owner.post(act, answer, page=show).status_code == 409
    assert house.case(case_id).state is CaseState.SUBMITTED
    assert "None to them." in owner.page(show)


def test_withdrawing_is_possible_until_the_offer(house: House, owner: Browser) -> None:
    case_id, out = house.submitted(), house.offered(host="other.example.org")
    show, act = f"/cases/{case_id}", f"/cases/{case_id}/act"
    assert "Nobody was written to, and nobody will be." in owner.page(show)
    late = {"trigger": "withdraw", "version": str(house.case(out).version)}
    assert "Withdraw" not in owner.page(f"/cases/{out}")
    assert owner.post(f"/cases/{out}/act", late, page=show).status_code == 422
    steal = {"trigger": "offer", "version": str(house.case(case_id).version)}
    assert owner.post(act, steal, page=show).status_code == 422
    done = {"trigger": "withdraw", "version": str(house.case(case_id).version)}
    assert owner.post(act, done, page=show).status_code == 303
    assert house.case(case_id).state is CaseState.CLOSED
    assert "Closed: withdrawn" in owner.page(show)


def test_the_recipients_words_and_files_stay_private(house: House, owner: Browser) -> None:
    case_id = house.offered()
    house.answers(
        case_id, HoldKind.OBJECTION, "My illness kept me from it.",
        ProofFile("diagnosis.pdf", "application/pdf", b"%PDF-1.7 x"),
    )  # fmt: skip
    page = owner.page(f"/cases/{case_id}")
    assert "The other side objects" in page and "1 file sent along" in page and "Our turn" in page
    assert "illness" not in page and "diagnosis" not in page


def test_a_letter_is_shown_without_the_code_that_opens_the_portal(house: House, owner: Browser) -> None:
    case_id = house.offered()
    with house.runtime.database.reading() as session:
        case = session.get_one(Case, case_id)
        code = code_of(session, house.runtime.vault, case)
        sealed = session.scalars(select(LetterDocument).where(LetterDocument.position == 0)).one().document_id
        original = house.runtime.vault.get(session, sealed)
    link = re.search(rf'href="(/cases/{case_id}/documents/[0-9a-f-]+)"', owner.page(f"/cases/{case_id}"))
    assert link
    answer = owner.get(link[1])
    assert answer.mimetype == "application/pdf"
    assert code in words_of(original)
    shown = words_of(answer.data)
    assert code not in shown and "known to the recipient only" in shown and "385,20" in shown
    # the evidence of a stage that is over: the offer keeps its sum after it turned into damages
    house.days_pass(70, looked_at=True)
    again = house.browser(OWNER).get(link[1])
    assert "385,20" in words_of(again.data) and "360,00" in house.browser(OWNER).page(f"/cases/{case_id}")


def test_somebody_elses_case_does_not_exist(house: House, owner: Browser) -> None:
    foreign = house.offered("bo@example.org")
    case = house.case(foreign)
    with house.runtime.database.reading() as session:
        document = (
            session.scalars(select(LetterDocument).where(LetterDocument.position == 0)).one().document_id
        )
    base = f"/cases/{foreign}"
    for path in (base, f"{base}/documents/{document}", f"{base}/uses/{case.uses[0].id}/photograph"):
        assert owner.get(path).status_code == 404, path
        assert owner.get(path, Accept="application/json").status_code == 404, path
    own = house.submitted()
    assert owner.get(f"/cases/{own}/documents/{document}").status_code == 404
    data = {"trigger": "withdraw", "version": str(case.version)}
    assert owner.post(f"{base}/act", data, page=f"/cases/{own}").status_code == 404
    assert house.browser("desk@example.org").get(base).status_code == 404
    assert case.reference not in owner.page("/cases/")
    assert owner.get(f"/cases/{own}/uses/{house.case(own).uses[0].id}/page").status_code == 404


def test_what_comes_from_outside_is_escaped(house: House, owner: Browser) -> None:
    case_id = house.submitted(host="<b>evil</b>.example.org")
    page = owner.page(f"/cases/{case_id}")
    assert "<b>evil" not in page and "&lt;b&gt;evil" in page


def words_of(pdf: bytes) -> str:
    """The text of a PDF."""
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().replace("\u00a0", " ")
