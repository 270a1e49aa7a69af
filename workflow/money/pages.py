"""Words and signs of money on pages."""

from __future__ import annotations

from workflow.kernel.said import say
from workflow.money.chart import Account
from workflow.money.states import PayinState

#: Kind of the chip a payment's state is shown with.
PAYIN_CHIPS: dict[PayinState, str] = {
    PayinState.OPENED: "waiting",
    PayinState.PENDING: "waiting",
    PayinState.RECEIVED: "done",
    PayinState.FAILED: "neutral",
    PayinState.REFUNDED: "neutral",
    PayinState.DISPUTED: "danger",
    PayinState.WON: "done",
    PayinState.LOST: "danger",
}

ACCOUNT_WORDS: dict[Account, str] = {
    Account.PSP_CLEARING: say("Payment service, not yet at our bank"),
    Account.PSP_FEES: say("Fees of the payment service"),
    Account.BANK: say("Our bank"),
    Account.CUSTOMER_CREDIT: say("Held for the payer"),
    Account.VAT_LICENCES: say("VAT owed"),
    Account.COSTS_ADVANCED: say("Costs advanced"),
    Account.COMMISSION: say("Our share"),
    Account.OWNER_HELD: say("Rights-holder, held"),
    Account.OWNER_AVAILABLE: say("Rights-holder, available"),
    Account.REFUNDS: say("Refunds to be decided"),
    Account.DISPUTED: say("Contested"),
}


def account_word(account: str) -> str:
    """An account in plain words."""
    return ACCOUNT_WORDS[Account(account)]
