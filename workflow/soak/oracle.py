"""What must be there, reckoned from what was asked alone; what is there, read by plain SQL.

Nothing of the product is imported, only what the rehearsal itself asked for: sums, shares and counts are
worked out here a second time, serially.
"""

from __future__ import annotations

import email
import json
import sqlite3
from collections import Counter
from email.message import Message
from pathlib import Path
from typing import Any, Protocol

from workflow.soak.truth import Truth

VAT_PER_CENT = 7
OWNER_PER_CENT = 55

Facts = Counter[tuple[Any, ...]]

#: Facts that tell of something left half done.
UNFINISHED = ("message", "deadline", "report", "document without bytes", "crawled without bytes")


class Reader(Protocol):
    """A database that can be asked."""

    def rows(self, query: str) -> list[tuple[Any, ...]]: ...


def must_be(asked: Truth) -> Facts:
    """Every fact that must be found, each exactly so often."""
    facts = _letters(asked)
    for who in asked.wish:
        state = "refunded" if who in asked.refunded else "received" if who in asked.paid else "pending"
        facts[("payin", who, state, _gross(asked.nets[who]))] += 1
    for who in asked.paid:
        facts += _booked(who, asked.nets[who], refunded=who in asked.refunded)
    for sha256 in asked.photographs:
        facts[("photograph", sha256)] += 1
    if asked.searched:
        for page, file in asked.planted:
            facts[("hit", page, file)] += 1
    return facts


def is_there(database: Reader, instance: Path, asked: Truth) -> Facts:
    """The same kinds of facts as they are found, doubled ones counted as often as they are there."""
    facts = _written(database, asked)
    for row in database.rows(
        "SELECT c.recipient_email, p.state, p.amount_minor FROM payins p JOIN cases c ON c.id = p.case_id"
    ):
        facts[("payin", *row)] += 1
    for who, account, total in database.rows(
        "SELECT c.recipient_email, l.account, sum(l.amount_minor) FROM journal_lines l"
        " JOIN journal_entries e ON e.id = l.entry_id JOIN cases c ON c.id = l.case_id"
        " GROUP BY c.recipient_email, l.account"
    ):
        if int(total):
            facts[("booked", who, account, int(total))] += 1
    for (sha256,) in database.rows("SELECT sha256 FROM works"):
        facts[("photograph", sha256)] += 1
    for page, file in database.rows(
        "SELECT h.page_url, w.file_name FROM hits h JOIN works w ON w.id = h.work_id"
    ):
        facts[("hit", page, file)] += 1
    for (foreign_id,) in database.rows("SELECT foreign_id FROM inbox"):
        facts[("reported", foreign_id)] += 1
    facts += _left_over(database)
    return facts + _without_bytes(database, instance)


def _letters(asked: Truth) -> Facts:
    facts: Facts = Counter()
    for who in asked.offered:
        facts[("letter", who, "offer", "", "sent", 1)] += 1
    for who in asked.batched:
        facts[("letter", who, "offer", "", "queued", 1)] += 1
        facts[("on paper", who, "batched", 1)] += 1
    if asked.batched:
        facts[("batch", 1, len(asked.batched))] += 1
    for who in asked.reminded:
        facts[("letter", who, "reminder", "friendly_reminder", "sent", 1)] += 1
    for who in asked.paid:
        if who not in asked.refunded:  # the time of a refund decides whether the receipt had left
            facts[("letter", who, "paid", "", "sent", 2)] += 1
    return facts


def _written(database: Reader, asked: Truth) -> Facts:
    facts: Facts = Counter()
    for who, kind, step, state, documents in database.rows(
        "SELECT c.recipient_email, l.kind, l.step, l.state,"
        " (SELECT count(*) FROM letter_documents d WHERE d.letter_id = l.id)"
        " FROM letters l JOIN cases c ON c.id = l.case_id"
    ):
        if not (kind == "paid" and who in asked.refunded):
            facts[("letter", who, kind, step, state, documents)] += 1
    for row in database.rows(
        "SELECT c.recipient_email, d.state, b.number FROM letter_deliveries d"
        " JOIN letters l ON l.id = d.letter_id JOIN cases c ON c.id = l.case_id"
        " LEFT JOIN post_batches b ON b.id = d.batch_id WHERE d.way = 'post'"
    ):
        facts[("on paper", *row)] += 1
    for row in database.rows("SELECT number, letters FROM post_batches"):
        facts[("batch", *row)] += 1
    return facts


def differences(expected: Facts, found: Facts) -> tuple[list[str], list[str]]:
    """What is lost (missing, or begun and never finished) and what is doubled (or there unasked)."""
    lost = [f"{' '.join(map(str, fact))}: {count} missing" for fact, count in (expected - found).items()]
    doubled = []
    for fact, count in (found - expected).items():
        if fact[0] in UNFINISHED:
            lost.append(f"{' '.join(map(str, fact))}: not finished")
        else:
            doubled.append(f"{' '.join(map(str, fact))}: {count} too many")
    return sorted(lost), sorted(doubled)


def mails(mailbox: Path) -> Counter[tuple[str, str]]:
    """Every mail that left: to whom, about what."""
    found: Counter[tuple[str, str]] = Counter()
    for path in mailbox.glob("*.eml"):
        message: Message = email.message_from_bytes(path.read_bytes())
        found[(str(message["To"]), str(message["Subject"]))] += 1
    return found


def charged(standin: Path) -> Counter[tuple[str, int]]:
    """What the payment service did, from its own books: charges and refunds with their cents."""
    if not standin.exists():
        return Counter()
    connection = sqlite3.connect(standin)
    try:
        rows = connection.execute("SELECT kind, body FROM objects WHERE kind IN ('payment_intent', 'refund')")
        bodies = [(str(kind), json.loads(body)) for kind, body in rows]
    finally:
        connection.close()
    return Counter((kind, int(body["amount"])) for kind, body in bodies if body["status"] == "succeeded")


def told(standin: Path) -> Facts:
    """Every report that the payment service got a receipt for: each must lie in the inbox once."""
    if not standin.exists():
        return Counter()
    connection = sqlite3.connect(standin)
    try:
        rows = connection.execute("SELECT event_id FROM deliveries WHERE delivered").fetchall()
    finally:
        connection.close()
    return Counter(("reported", str(event)) for (event,) in rows)


def must_be_charged(asked: Truth) -> Counter[tuple[str, int]]:
    """One charge for everybody who paid, one refund for everybody who got it back."""
    sums = Counter(("payment_intent", _gross(asked.nets[who])) for who in asked.paid)
    return sums + Counter(("refund", _gross(asked.nets[who])) for who in asked.refunded)


def _gross(net: int) -> int:
    return net + _rounded(net * VAT_PER_CENT, 100)


def _booked(who: str, net: int, *, refunded: bool) -> Facts:
    """The sum of every account, debit positive; a refund leaves the fee of the payment service."""
    gross, fee = _gross(net), _gross(net) * 150 // 10_000 + 25
    if refunded:
        sums = {"psp_clearing": -fee, "psp_fees": fee}
    else:
        owner = _rounded(net * OWNER_PER_CENT, 100)
        sums = {
            "psp_clearing": gross - fee, "psp_fees": fee, "vat_licences": -(gross - net),
            "commission": -(net - owner), "owner_held": -owner,
        }  # fmt: skip
    return Counter({("booked", who, account, total): 1 for account, total in sums.items()})


def _rounded(number: int, by: int) -> int:
    """Half up."""
    return (2 * number + by) // (2 * by)


def _left_over(database: Reader) -> Facts:
    """Messages nobody finished, due dates nobody fired, reports nobody settled."""
    facts: Facts = Counter()
    for key, state in database.rows("SELECT key, state FROM outbox WHERE state <> 'done'"):
        facts[("message", key, state)] += 1
    for trigger, state in database.rows(
        "SELECT trigger, state FROM deadlines WHERE state IN ('claimed', 'blocked')"
    ):
        facts[("deadline", trigger, state)] += 1
    for foreign_id, state in database.rows("SELECT foreign_id, state FROM inbox WHERE state <> 'done'"):
        facts[("report", foreign_id, state)] += 1
    return facts


def _without_bytes(database: Reader, instance: Path) -> Facts:
    """Rows of documents and crawled pictures whose bytes are not on disk."""
    facts: Facts = Counter()
    for address, key in database.rows("SELECT address, key_id FROM documents"):
        folder = "plain" if key is None else str(key).replace("-", "")
        if not (instance / "vault" / folder / address[:2] / address).is_file():
            facts[("document without bytes", address)] += 1
    for (address,) in database.rows("SELECT sha256 FROM crawl_images UNION SELECT sha256 FROM crawl_pages"):
        if not (instance / "crawl" / address[:2] / address[2:4] / address).is_file():
            facts[("crawled without bytes", address)] += 1
    return facts
