"""The contract as a document: what its template is told."""

from __future__ import annotations

from typing import Any

from babel import Locale

from workflow.accounts.models import Account, ContractTerms, OperatorProfile
from workflow.accounts.states import LEGAL_LINES
from workflow.kernel.calendar import local_date
from workflow.kernel.said import say

#: Where money can come in; these terms share it alike in all of them.
STAGES = ("Offer", "Dunning", "Court")


def contract_context(
    account: Account, terms: ContractTerms, operator: OperatorProfile | None, zone: str
) -> dict[str, Any]:
    """The names that ``templates/documents/contract_terms.html`` asks for at its top."""
    assert account.terms_accepted_at is not None, "an owner has accepted terms"
    accepted = local_date(account.terms_accepted_at, zone)
    owner, service = f"{terms.owner_percent} %", f"{terms.operator_percent} %"
    return {
        "today": accepted,
        "reference": f"C-{terms.version}-{account.id.hex[-8:].upper()}",
        "sender": sender_of(operator),
        "version": terms.version,
        "effective_from": terms.effective_from,
        "accepted_on": accepted,
        "owner_lines": [account.name, *address_lines(account)],
        "shares": [{"stage": stage, "owner": owner, "operator": service} for stage in STAGES],
        "clauses": terms.clauses,
    }


def address_lines(account: Account) -> list[str]:
    """The owner's address as on an envelope, the country last."""
    lines = [line.strip() for line in account.address.splitlines() if line.strip()]
    return [*lines, country_name(account.country)]


def country_name(code: str, language: str = "en") -> str:
    """``Germany`` for ``DE``, in the reader's language."""
    return str(Locale(language).territories.get(code, code))


def sender_of(operator: OperatorProfile | None) -> dict[str, Any]:
    """The operator as letters and documents know a sender; a neutral one before the set-up."""
    if operator is None:
        return {
            "name": say("The operator of this instance"), "address_lines": [say("(set-up not complete)")],
            "email": "", "phone": "", "register": "", "authority": "", "vat_id": "", "handler_name": "",
            "legal_line": "",
        }  # fmt: skip
    return {
        "name": operator.name,
        "address_lines": [*operator.address_lines, country_name(operator.country)],
        "email": operator.sender_email,
        "phone": operator.phone,
        "register": operator.register_entry,
        "authority": operator.authority,
        "vat_id": operator.vat_id,
        "handler_name": operator.contact_name,
        "legal_line": LEGAL_LINES[operator.legal_basis],
    }
