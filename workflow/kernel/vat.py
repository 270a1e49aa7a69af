"""VAT rates as dated data: which rate a kind of payment carried in a country on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from workflow.kernel.errors import Refused
from workflow.kernel.money import WHOLE_BP
from workflow.kernel.said import say

DATA = Path(__file__).parent / "data" / "vat.yaml"


class VatKind(StrEnum):
    """What a payment is for tax purposes; every claim line has one."""

    #: A licence was agreed: a right is granted against payment.
    LICENCE = "licence"
    #: Work done for somebody, such as the costs of a warning.
    SERVICE = "service"
    #: The operator's share, a service to the rights-holder.
    COMMISSION = "commission"
    #: Compensation without a supply: licence analogy, interest on arrears.
    DAMAGES = "damages"


@dataclass(frozen=True, slots=True)
class _Rate:
    start: date
    end: date | None
    bp: int

    def holds(self, on: date) -> bool:
        return self.start <= on and (self.end is None or on <= self.end)


def vat_rate_bp(kind: VatKind, country: str, on: date) -> int:
    """The rate in basis points; :class:`Refused` when the table does not say it for this country or day."""
    table = _tables().get(country.upper())
    if table is None:
        raise Refused(
            say(
                "There is no VAT table for the country “{country}” yet; please load one first.",
                country=country[:20],
            )
        )
    for rate in table.get(kind, ()):
        if rate.holds(on):
            return rate.bp
    raise Refused(
        say(
            "The VAT table of {upper} has no rate for “{kind}” on {isoformat}.",
            upper=country.upper(),
            kind=kind.value,
            isoformat=on.isoformat(),
        )
    )


@cache
def _tables() -> dict[str, dict[VatKind, tuple[_Rate, ...]]]:
    return load_tables(DATA)


def load_tables(path: Path) -> dict[str, dict[VatKind, tuple[_Rate, ...]]]:
    """Read and check a table file: known kinds, sound rates, no day with two rates."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        str(country): {
            VatKind(kind): _rates(f"{path.name}: {country} {kind}", table["rates"][use["rate"]])
            for kind, use in table["kinds"].items()
        }
        for country, table in content["countries"].items()
    }


def _rates(place: str, rows: list[dict[str, Any]]) -> tuple[_Rate, ...]:
    rates = tuple(_Rate(row["from"], row.get("until"), row["bp"]) for row in rows)
    for rate in rates:
        if type(rate.bp) is not int or not 0 <= rate.bp < WHOLE_BP:
            raise ValueError(f"{place}: {rate.bp!r} is not a rate in basis points")
    for earlier, later in pairwise(rates):
        if earlier.end is None or later.start <= earlier.end:
            raise ValueError(f"{place}: the rates from {earlier.start} and {later.start} overlap")
    return rates
