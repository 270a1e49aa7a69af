"""What waits for a person, as statements: counted on every page of an operator, listed in the queue."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from workflow.cases.lifecycle import LOOKED_AFTER
from workflow.cases.models import Case, Hold, Message
from workflow.cases.states import CaseState, Direction, HoldKind
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.kernel.outbox import OutboxMessage, OutboxState

STUCK = (OutboxState.FAILED, OutboxState.UNKNOWN)
LETTER_KINDS = ("letter", "letter.send")
OVER = (CaseState.CLOSED, CaseState.SETTLED, CaseState.REJECTED)


def holds() -> Select[Hold, Case]:
    """Open answers that a person decides; payments on their way are listed with the money."""
    return (
        select(Hold, Case)
        .join(Case, Case.id == Hold.case_id)
        .where(Hold.closed_at.is_(None), Hold.kind != HoldKind.PAYMENT_PENDING)
    )


def unread() -> Select[Message, Case]:
    """What was written about a case that is over, and nobody wrote back."""
    reply = aliased(Message)
    answered = (
        select(reply.id)
        .where(
            reply.case_id == Case.id,
            reply.direction == Direction.OUTGOING,
            reply.at >= Message.at,
        )
        .correlate(Case, Message)
        .exists()
    )
    return (
        select(Message, Case)
        .join(Case, Case.id == Message.case_id)
        .where(
            Message.direction == Direction.INCOMING,
            Case.state.in_(OVER),
            Message.at > Case.closed_at,
            ~answered,
        )
    )


def blocked() -> Select[DeadlineRow, Case]:
    """Dates that could not be kept, with their case if they have one."""
    return (
        select(DeadlineRow, Case)
        .outerjoin(Case, (Case.id == DeadlineRow.subject_id) & (DeadlineRow.subject_type == "case"))
        .where(DeadlineRow.state == DeadlineState.BLOCKED)
    )


def to_look_at() -> Select[Case]:
    """Silent cases, and those that wait for others too long."""
    return select(Case).where(Case.needs_a_look, Case.state.in_(LOOKED_AFTER))


def in_state(state: CaseState) -> Select[Case]:
    """Cases of one state."""
    return select(Case).where(Case.state == state)


def stuck(*, letters: bool) -> Select[OutboxMessage]:
    """Messages that failed, or of which nobody knows whether they left."""
    about_letters = OutboxMessage.kind.in_(LETTER_KINDS)
    return select(OutboxMessage).where(
        OutboxMessage.state.in_(STUCK), about_letters if letters else ~about_letters
    )
