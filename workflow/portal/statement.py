"""What the verify page says about a case, as a signed statement: nothing about the one who got the letter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from workflow.accounts.models import OperatorProfile
from workflow.cases.models import Case, Letter
from workflow.cases.states import EvidenceKind

VERSION = 1
#: The first and the last so many signs of an account number stay readable.
SHOWN_FIRST, SHOWN_LAST = 4, 4


def photographs_of(case: Case) -> list[tuple[str, str]]:
    """Title and check sum of each photograph, once."""
    found = {
        piece.sha256: use.work_title
        for use in case.uses
        for piece in use.evidence
        if piece.kind is EvidenceKind.PHOTOGRAPH
    }
    return [(title, sha256) for sha256, title in found.items()]


def masked(iban: str) -> str:
    """The account number with its middle hidden: enough to compare, too little to use."""
    hidden = "•" * max(len(iban) - SHOWN_FIRST - SHOWN_LAST, 0)
    return f"{iban[:SHOWN_FIRST]}{hidden}{iban[-SHOWN_LAST:]}" if hidden else "•" * len(iban)


def statement_of(
    case: Case, letters: Sequence[Letter], profile: OperatorProfile, portal_url: str, now: datetime
) -> dict[str, Any]:
    """Who wrote, for whom and by what right, about which photographs, when, and where money goes."""
    return {
        "version": VERSION,
        "kind": "lichtbild case statement",
        "made_at": now.isoformat(timespec="seconds"),
        "reference": case.reference,
        "verify_at": f"{portal_url}/verify/{case.reference}",
        "sender": {
            "name": profile.name, "city": profile.city, "country": profile.country,
            "legal_basis": profile.legal_basis.value, "register_entry": profile.register_entry,
            "vat_id": profile.vat_id,
        },
        "mandate": {
            "rights_holder": case.owner_name,
            "attested_on": case.submitted_at.date().isoformat() if case.submitted_at else None,
            "terms_version": case.terms_version,
        },
        "payee": {"holder": profile.bank_holder, "iban": masked(profile.iban)},
        "photographs": [{"title": title, "sha256": sha256} for title, sha256 in photographs_of(case)],
        "letters": [{"kind": letter.kind.value, "on": letter.on.isoformat()} for letter in letters],
    }  # fmt: skip
