"""The owner's pages over HTTP: list, upload with and without scripts, one photograph, its pictures."""

from __future__ import annotations

import io
import json
import re
import uuid

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from workflow.kernel.actors import Role
from workflow.kernel.runtime import Runtime
from workflow.works import found
from workflow.works.models import Work

from . import files
from .conftest import Browser, Intake, People
from .test_photographs import room_for_two  # noqa: F401 - a fixture

LIST, UPLOAD = "/photographs/", "/photographs/upload"


@pytest.fixture
def work_id(take_in: Intake) -> uuid.UUID:
    record = take_in(files.with_exif(Artist=files.SCRIPT, Copyright="© Example"), "<b>crab</b>.jpg")
    assert record.work_id
    return record.work_id


def test_the_empty_list_says_what_to_upload(browser: Browser) -> None:
    page = browser.page(LIST)
    assert "No photographs yet" in page and "0 of 1,000" in page and "openly on the web" in page


def test_a_plain_form_shows_a_verdict_per_file(browser: Browser, runtime: Runtime) -> None:
    answer = browser.upload(
        ("crab.jpg", files.photo()), ("notes.pdf", b"%PDF-1.7"), ("again.jpg", files.photo()),
        online_since="March 2022", published_where="shop.example.org",
    )  # fmt: skip
    assert answer.status_code == 303
    page = browser.page(answer.headers["Location"])
    words = re.findall(r'class="chip chip-\w+">.*?</svg>\s*([^<]+)<', page, re.DOTALL)
    assert words == ["Accepted", "Unreadable", "Already there"]
    assert "Save it as JPEG" in page and "1 of 1,000" in page
    with runtime.database.reading() as session:
        work = session.scalars(select(Work)).one()
        assert (work.online_since, work.published_where) == ("March 2022", "shop.example.org")


def test_a_script_gets_one_row_per_file(browser: Browser) -> None:
    answer = browser.upload(("crab.jpg", files.photo()), accept="application/json")
    (row,) = json.loads(answer.data)["files"]
    assert answer.status_code == 200 and (row["name"], row["kind"]) == ("crab.jpg", "done")
    assert browser.get(row["href"]).status_code == 200
    again = browser.upload(("other.jpg", files.photo()), accept="application/json")
    assert again.status_code == 200 and json.loads(again.data)["files"][0]["href"] == row["href"]


def test_no_file_and_too_many_files_are_sentences(browser: Browser, take_in: Intake) -> None:
    none = browser.post(UPLOAD, {"photographs": (io.BytesIO(b""), "")})
    assert none.status_code == 422 and "choose at least one photograph" in none.get_data(as_text=True)
    missing = browser.post(UPLOAD, {}, Accept="application/json")
    assert missing.status_code == 422 and "choose at least one" in missing.json["reasons"][0]
    many = browser.upload(*[(f"{n}.jpg", b"x") for n in range(41)])
    assert many.status_code == 422 and "At most 40 files" in many.get_data(as_text=True)
    assert take_in.count(Work) == 0


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(browser: Browser) -> None:
    told = {"CONTENT_LENGTH": str(10**12), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = browser.client.post(UPLOAD, environ_overrides=told)
    assert answer.status_code == 413


def test_a_form_without_its_token_is_refused(browser: Browser, take_in: Intake) -> None:
    answer = browser.client.post(UPLOAD, data={"photographs": (io.BytesIO(files.photo()), "a.jpg")})
    assert answer.status_code == 400 and take_in.count(Work) == 0


def test_a_full_quota_is_said_before_choosing(browser: Browser, take_in: Intake, room_for_two: None) -> None:  # noqa: F811
    for number in (6, 7):
        take_in(files.photo(number))
    page = browser.page(UPLOAD)
    assert "All 2 places" in page and 'type="file"' not in page


def test_what_the_file_says_is_shown_escaped(browser: Browser, work_id: uuid.UUID) -> None:
    for path in (LIST, f"/photographs/{work_id}", f"/photographs/{work_id}/edit"):
        page = browser.page(path)
        assert files.SCRIPT not in page and "<b>crab" not in page
    assert "&lt;script&gt;" in browser.page(f"/photographs/{work_id}")


def test_search_and_pages(browser: Browser, take_in: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.works.queries.PAGE_SIZE", 2)
    for number in (6, 7, 8):
        take_in(files.photo(number), f"picture {number}.jpg")
    first, second = browser.page(LIST), browser.page(f"{LIST}?page=2")
    assert "Page 1 of 2" in first and first.count("/thumb") == 2 and second.count("/thumb") == 1
    for odd in ("page=0", "page=-5", "page=99999999999999999999", "page=x", "q=%00%F0%9F"):
        assert browser.get(f"{LIST}?{odd}").status_code == 200
    assert "No photograph holds these words" in browser.page(f"{LIST}?q=zebra")


def test_pictures_are_kept_by_the_browser_and_asked_for_by_etag(browser: Browser, work_id: uuid.UUID) -> None:
    for kind, side in (("display", 1400), ("thumb", 360)):
        answer = browser.get(f"/photographs/{work_id}/{kind}")
        assert answer.mimetype == "image/jpeg" and max(Image.open(io.BytesIO(answer.data)).size) == side
        assert (
            "private" in answer.headers["Cache-Control"] and "public" not in answer.headers["Cache-Control"]
        )
        again = browser.get(f"/photographs/{work_id}/{kind}", **{"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_the_original_is_only_handed_out(browser: Browser, work_id: uuid.UUID) -> None:
    answer = browser.get(f"/photographs/{work_id}/original")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.data == files.with_exif(Artist=files.SCRIPT, Copyright="© Example")


def test_others_see_nothing_and_staff_only_our_copies(
    desk: Flask, people: People, work_id: uuid.UUID
) -> None:
    people.person("bo@example.org")
    people.person("desk@example.org", Role.OPERATOR)
    other, staff = Browser(desk).log_in("bo@example.org"), Browser(desk).log_in("desk@example.org")
    own, office = f"/photographs/{work_id}", f"/operator/photographs/{work_id}"
    for path in (own, f"{own}/edit", f"{own}/display", f"{own}/thumb", f"{own}/original"):
        assert other.get(path).status_code == 404, path
        assert staff.get(path).status_code == 404, path
    assert [staff.get(f"{office}/{kind}").status_code for kind in ("display", "thumb", "original", "x")] == [
        200, 200, 404, 404,
    ]  # fmt: skip
    assert other.get(f"{office}/thumb").status_code == 404
    assert Browser(desk).get(f"{own}/display").status_code == 303


def test_editing_keeps_the_words_and_tells_a_stale_page(browser: Browser, work_id: uuid.UUID) -> None:
    edit, show = f"/photographs/{work_id}/edit", f"/photographs/{work_id}"
    words = {"title": "Red crab", "creator": "A. Example", "version": "1"}
    assert browser.post(edit, words).headers["Location"].endswith(show)
    assert "Red crab" in browser.page(show)
    stale = browser.post(edit, {**words, "title": "Other"})
    assert stale.status_code == 409 and "Red crab" in browser.page(show)
    for bad in ({"title": ""}, {"title": "a\x00b"}, {"title": "x" * 301}, {"title": "x", "version": "x"}):
        assert browser.post(edit, {"version": "2", **bad}).status_code == 422, bad
    assert "Red crab" in browser.page(show)


def test_where_it_was_found_is_told_by_whoever_knows(
    browser: Browser, desk: Flask, work_id: uuid.UUID
) -> None:
    show = f"/photographs/{work_id}"
    assert "No copy has been found so far" in browser.page(show)
    copy = found.FoundCopy("Shop at example.org", "/hits/1", "first seen 1 Mar 2026", "waiting", "To judge")
    found.install(desk, lambda _session, _actor, key: [copy] if key == work_id else [])
    page = browser.page(show)
    assert "Shop at example.org" in page and "To judge" in page and 'href="/hits/1"' in page
