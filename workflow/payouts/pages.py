"""Signs of payouts on pages."""

from __future__ import annotations

from workflow.payouts.states import PayoutState

#: Kind of the chip a payout's state is shown with.
PAYOUT_CHIPS: dict[PayoutState, str] = {
    PayoutState.ACCRUED: "waiting",
    PayoutState.AVAILABLE: "done",
    PayoutState.APPROVED: "done",
    PayoutState.SENT: "waiting",
    PayoutState.CONFIRMED: "done",
    PayoutState.RETURNED: "danger",
    PayoutState.TAKEN_BACK: "neutral",
}
