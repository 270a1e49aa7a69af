"""The chart of accounts. Debit is plus: what we own or spend; credit is minus: what we owe or earn."""

from __future__ import annotations

from enum import StrEnum


class Account(StrEnum):
    """One sentence each; the journal's lines name these."""

    #: Money the payment service holds for us until it pays out to our bank.
    PSP_CLEARING = "psp_clearing"
    #: What the payment service keeps; the operator bears it.
    PSP_FEES = "psp_fees"
    #: Our bank account; lines with an owner are payments to that rights-holder.
    BANK = "bank"
    #: What came by transfer and is not divided yet: parts of a claim, too much, or money without a case.
    CUSTOMER_CREDIT = "customer_credit"
    #: VAT on licences, owed to the tax office.
    VAT_LICENCES = "vat_licences"
    #: Costs others charged for a case, advanced by the operator and taken back first.
    COSTS_ADVANCED = "costs_advanced"
    #: The operator's share of licence fees.
    COMMISSION = "commission"
    #: A rights-holder's share while the payment can still be taken back.
    OWNER_HELD = "owner_held"
    #: A rights-holder's share that is due to be paid out.
    OWNER_AVAILABLE = "owner_available"
    #: Refunds that could not simply undo a booking; a person decides who bears them.
    REFUNDS = "refunds"
    #: Money the payer's bank holds back while it is contested, or kept when it was lost.
    DISPUTED = "disputed"
