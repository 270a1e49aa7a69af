"""Two databases side by side: the same tables with the same rules, the same rows."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, inspect, text

from tests.migrations.rows import VERSION_TABLE, reflected

#: Table → columns: what a checksum goes over.
Columns = dict[str, tuple[str, ...]]
AS_IT_IS = {str, int, float, bool, type(None)}


def shape(connection: Connection) -> dict[str, Any]:
    """Tables, columns, keys, indexes, CHECKs and triggers as the database tells of them; order does not count."""
    eye = inspect(connection)
    told: dict[str, Any] = {"triggers": _triggers(connection)}
    keys, foreign, indexes = (
        eye.get_multi_pk_constraint(),
        eye.get_multi_foreign_keys(),
        eye.get_multi_indexes(),
    )
    unique, checks = eye.get_multi_unique_constraints(), eye.get_multi_check_constraints()
    for table, columns in eye.get_multi_columns().items():
        name = table[1]
        if name == VERSION_TABLE:
            continue
        told[name] = {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], str(column["default"]))
                for column in columns
            },
            "key": sorted(keys[table]["constrained_columns"]),
            "foreign": _sorted(foreign[table]),
            "indexes": _sorted(indexes[table]),
            "unique": _sorted(unique[table]),
            "checks": sorted(
                (str(check["name"]), re.sub(r"\s+", " ", check["sqltext"])) for check in checks[table]
            ),
        }
    return told


def _sorted(found: list[Any]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True, default=str) for item in found)


def _triggers(connection: Connection) -> list[tuple[str, str]]:
    listed = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        if connection.dialect.name == "sqlite"
        else "SELECT tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE NOT tgisinternal ORDER BY tgname"
    )
    return [(str(name), str(told)) for name, told in connection.execute(text(listed))]


def columns_of(connection: Connection) -> Columns:
    return {
        name: tuple(sorted(c.name for c in table.columns))
        for name, table in reflected(connection).tables.items()
    }


def rows_of(connection: Connection, columns: Columns) -> dict[str, dict[str, str]]:
    """Table → key of a row → digest of the row over these columns; the same on SQLite and on PostgreSQL."""
    tables = reflected(connection)
    told: dict[str, dict[str, str]] = {}
    for name, wanted in columns.items():
        table = tables.tables[name]
        keys = [wanted.index(column.name) for column in table.primary_key]
        told[name] = {}
        for row in connection.execute(sa.select(*(table.c[column] for column in wanted))):
            plain = [value if type(value) in AS_IT_IS else _plain(value) for value in row]
            digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
            told[name]["|".join(str(plain[key]) for key in keys)] = digest
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
