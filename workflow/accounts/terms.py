"""The contract terms as data: the shipped file, and the rows made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from workflow.accounts.models import ContractTerms

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
