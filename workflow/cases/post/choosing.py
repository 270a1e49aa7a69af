"""How the letters of a case travel from now on, and where to: an operator's choice after the offer."""

from __future__ import annotations

import uuid
from datetime import datetime

from workflow.cases.models import Case
from workflow.cases.post.channels import CHOICE_WORDS, why_no_way
from workflow.cases.services.deciding import tell
from workflow.cases.states import CaseState, ChannelChoice, LetterKind
from workflow.kernel.actors import Actor
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused, Stale
from workflow.kernel.mail import checked_address
from workflow.kernel.said import joined, say

#: Nothing is written any more.
OVER = (CaseState.CLOSED, CaseState.SETTLED, CaseState.REJECTED)


def choose_channel(
    session: Session, case_id: uuid.UUID, choice: ChannelChoice, email: str, address: str, why: str,
    actor: Actor, now: datetime, *, seen_version: int,
) -> Case:  # fmt: skip
    """Write it down, with mail and postal address as they are known now. Letters that were decided keep
    their ways; those that come follow the choice. :class:`Refused` when the next one could not travel.
    """
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise NotFound(say("This case"))
    if case.version != seen_version:
        raise Stale
    if case.state in OVER:
        raise Refused(say("This case is over: nothing is written any more."))
    if not why.strip():
        raise Refused(say("Please say why, in a sentence."))
    case.channel = choice
    case.recipient_email = checked_address(email) if email.strip() else ""
    case.recipient_address = address.strip()[:1000]
    if reason := why_no_way(case, LetterKind.DUNNING, "", now.date()):
        raise Refused(reason)
    case.version += 1
    way = CHOICE_WORDS[choice]
    known = (
        say("{way}; {mail}.", way=way, mail=email.strip())
        if email.strip()
        else say("{way}; no mail.", way=way)
    )
    told = joined((known, why.strip()))
    tell(session, case, "case:channel", say("How letters travel was changed"), told, actor, now)
    return case
