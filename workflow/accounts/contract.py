"""The contract as a document: what its template is told."""

from __future__ import annotations

from typing import Any

from babel import Locale

from workflow.accounts.models import Account, ContractTerms, OperatorProfile
from workflow.accounts.states import LABELS


def contract_context(
    account: Account, terms: ContractTerms, operator: OperatorProfile | None
) -> dict[str, Any]:
    """The names that ``templates/documents/contract_terms.html`` documents at its top."""
    assert account.terms_accepted_at is not None, "an owner has accepted terms"
    accepted = account.terms_accepted_at.date()
    return {
        "sender": sender_of(operator),
        "owner_name": account.name,
        "owner_lines": [account.name, *address_lines(account)],
        "owner_email": account.email,
        "capacity": LABELS[account.capacity] if account.capacity else "",
        "tax_state": LABELS[account.tax_state],
        "vat_id": account.vat_id or "",
        "version": terms.version,
        "effective_from": terms.effective_from,
        "owner_percent": terms.owner_percent,
        "operator_percent": terms.operator_percent,
        "phase_days": terms.phase_days,
        "accepted_on": accepted,
        "today": accepted,
    }


def address_lines(account: Account) -> list[str]:
    """The owner's address as on an envelope, the country last."""
    lines = [line.strip() for line in account.address.splitlines() if line.strip()]
    return [*lines, country_name(account.country)]


def country_name(code: str) -> str:
    """``Germany`` for ``DE``."""
    return str(Locale("en").territories.get(code, code))


def sender_of(operator: OperatorProfile | None) -> dict[str, Any]:
    """The operator as the templates of letters and documents know a sender."""
    if operator is None:
        return {
            "name": "The operator of this instance", "address_lines": [], "email": "", "phone": "",
            "register": "", "vat_id": "", "handler_name": "",
        }  # fmt: skip
    return {
        "name": operator.name,
        "address_lines": [*operator.address_lines, country_name(operator.country)],
        "email": operator.sender_email,
        "phone": operator.phone,
        "register": operator.register_entry,
        "vat_id": operator.vat_id,
        "handler_name": operator.contact_name,
    }
