"""Paper that waits: what the next batch takes, what it leaves out and why, and what lies printed."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select

from workflow.cases.models import Case, Letter
from workflow.cases.post.batches import Candidate, candidates, is_held
from workflow.cases.post.channels import post_rules
from workflow.cases.post.models import LetterDelivery
from workflow.cases.post.states import DeliveryState, Way
from workflow.kernel.db import Session
from workflow.kernel.said import joined, say, say_many, stored


@dataclass(frozen=True, slots=True)
class Pile:
    """The same letters as the dry run of the post page, and those of batches that were not posted yet."""

    ready: tuple[Candidate, ...]
    left_out: tuple[Candidate, ...]
    printed: tuple[Candidate, ...]

    @property
    def sentence(self) -> str:
        """What is ready, what lies printed, what is left out and why."""
        told = [say_many("{count} letter is ready for the next batch.",
                         "{count} letters are ready for the next batch.", len(self.ready))]  # fmt: skip
        if self.printed:
            told.append(
                say_many("{count} is printed and was not posted.", "{count} are printed and were not posted.",
                         len(self.printed))
            )  # fmt: skip
        reasons = Counter(each.reason for each in self.left_out if each.reason)
        told += [
            say("Left out: {count} × {why}", count=count, why=stored(why))
            for why, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
        ]
        return joined(told)


def paper_to_do() -> Select[uuid.UUID]:
    """Letters somebody can do something about: printed and not posted, or waiting and not held."""
    return (
        select(LetterDelivery.id)
        .join(Letter, Letter.id == LetterDelivery.letter_id)
        .join(Case, Case.id == Letter.case_id)
        .where(
            LetterDelivery.way == Way.POST,
            or_(
                LetterDelivery.state == DeliveryState.BATCHED,
                and_(LetterDelivery.state == DeliveryState.WAITING, ~is_held()),
            ),
        )
    )


def pile(session: Session, now: datetime) -> Pile:
    """What waits now."""
    found = candidates(session, now)
    printed = session.execute(
        select(LetterDelivery, Letter, Case)
        .join(Letter, Letter.id == LetterDelivery.letter_id)
        .join(Case, Case.id == Letter.case_id)
        .where(LetterDelivery.way == Way.POST, LetterDelivery.state == DeliveryState.BATCHED)
        .order_by(LetterDelivery.made_at)
        .limit(post_rules(now.date()).batch_letters)
    )
    return Pile(
        tuple(each for each in found if each.reason is None),
        tuple(each for each in found if each.reason is not None),
        tuple(Candidate(delivery, letter, case, None) for delivery, letter, case in printed),
    )
