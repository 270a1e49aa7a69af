"""Photographs through the service: duplicates, quota, notes, editing, and what the matcher reads."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from detection.types import Reference
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.documents import Document
from workflow.kernel.errors import NotFound, Stale
from workflow.kernel.runtime import Runtime
from workflow.works import queries, rules, services
from workflow.works.models import Work
from workflow.works.states import UploadVerdict

from . import files
from .conftest import NOON, Intake, People


@pytest.fixture
def room_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another edition of the numbers, as if data/rules.yaml said so."""
    small = dataclasses.replace(rules.editions()[-1], photographs_per_owner=2)
    monkeypatch.setattr(rules, "editions", lambda: (small,))


def test_the_same_bytes_twice_lead_to_the_one_that_is_there(take_in: Intake, runtime: Runtime) -> None:
    first, second = take_in(files.photo(), "a.jpg"), take_in(files.photo(), "b.jpg")
    assert second.verdict is UploadVerdict.DUPLICATE and second.work_id == first.work_id
    assert [take_in.count(m) for m in (Work, Document)] == [1, 3]


def test_two_at_the_same_moment_are_one(take_in: Intake) -> None:
    records = []
    threads = [threading.Thread(target=lambda: records.append(take_in(files.photo()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.verdict for r in records) == ["accepted", "duplicate", "duplicate"]
    assert take_in.count(Work) == 1


def test_another_owner_may_have_the_same_photograph(take_in: Intake, people: People) -> None:
    other = people.person("bo@example.org")
    take_in(files.photo())
    assert take_in(files.photo(), owner=other).verdict is UploadVerdict.ACCEPTED


def test_the_same_picture_in_another_file_is_taken_and_named(take_in: Intake) -> None:
    take_in(files.photo(), "red crab.jpg")
    record = take_in(files.saved(files.opened(), quality=80), "again.jpg")
    assert record.verdict is UploadVerdict.ACCEPTED
    assert "looks the same as" in record.sentence


def test_a_full_quota_is_a_verdict_with_a_sentence(take_in: Intake, room_for_two: None) -> None:
    records = [take_in(files.photo(n)) for n in (6, 7, 8)]
    assert records[2].verdict is UploadVerdict.REFUSED and records[2].code == "quota"
    assert records[2].sentence == "All 2 places for photographs are taken."
    assert take_in.count(Work) == 2
    assert take_in(files.photo(6)).verdict is UploadVerdict.DUPLICATE


def test_originals_are_sealed_under_the_owner(take_in: Intake, runtime: Runtime) -> None:
    take_in(files.photo())
    stored = [path.read_bytes() for path in runtime.config.vault_dir.rglob("*") if path.is_file()]
    assert len(stored) == 3 and not any(b"JFIF" in data or b"\xff\xd8\xff" in data[:64] for data in stored)


def test_the_matcher_reads_every_photograph(take_in: Intake, runtime: Runtime, people: People) -> None:
    other = people.person("bo@example.org")
    records = [take_in(files.photo(6)), take_in(files.photo(7), owner=other)]
    with runtime.database.reading() as session:
        found = list(queries.references(session))
    assert [type(f) for f in found] == [Reference, Reference]
    assert [f.work_id for f in found] == [str(r.work_id) for r in records]
    fresh = runtime.decoder.fingerprint(files.photo(6))  # type: ignore[attr-defined]
    assert found[0].fingerprint == fresh


def test_titles_come_from_the_file_then_from_its_name(take_in: Intake, runtime: Runtime) -> None:
    named = files.after_start(files.saved(files.opened(7)), files.iptc_block([(2, 5, b"Harbour at dawn")]))
    take_in(named, "dsc_0001.jpg")
    take_in(files.saved(files.opened(8)), "red panda.jpg")
    with runtime.database.reading() as session:
        titles = set(session.scalars(select(Work.title)))
    assert titles == {"Harbour at dawn", "red panda"}


def words(**changes: str) -> services.WorkWords:
    return services.WorkWords(**{
        "title": "Crab", "creator": "A. Example", "credit_line": "", "copyright_notice": "",
        "online_since": "2022", "published_where": "example.org", **changes,
    })  # fmt: skip


def test_editing_is_told_once_and_stale_pages_are_refused(
    take_in: Intake, runtime: Runtime, owner: Actor
) -> None:
    work_id = take_in(files.photo()).work_id
    assert work_id
    later = NOON + timedelta(days=1)
    with runtime.database.transaction() as session:
        work = services.edit_work(session, work_id, words(), 1, owner, later)
        assert (work.title, work.version) == ("Crab", 2)
    with runtime.database.transaction() as session:
        assert services.edit_work(session, work_id, words(), 2, owner, later).version == 2
        with pytest.raises(Stale):
            services.edit_work(session, work_id, words(title="Other"), 1, owner, later)
    with runtime.database.reading() as session:
        told = [entry.action for entry in audit.history(session, "work", work_id)]
    assert told == ["work:add", "work:edit"]


def test_foreign_photographs_do_not_exist(take_in: Intake, runtime: Runtime, people: People) -> None:
    other, staff = people.person("bo@example.org"), people.person("desk@example.org", Role.OPERATOR)
    partner = people.person("law@example.org", Role.LEGAL_PARTNER)
    work_id = take_in(files.photo()).work_id
    assert work_id
    with runtime.database.transaction() as session:
        assert queries.photograph(session, staff, work_id).id == work_id
        for foreign in (other, partner):
            with pytest.raises(NotFound):
                queries.photograph(session, foreign, work_id)
        with pytest.raises(NotFound):
            services.edit_work(session, work_id, words(), 1, other, NOON)
        with pytest.raises(NotFound):
            queries.photograph(session, staff, uuid.uuid4())
        assert queries.photographs(session, other).works == []


def test_the_search_takes_words_literally(take_in: Intake, runtime: Runtime, owner: Actor) -> None:
    take_in(files.saved(files.opened(7)), "Blue 100% sea.jpg")
    take_in(files.saved(files.opened(8)), "Blue 100 sea.jpg")
    with runtime.database.reading() as session:
        found = {
            text: [w.title for w in queries.photographs(session, owner, text).works]
            for text in ("blue sea", "100%", "_", "' OR 1=1 --")
        }
        beyond = queries.photographs(session, owner, "", 10**30)
    assert found["blue sea"] == ["Blue 100 sea", "Blue 100% sea"]
    assert found["100%"] == ["Blue 100% sea"]
    assert found["_"] == found["' OR 1=1 --"] == []
    assert (beyond.page, len(beyond.works)) == (1, 2)
