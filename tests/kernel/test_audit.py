"""The audit chain: whatever is changed, taken away, added or swapped is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from tests.world import START
from workflow.kernel import audit
from workflow.kernel.actors import SYSTEM, Actor, Role
from workflow.kernel.audit import GENESIS, AuditEntry, AuditSeal
from workflow.kernel.db import Base, Database
from workflow.kernel.ids import new_id

COLUMNS = [
    "action",
    "before",
    "after",
    "label",
    "note",
    "actor_id",
    "actor_name",
    "sequence",
    "previous_hash",
    "hash",
]
OPERATOR = Actor(Role.OPERATOR, "42", "Kim Example")


def chains(lengths: list[int]) -> Database:
    """A database without triggers, as somebody with every right sees it."""
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.transaction() as session:
        for length in lengths:
            subject = new_id()
            for n in range(length):
                audit.record(
                    session, "case", subject, f"case:step{n}", OPERATOR if n % 2 else SYSTEM,
                    START + timedelta(hours=n), before=f"s{n}", after=f"s{n + 1}", label="Step", note=f"n{n}",
                )  # fmt: skip
        audit.seal(session, START)
    return database


def found(database: Database) -> list[str]:
    with database.reading() as session:
        return audit.check(session)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.data())
def test_any_change_is_found(lengths: list[int], data: Any) -> None:
    database = chains(lengths)
    assert found(database) == []
    column = data.draw(st.sampled_from(COLUMNS))
    with database.transaction() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        entry = data.draw(st.sampled_from(entries))
        value = 99 if column == "sequence" else "0" * 63 + "f" if "hash" in column else "changed"
        session.execute(
            text(f"UPDATE audit_entries SET {column} = :v WHERE hash = :h"), {"v": value, "h": entry.hash}
        )
    assert found(database)
    database.dispose()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.data())
def test_what_is_taken_away_is_missed(lengths: list[int], data: Any) -> None:
    database = chains(lengths)
    with database.transaction() as session:
        entry = data.draw(st.sampled_from(session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()))
        session.execute(text("DELETE FROM audit_entries WHERE hash = :h"), {"h": entry.hash})
    assert found(database), "even the last entry of a chain, for its head is sealed"
    database.dispose()


def test_a_chain_written_anew_from_its_start_does_not_fit_the_seal(database: Database) -> None:
    clean = chains([3])
    with clean.transaction() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        previous = GENESIS
        for entry in entries:
            entry.note, entry.previous_hash = "another story", previous
            entry.hash = previous = entry.computed_hash()
    assert any("that is gone" in sentence for sentence in found(clean))
    clean.dispose()


def test_seals_are_a_chain_of_their_own(database: Database) -> None:
    subject = new_id()
    with database.transaction() as session:
        assert audit.seal(session, START) is None
        for n in range(3):
            audit.record(session, "case", subject, f"case:{n}", SYSTEM, START)
            link = audit.seal(session, START + timedelta(minutes=n))
            assert link is not None and link.number == n + 1
            assert audit.seal(session, START) is None, "nothing new, nothing sealed"
        links = session.scalars(select(AuditSeal).order_by(AuditSeal.number)).all()
        assert [link.previous_hash for link in links] == [GENESIS, links[0].hash, links[1].hash]
    assert found(database) == []
    with pytest.raises(Exception, match="append-only"), database.transaction() as session:
        session.execute(text("DELETE FROM audit_seals WHERE number = 3"))


def test_the_order_of_a_life_is_kept(database: Database) -> None:
    subject, other = new_id(), new_id()
    with database.transaction() as session:
        for n in range(4):
            audit.record(session, "case", subject, f"case:{n}", OPERATOR, START, after=str(n))
            audit.record(session, "hit", other, f"hit:{n}", SYSTEM, START)
    with database.reading() as session:
        told = audit.history(session, "case", subject)
    assert [entry.sequence for entry in told] == [1, 2, 3, 4]
    assert [entry.action for entry in told] == ["case:0", "case:1", "case:2", "case:3"]
    assert {entry.actor_name for entry in told} == {"Kim Example"}
