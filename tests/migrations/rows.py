"""Rows for a database of any revision, made from what the tables say of themselves.

Words of a list, lengths, sums and keys are read from the columns and the CHECKs, so a new revision needs no
loader. What the rules still refuse is left out by the database (``INSERT OR IGNORE``), the rest is enough.
Umlauts, other scripts, emptiness, NULL and the ends of each range are among the values.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table, inspect

VERSION_TABLE = "alembic_version"
WORDS = (
    "",
    "Müller & Söhne",
    "Łódź",
    "東京の写真",
    "<b>ﬁne</b>",
    "O'Brien; --",
    "שלום",
    "é́é",
    "📷 Über",
    "NULL",
    "%_\\",
)
INTEGERS = (0, 1, 1, 2, 3, 7, 100, 5_500, 10_000, 2**31 - 1)
WIDE = (1, 99, 12_345, 2**53 + 1, 2**62)
MOMENTS = (datetime(1900, 1, 1), datetime(2024, 2, 29, 23, 59, 59, 999_999), datetime(9999, 12, 31, 12))
JSONS: tuple[Any, ...] = ({}, [], {"Größe": [1, None, True]}, ["é", "🖼"], {"a": {"b": "\\u0000 <>&'"}})
CHUNK = 400
#: CHECKs that chance would hardly ever meet.
RULES = {
    "whole": r"(\w+) \+ (\w+) = (\d+)",
    "sum": r"(\w+) = (\w+) \+ (\w+)",
    "lower": r"(\w+) = lower\(\1\)",
}
#: After so many chunks without a row the table holds what it can, and nobody asks for more.
FRUITLESS = 2
PATIENCE = 40


class Loader:
    """Fills one SQLite database; what was taken can be read back and put into any other."""

    def __init__(self, connection: Connection, seed: int = 1) -> None:
        self.connection = connection
        self.chance = random.Random(seed)
        self.tables = reflected(connection)
        self.checks = _checks(connection, self.tables)
        self.words: dict[tuple[str, str], list[str]] = {}
        self.lengths: dict[tuple[str, str], int] = {}
        self.rules: dict[str, list[tuple[str, re.Match[str]]]] = {name: [] for name in self.checks}
        for name, checks in self.checks.items():
            for check in checks:
                self._read(name, check)
        self.keys: dict[tuple[str, str], list[Any]] = {}

    def fill(self, rows: int, weights: Mapping[str, int]) -> dict[str, int]:
        """About ``rows`` rows over all tables, the tables in ``weights`` so many times as many."""
        ordered = [table for table in self.tables.sorted_tables if not table.name.startswith("journal_")]
        parts = sum(weights.get(table.name, 1) for table in ordered) + 2
        for table in ordered:
            self._fill_table(table, max(3, rows * weights.get(table.name, 1) // parts))
        if "journal_entries" in self.tables.tables:
            self._fill_journal(max(3, rows // parts))
        return {table.name: self._count(table) for table in self.tables.sorted_tables}

    def _fill_table(self, table: Table, wanted: int) -> None:
        first = self._count(table)
        have, fruitless = 0, 0
        while have < wanted and (fruitless < FRUITLESS or not first + have) and fruitless < PATIENCE:
            chunk = [self._row(table) for _ in range(min(CHUNK, (wanted - have) * 5 // 4 + 3))]
            self.connection.execute(table.insert().prefix_with("OR IGNORE"), chunk)
            self._forget(table)
            before, have = have, self._count(table) - first
            fruitless = 0 if have > before else fruitless + 1
        assert first + have, f"no row for {table.name} could be made: {self.checks[table.name]}"

    def _fill_journal(self, entries: int) -> None:
        lines, heads = self.tables.tables["journal_lines"], self.tables.tables["journal_entries"]
        for _ in range(entries):
            head = self._row(heads) | {"reverses_id": None, "key": f"Buchung:{self.chance.getrandbits(64)}"}
            amounts = [self.chance.randint(1, 2**40) for _ in range(self.chance.randint(1, 3))]
            whole = [*amounts, -sum(amounts)]
            currency = self._row(lines)["currency"]
            made = [
                self._row(lines)
                | {"entry_id": head["id"], "amount_minor": amount, "currency": currency, "position": n}
                for n, amount in enumerate(whole)
            ]
            self.connection.execute(lines.insert(), made)
            self.connection.execute(heads.insert(), [head])

    def _row(self, table: Table) -> dict[str, Any]:
        row = {column.name: self._value(table, column) for column in table.columns}
        for kind, found in self.rules[table.name]:
            if kind == "whole":
                row[found[1]] = self.chance.randint(0, int(found[3]))
                row[found[2]] = int(found[3]) - row[found[1]]
            elif kind == "sum":
                row[found[2]], row[found[3]] = self.chance.randint(1, 10**9), self.chance.randint(0, 10**9)
                row[found[1]] = row[found[2]] + row[found[3]]
            else:
                row[found[1]] = row[found[1]] and row[found[1]].lower()
        return row

    def _read(self, table: str, check: str) -> None:
        if found := re.fullmatch(r'"?(\w+)"? IN \(([^)]*)\)', check):
            words = re.findall(r"'([^']*)'", found[2])
            before = self.words.get((table, found[1]), words)
            self.words[table, found[1]] = [word for word in words if word in before]
        elif found := re.fullmatch(r"length\((\w+)\) = (\d+)", check):
            self.lengths[table, found[1]] = int(found[2])
        for kind, form in RULES.items():
            if found := re.fullmatch(form, check):
                self.rules[table].append((kind, found))

    def _value(self, table: Table, column: sa.Column[Any]) -> Any:
        if column.nullable and self.chance.random() < 0.35:
            return None
        if column.name == "entry_id" and table.name == "journal_lines":
            return uuid.UUID(int=self.chance.getrandbits(128)).hex  # its entry comes after its lines
        for key in column.foreign_keys:
            parents = self._keys_of(key.column)
            if not parents or (key.column.table is table and self.chance.random() < 0.5):
                assert column.nullable, f"{column} needs a row that is not there yet"
                return None
            return self.chance.choice(parents)
        if words := self.words.get((table.name, column.name)):
            return self.chance.choice(words)
        return self._plain(table, column)

    def _plain(self, table: Table, column: sa.Column[Any]) -> Any:
        kind, length = column.type, self.lengths.get((table.name, column.name))
        if isinstance(kind, (sa.CHAR, sa.Uuid)):
            return uuid.UUID(int=self.chance.getrandbits(128)).hex
        if isinstance(kind, sa.JSON):
            return self.chance.choice(JSONS)
        if isinstance(kind, sa.String):
            return self._text(length, getattr(kind, "length", None))
        if isinstance(kind, sa.LargeBinary):
            return self.chance.randbytes(length or self.chance.choice((0, 1, 40)))
        if isinstance(kind, sa.Boolean):
            return self.chance.random() < 0.5
        if isinstance(kind, sa.BigInteger):
            return self.chance.choice(WIDE) if self.chance.random() < 0.3 else self.chance.randint(0, 10**12)
        if isinstance(kind, sa.Integer):
            return (
                self.chance.choice(INTEGERS) if self.chance.random() < 0.5 else self.chance.randint(0, 10**6)
            )
        if isinstance(kind, sa.DateTime):
            return self.chance.choice(MOMENTS) if self.chance.random() < 0.1 else self._moment()
        if isinstance(kind, sa.Date):
            return date(9999, 12, 31) if self.chance.random() < 0.05 else self._moment().date()
        if isinstance(kind, (sa.Float, sa.Numeric)):
            return self.chance.choice((0.0, 0.5, 1.0, 1e-9, 123.25))
        raise AssertionError(f"{table.name}.{column.name}: no values are known for {kind!r}")

    def _moment(self) -> datetime:
        return datetime(2024, 1, 1) + timedelta(
            seconds=self.chance.randint(0, 10**8), microseconds=self.chance.randint(0, 10**6)
        )

    def _text(self, exactly: int | None, at_most: int | None) -> str:
        if exactly:
            return "".join(self.chance.choices("0123456789abcdef", k=exactly))
        said = self.chance.choice(WORDS)
        if self.chance.random() < 0.8:  # mostly different from all others
            said = f"{self.chance.getrandbits(64):x}{said}"
        if self.chance.random() < 0.02:
            said = "ß" * (at_most or 5_000)
        return said[:at_most] if at_most else said

    def _keys_of(self, column: sa.Column[Any]) -> list[Any]:
        where = (column.table.name, column.name)
        if where not in self.keys:
            self.keys[where] = list(self.connection.scalars(sa.select(column)))
        return self.keys[where]

    def _forget(self, table: Table) -> None:
        for where in [key for key in self.keys if key[0] == table.name]:
            del self.keys[where]

    def _count(self, table: Table) -> int:
        return self.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def reflected(connection: Connection) -> MetaData:
    """The tables as the database tells of them, without Alembic's own."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name != VERSION_TABLE)
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, sa.JSON):
                column.type.none_as_null = True
    return found


def copy(source: Connection, target: Connection) -> None:
    """Put every row of an SQLite database into a PostgreSQL one of the same revision."""
    here, there = reflected(source), reflected(target)
    names = [table.name for table in here.sorted_tables if table.name != "journal_entries"]
    if "journal_entries" in here.tables:
        names.append("journal_entries")  # after its lines, since the entry closes them
    for name in names:
        into = there.tables[name]
        rows = [
            {column.name: _foreign(column.type, row[column.name]) for column in into.columns}
            for row in source.execute(here.tables[name].select()).mappings()
        ]
        if rows:
            target.execute(into.insert(), rows)


def _foreign(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, sa.Uuid):
        return uuid.UUID(value)
    if isinstance(kind, sa.DateTime) and kind.timezone:
        return value.replace(tzinfo=UTC)
    return value


def _checks(connection: Connection, tables: MetaData) -> dict[str, list[str]]:
    eye = inspect(connection)
    return {name: [found["sqltext"] for found in eye.get_check_constraints(name)] for name in tables.tables}
