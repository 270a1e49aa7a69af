"""Tells ``works`` where a photograph was found: installed by the composition root."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import url_for
from sqlalchemy.orm import Session

from workflow.hits import queries
from workflow.hits.pages import VERDICT_KINDS, case_address
from workflow.hits.states import VERDICT_WORDS, HitState
from workflow.kernel.actors import Actor, Role
from workflow.kernel.said import say
from workflow.web.rendering import date_text
from workflow.works.found import FoundCopy


def where_found(session: Session, actor: Actor, work_id: uuid.UUID) -> Sequence[FoundCopy]:
    """The copies of an owner's photograph, newest first."""
    if actor.role is not Role.RIGHTS_HOLDER:
        return ()
    return [
        FoundCopy(
            title=hit.page_title or hit.page_url,
            href=case_address(hit) or url_for("hits_rights_holder.show", hit_id=hit.id),
            meta=say("{host}, since {first_seen}", host=hit.host, first_seen=date_text(hit.first_seen)),
            kind=VERDICT_KINDS.get(hit.verdict, "neutral") if hit.verdict else "waiting",
            word=say("Submitted") if hit.state is HitState.SUBMITTED
            else VERDICT_WORDS[hit.verdict] if hit.verdict else say("To decide"),
        )
        for hit in queries.of_photograph(session, actor, work_id)
    ]  # fmt: skip
