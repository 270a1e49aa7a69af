"""The memory of the stand-in: a SQLite file that survives a restart, unsent webhooks included."""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    created INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, created);
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, asked TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS deliveries (
    event_id TEXT PRIMARY KEY REFERENCES objects (id), attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
ID_LETTERS = string.ascii_letters + string.digits
ID_LENGTH = 32
#: Names of JSON fields a listing may be narrowed by.
FIELDS = frozenset({"payment_intent", "charge", "status", "type"})
#: What ``created[...]`` may ask, as SQL.
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def fresh_id(prefix: str) -> str:
    """An id nobody can guess, in Stripe's form."""
    return f"{prefix}_" + "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))


@dataclass(frozen=True, slots=True)
class Listing:
    """Which objects of a kind to list, newest first."""

    kind: str
    #: JSON field -> the values it may have.
    fields: Mapping[str, tuple[str, ...]]
    created: Mapping[str, int]
    after: str | None = None
    limit: int = 10
    #: Events only: delivered or not; ``None`` for both.
    delivered: bool | None = None


class Store:
    """Objects by id, replies by idempotency key, and the webhooks still to be delivered.

    One connection behind one lock: whoever is inside :meth:`transaction` is alone.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + SCHEMA)

    def close(self) -> None:
        """Let go of the file; nothing is lost, everything was committed before it was answered."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; transactions do not nest."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def setting(self, name: str, otherwise: str) -> str:
        """A value that is chosen once and then stays."""
        with self._lock:
            self._db.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, otherwise))
            row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(row[0])

    def add(self, kind: str, body: Json) -> Json:
        """Keep a new object under its id."""
        with self._lock:
            self._db.execute(
                "INSERT INTO objects (id, kind, created, body) VALUES (?, ?, ?, ?)",
                (body["id"], kind, body["created"], json.dumps(body)),
            )
        return body

    def change(self, body: Json) -> Json:
        """Keep the new form of an object."""
        with self._lock:
            self._db.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(body), body["id"]))
        return body

    def find(self, kind: str, object_id: str) -> Json | None:
        """The object of this kind with this id."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM objects WHERE id = ? AND kind = ?", (object_id, kind)
            ).fetchone()
        return None if row is None else self._loaded(row[0])

    def page(self, wanted: Listing) -> tuple[list[Json], bool]:
        """One page of a listing, newest first, and whether there is more."""
        sql = ["SELECT body FROM objects LEFT JOIN deliveries ON event_id = id WHERE kind = ?"]
        values: list[str | int] = [wanted.kind]
        for field, options in wanted.fields.items():
            assert field in FIELDS
            marks = ", ".join("?" * len(options))
            sql.append(f"AND json_extract(body, '$.{field}') IN ({marks})")
            values += options
        for comparison, second in wanted.created.items():
            sql.append(f"AND created {COMPARISONS[comparison]} ?")
            values.append(second)
        if wanted.after is not None:
            sql.append("AND seq < (SELECT seq FROM objects WHERE id = ?)")
            values.append(wanted.after)
        if wanted.delivered is not None:
            sql.append("AND delivered = ?")
            values.append(int(wanted.delivered))
        sql.append("ORDER BY seq DESC LIMIT ?")
        values.append(wanted.limit + 1)
        with self._lock:
            rows = self._db.execute(" ".join(sql), values).fetchall()
        return [self._loaded(row[0]) for row in rows[: wanted.limit]], len(rows) > wanted.limit

    def reply(self, key: str) -> tuple[str, int, str] | None:
        """What was asked under this idempotency key, and the answer it got."""
        with self._lock:
            row = self._db.execute("SELECT asked, status, body FROM replies WHERE key = ?", (key,)).fetchone()
        return None if row is None else (str(row[0]), int(row[1]), str(row[2]))

    def keep_reply(self, key: str, asked: str, status: int, body: str) -> None:
        """The first answer to this key; every repeat gets it again."""
        with self._lock:
            self._db.execute("INSERT INTO replies VALUES (?, ?, ?, ?)", (key, asked, status, body))

    def to_deliver(self, event_id: str) -> None:
        """Put an event (again) into the queue of webhooks."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO deliveries (event_id) VALUES (?)", (event_id,))

    def due(self, now: float, oldest: int, limit: int) -> list[tuple[Json, int]]:
        """Events to deliver now and the attempts made; those before ``oldest`` are given up."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body, attempts FROM deliveries JOIN objects ON id = event_id"
                " WHERE NOT delivered AND next_at <= ? AND created >= ? ORDER BY seq LIMIT ?",
                (now, oldest, limit),
            ).fetchall()
        return [(self._loaded(row[0]), int(row[1])) for row in rows]

    def attempted(self, event_id: str, *, delivered: bool, next_at: float) -> None:
        """Note one attempt to deliver an event."""
        with self._lock:
            self._db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, delivered = ?, next_at = ?"
                " WHERE event_id = ?",
                (int(delivered), next_at, event_id),
            )

    def hurry(self) -> None:
        """Everything undelivered is due at once: a restart does not wait for an old pause."""
        with self._lock:
            self._db.execute("UPDATE deliveries SET next_at = 0 WHERE NOT delivered")

    def open_sessions_before(self, second: int) -> list[Json]:
        """Card pages that are still open and whose time is over."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM objects WHERE kind = 'checkout.session'"
                " AND json_extract(body, '$.status') = 'open'"
                " AND json_extract(body, '$.expires_at') <= ?",
                (second,),
            ).fetchall()
        return [self._loaded(row[0]) for row in rows]

    @staticmethod
    def _loaded(text: str) -> Json:
        body: Json = json.loads(text)
        return body
