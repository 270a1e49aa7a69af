"""The contract terms as data: the shipped file, and the rows made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from workflow.accounts.models import ContractTerms
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.kernel.vat import VatKind, vat_rate_bp

SHIPPED = Path(__file__).resolve().parent / "data" / "contract_terms.yaml"


def shipped_terms() -> list[dict[str, Any]]:
    """The versions in the shipped file, oldest first."""
    entries: list[dict[str, Any]] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return sorted(entries, key=lambda entry: str(entry["version"]))


def seed_terms(session: Session) -> int:
    """Add versions that have no row yet; never changes one. Returns how many were added."""
    added = 0
    for entry in shipped_terms():
        if session.get(ContractTerms, entry["version"]) is None:
            session.add(ContractTerms(**entry))
            added += 1
    session.flush()
    return added


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """One line of the worked example."""

    label: str
    amount: Money
    because: str = ""
    total: bool = False


def example_split(terms: ContractTerms, on: date) -> list[ExampleLine]:
    """How a licence of 300 euro is shared under these terms, with German VAT of that day."""
    fee = Money(30_000, Currency.EUR)
    rate = vat_rate_bp(VatKind.LICENCE, "DE", on)
    tax = fee.share_bp(rate)
    operator, owner = fee.split(terms.operator_share_bp, terms.owner_share_bp)
    return [
        ExampleLine(say("Paid by the user of the photograph"), fee + tax),
        ExampleLine(
            say("Value added tax"), -tax, say("{rate} %, owed to the tax office", rate=f"{rate / 100:g}")
        ),
        ExampleLine(say("Licence fee"), fee),
        ExampleLine(say("The service"), operator, f"{terms.operator_percent} %"),
        ExampleLine(say("You"), owner, f"{terms.owner_percent} %", total=True),
    ]
