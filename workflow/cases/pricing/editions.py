"""Licensed tariff editions of an instance: imported once, never changed, beside the shipped examples."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from workflow.cases.pricing import tariff_files, tariffs
from workflow.cases.pricing.tariff_files import NAME_LENGTH
from workflow.cases.pricing.tariffs import Tariff
from workflow.kernel import audit
from workflow.kernel.actors import Actor
from workflow.kernel.db import Base, Session
from workflow.kernel.errors import Refused
from workflow.kernel.ids import new_id
from workflow.kernel.said import say


class TariffEdition(Base):
    """One imported edition. Append-only: what an offer was priced by stays as it was."""

    __tablename__ = "tariff_editions"
    __table_args__ = (UniqueConstraint("edition"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    edition: Mapped[str] = mapped_column(String(NAME_LENGTH))
    effective_from: Mapped[date]
    #: The rules as they were read, days as text.
    rules: Mapped[dict[str, Any]]
    #: SHA-256 of the file it came from.
    sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(200))
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(200))


@dataclass(frozen=True, slots=True)
class Known:
    """An edition and where it came from; shipped ones came with the program."""

    tariff: Tariff
    imported_at: datetime | None = None
    imported_by: str = ""
    file_name: str = ""


def tariffs_of(session: Session) -> tuple[Tariff, ...]:
    """Every edition an offer of this instance can be priced by."""
    return tuple(each.tariff for each in known(session))


def known(session: Session) -> list[Known]:
    """Every edition, the latest first."""
    rows = session.scalars(select(TariffEdition).order_by(TariffEdition.effective_from))
    found = [Known(tariff) for tariff in tariff_files.shipped()]
    found += [
        Known(_as_tariff(_Kept(row.id, row.rules)), row.imported_at, row.imported_by, row.file_name)
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.tariff.effective_from, each.tariff.edition), reverse=True)


def tariff_on(session: Session, on: date) -> Tariff:
    """The edition in force that day, a licensed one before the example; :class:`Refused` without any."""
    return tariffs.in_force(tariffs_of(session), on)


def tariff_is_example(session: Session, on: date) -> bool:
    """Whether only the shipped, neutral tariff is in force; also where none is."""
    try:
        return tariff_on(session, on).example
    except Refused:
        return True


def import_file(session: Session, data: bytes, file_name: str, actor: Actor, now: datetime) -> list[Tariff]:
    """Take every edition of the file, or none: :class:`Refused` with every fault, and for a file once taken.

    What is imported counts for offers priced from now on; offers keep the edition they name.
    """
    found = tariff_files.read(data, file_name)
    standing = [*tariffs_of(session)]
    reasons = []
    for tariff in found:
        if tariff.example:
            reasons.append(say("“{edition}” is marked as an example; a licensed one is not.",
                               edition=tariff.edition))  # fmt: skip
        if any(tariff.edition == other.edition for other in standing):
            reasons.append(say("An edition “{edition}” is there already.", edition=tariff.edition))
        elif why := tariffs.why_overlapping(tariff, standing):
            reasons.append(why)
        standing.append(tariff)
    if reasons:
        raise Refused(*reasons)
    for tariff in found:
        row = TariffEdition(
            edition=tariff.edition, effective_from=tariff.effective_from, rules=_plain(tariff.raw),
            sha256=hashlib.sha256(data).hexdigest(), file_name=file_name[-200:], imported_at=now,
            imported_by=actor.name or actor.role.value,
        )  # fmt: skip
        session.add(row)
        session.flush()
        audit.record(
            session, "tariff", row.id, "tariff:import", actor, now,
            label=say("Imported a tariff edition"), note=f"{tariff.edition}, {row.file_name}",
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class _Kept:
    """A row by its key: rows never change, so what was read from one is read once."""

    id: uuid.UUID
    rules: Mapping[str, Any]

    def __hash__(self) -> int:
        return hash(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.id == self.id


@lru_cache(maxsize=64)
def _as_tariff(kept: _Kept) -> Tariff:
    return tariff_files.checked(dict(kept.rules))


def _plain(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in raw.items()
    }  # fmt: skip
