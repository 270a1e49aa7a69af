"""What a case tells the others; ``workflow/wiring.py`` says who listens."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CaseSubmitted:
    """A rights-holder handed a case in."""

    case_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class InformationNeeded:
    """The operator asks the rights-holder; ``what`` is the question."""

    case_id: uuid.UUID
    what: str


@dataclass(frozen=True, slots=True)
class CaseRejected:
    """The case is not taken on; ``reason`` is a ``RejectReason``."""

    case_id: uuid.UUID
    reason: str


@dataclass(frozen=True, slots=True)
class CaseOffered:
    """The offer left for the infringer."""

    case_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """The infringer answered; reminders stand still."""

    case_id: uuid.UUID
    message_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class SumChanged:
    """What is asked was lowered, or another sum was agreed: the newest offer counts."""

    case_id: uuid.UUID
    offer_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class DunningStepReached:
    """No answer in the post-licence phase: the next formal reminder is due."""

    case_id: uuid.UUID
    step: str


@dataclass(frozen=True, slots=True)
class CasePaid:
    """The claim is paid in full and booked."""

    case_id: uuid.UUID
    payin_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class PaymentTakenBack:
    """A received payment was refunded; its bookings were reversed."""

    case_id: uuid.UUID
    payin_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """It is over; ``reason`` is a ``ClosedReason``."""

    case_id: uuid.UUID
    reason: str
