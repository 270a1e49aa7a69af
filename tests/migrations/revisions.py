"""What each revision must do to data that was there: one line per revision, none may be missing.

The general truths (nothing lost, the same down and up, equal on both databases) are checked for every one;
here stands what is special. ``emptied`` are tables an upgrade starts anew; ``after`` looks at the upgraded rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError


def nothing_special(_connection: Connection) -> None:
    """The general truths are all there is."""


@dataclass(frozen=True)
class DataTest:
    """``emptied``: tables whose rows it gives up. ``after``: what must hold of rows that were there before."""

    after: Callable[[Connection], None]
    emptied: frozenset[str] = frozenset()


def count(connection: Connection, where: str) -> int:
    return connection.scalar(text(f"SELECT COUNT(*) FROM {where}")) or 0


def guards_hold(connection: Connection) -> None:
    """Old rows are as protected as new ones."""
    for statement in (
        "UPDATE audit_entries SET note = 'x'",
        "DELETE FROM journal_lines",
        "DELETE FROM journal_entries",
        "UPDATE audit_seals SET hash = 'x'",
    ):
        with pytest.raises(DBAPIError, match="append-only"), connection.begin_nested():
            connection.execute(text(statement))


def operators_have_a_rank(connection: Connection) -> None:
    """Whoever was an operator administers; nobody else has a rank; links from before confirm an address."""
    assert count(connection, "accounts WHERE role = 'operator'") > 0
    assert count(connection, "accounts WHERE role = 'operator' AND rank = 'administrator'") == count(
        connection, "accounts WHERE role = 'operator'"
    )
    assert count(connection, "accounts WHERE role <> 'operator' AND rank IS NOT NULL") == 0
    assert count(connection, "email_tokens WHERE purpose <> 'confirm'") == 0
    assert count(connection, "email_tokens") > 0 and count(connection, "desk_sessions") == 0


def recipients_enter_anew(connection: Connection) -> None:
    """Nobody is kept out of a case, nobody is kept in."""
    assert count(connection, "cases") > 0 and count(connection, "portal_sessions") == 0


def people_are_as_they_were_seen(connection: Connection) -> None:
    """The newest click of whoever is signed in; nobody else was seen. The day of an office of one counts on."""
    newest = "(SELECT MAX(seen_at) FROM desk_sessions WHERE account_id = accounts.id AND stage = 'open')"
    assert count(connection, f"accounts WHERE last_seen_at = {newest}") > 0
    assert count(connection, f"accounts WHERE last_seen_at IS NULL AND {newest} IS NOT NULL") == 0
    assert count(connection, f"accounts WHERE last_seen_at IS NOT NULL AND {newest} IS NULL") == 0
    assert count(connection, "accounts WHERE version <> 1") == 0
    either = "one_person_since IS NOT NULL OR one_person_counts_from IS NOT NULL"
    assert count(connection, f"operator_profile WHERE ({either})") == count(
        connection, "operator_profile WHERE one_person_since = one_person_counts_from"
    )


def messages_wait(connection: Connection) -> None:
    """Nobody said of a message from before what became of it."""
    assert count(connection, "contact_requests") > 0
    assert count(connection, "contact_requests WHERE done_at IS NOT NULL OR done_how <> ''") == 0


def payments_came_as_booked(connection: Connection) -> None:
    """Before there were transfers every payment came by card; what the journal says of others is read there."""
    by_transfer = count(connection, "payins WHERE way = 'transfer'")
    booked = (
        "journal_entries e JOIN journal_lines l ON l.entry_id = e.id "
        "WHERE e.key LIKE 'payin:%' AND l.account = 'customer_credit'"
    )
    assert by_transfer == count(connection, booked)
    cards = "payins WHERE way = 'card' AND on_account_minor = 0 AND on_account_currency = amount_currency"
    assert count(connection, cards) == count(connection, "payins") - by_transfer > 0


def closed_cases_are_settled(connection: Connection) -> None:
    """Every use of a case that ended after its offer has its entry, as the closing letter promised."""
    ended = "cases c JOIN case_uses u ON u.case_id = c.id WHERE c.closed_reason IS NOT NULL AND c.offered_on IS NOT NULL AND c.closed_at IS NOT NULL"
    without = f"{ended} AND NOT EXISTS (SELECT 1 FROM passport_entries e WHERE e.case_id = c.id AND e.work_id = u.work_id)"
    assert count(connection, without) == 0
    assert count(connection, "passport_entries WHERE (scope = 'site') <> (reason = 'licensed')") == 0


DATA_TESTS: dict[str, DataTest] = {
    "0001": DataTest(nothing_special),
    "0002": DataTest(guards_hold),
    "0003": DataTest(operators_have_a_rank, emptied=frozenset({"desk_sessions"})),
    "0004": DataTest(nothing_special),
    "0005": DataTest(nothing_special),
    "0006": DataTest(nothing_special),
    "0007": DataTest(nothing_special),
    "0008": DataTest(people_are_as_they_were_seen),
    "0009": DataTest(recipients_enter_anew, emptied=frozenset({"portal_sessions"})),
    "0010": DataTest(nothing_special),
    "0011": DataTest(nothing_special),
    "0012": DataTest(nothing_special),
    "0013": DataTest(nothing_special),
    "0014": DataTest(nothing_special),
    "0015": DataTest(messages_wait),
    "0016": DataTest(payments_came_as_booked, emptied=frozenset({"bank_transfers"})),
    "0017": DataTest(closed_cases_are_settled),
    "0018": DataTest(nothing_special),
}
