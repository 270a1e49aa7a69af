"""The life of a payin, on one page. Only what the payment service says, fetched again, moves it."""

from __future__ import annotations

from workflow.kernel.access import OFFICE
from workflow.kernel.actors import Role
from workflow.kernel.lifecycle import Lifecycle, State, Transition
from workflow.money.models import Payin
from workflow.money.states import PayinState as S
from workflow.money.states import PayinTrigger as T

BY_US = frozenset({Role.SYSTEM})

STATES: tuple[State[Payin], ...] = (
    State(S.OPENED, "Being opened", Role.SYSTEM, infringer="The card page is being prepared."),
    State(S.PENDING, "Waiting for the payer", Role.INFRINGER, infringer="You can pay now."),
    State(S.RECEIVED, "Received", None, infringer="Your payment was received."),
    State(S.FAILED, "Not completed", None, infringer="This payment was not completed; nothing was charged."),
    State(S.REFUNDED, "Refunded", None, infringer="Your payment was given back."),
    State(S.DISPUTED, "Contested", Role.OPERATOR, infringer="Your bank contests this payment."),
    State(S.WON, "Contested, kept", None, infringer="Your payment was received."),
    State(S.LOST, "Contested, lost", None, infringer="Your bank took this payment back."),
)

TRANSITIONS: tuple[Transition[Payin], ...] = (
    Transition(T.SHOW_PAGE, (S.OPENED,), S.PENDING, BY_US, "Card page made"),
    # money that comes after the page was given up is money all the same
    Transition(T.RECEIVE, (S.OPENED, S.PENDING, S.FAILED), S.RECEIVED, BY_US, "Payment received"),
    Transition(T.FAIL, (S.OPENED, S.PENDING), S.FAILED, BY_US, "Payment not completed"),
    Transition(T.REFUND, (S.RECEIVED, S.WON), S.REFUNDED, BY_US, "Payment given back"),
    Transition(T.DISPUTE, (S.RECEIVED, S.WON), S.DISPUTED, BY_US, "Payment contested"),
    Transition(T.WIN, (S.DISPUTED,), S.WON, BY_US, "Contest decided for us"),
    Transition(T.LOSE, (S.DISPUTED,), S.LOST, BY_US, "Contest decided against us"),
)

PAYIN_LIFECYCLE: Lifecycle[Payin] = Lifecycle("payin", Payin, S.OPENED, STATES, TRANSITIONS, OFFICE)
