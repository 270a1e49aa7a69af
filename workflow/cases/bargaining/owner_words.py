"""What a rights-holder is told about a counter-offer: whose turn it is, and what came in."""

from __future__ import annotations

import uuid
from dataclasses import replace

from sqlalchemy import select

from workflow.cases.bargaining.models import CounterOffer
from workflow.cases.bargaining.queries import Talk
from workflow.cases.bargaining.states import Outcome
from workflow.cases.turns import WHO_FOR_OWNER, Turn
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.said import Said, say

WAITS = (
    say("A counter-offer waits for you"),
    say("The other side offers a sum. Accept it, decline it or name another one in the case; our reminders "
        "stand still meanwhile."),
)  # fmt: skip
AGREED = (
    say("A sum was agreed"),
    say("The other side offered a sum inside the limit you set, so it is agreed. It can be paid now."),
)


def owners_turn(turn: Turn, talk: Talk) -> Turn:
    """The turn as it is, or the rights-holder's when a sum of the recipient waits."""
    if talk.waits is None:
        return turn
    sentence = say(
        "The other side offers {total} instead of what is asked. Accept it, decline it or name another sum.",
        total=talk.waits.total,
    )
    return replace(turn, who=WHO_FOR_OWNER[Role.RIGHTS_HOLDER], sentence=sentence, yours=True)


def words_about(session: Session, message_id: uuid.UUID) -> tuple[Said, Said] | None:
    """What to tell when this message named a sum; nothing when it did not."""
    found = session.scalars(select(CounterOffer).where(CounterOffer.message_id == message_id)).first()
    if found is None:
        return None
    return AGREED if found.outcome is Outcome.ACCEPTED else WAITS
