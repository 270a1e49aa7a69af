"""What the ticker asks for every few minutes: mails about settled hits, digests, and what went wrong.

Level-triggered: whatever is due or wrong is told once, however late the round comes and however often.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from workflow.accounts.models import Account
from workflow.accounts.notices import Link, NoticeKind, NoticeMail, mail_hits, notify_operators
from workflow.accounts.queries import operator_profile
from workflow.cases.models import Case, Letter
from workflow.cases.turns import DATE_WORDS
from workflow.desk import digest
from workflow.kernel.db import Session
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import Said, joined, say, stored

#: Things of one kind told in one round; the next round tells the rest.
MOST = 100
LETTER_KINDS = ("letter", "letter.send")
QUEUE = Link("cases_operator.queue")


def go_round(session: Session, runtime: Runtime, _payload: dict[str, Any]) -> None:
    """One round, in one transaction."""
    now = runtime.clock.business()
    profile = operator_profile(session)
    mail_hits(session, now, runtime.config.desk_url, profile.name if profile else "Lichtbild")
    tell_letters(session, runtime)
    tell_dates(session, runtime)
    digest.write_due(session, runtime, now)


def tell_letters(session: Session, runtime: Runtime) -> int:
    """Letters that could not be sent, or of which nobody knows whether they left."""
    stuck = session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.state.in_((OutboxState.FAILED, OutboxState.UNKNOWN)),
            OutboxMessage.kind.in_(LETTER_KINDS),
        )
        .order_by(OutboxMessage.created_at)
        .limit(MOST)
    ).all()
    told = 0
    for message in stuck:
        letter = session.get(Letter, uuid.UUID(message.payload["letter_id"]))
        case = session.get(Case, letter.case_id) if letter else None
        if case is None:
            continue
        text = say("A letter of case {reference} did not leave.", reference=case.reference)
        why = stored(message.last_error[:200] or message.state.value)
        told += _tell(session, runtime, NoticeKind.LETTER_FAILED, text, why,
                      f"letter:{message.id}:{message.fence}", case)  # fmt: skip
    return told


def tell_dates(session: Session, runtime: Runtime) -> int:
    """Dates that could not be kept, each with its reasons."""
    blocked = session.execute(
        select(DeadlineRow, Case)
        .join(Case, (Case.id == DeadlineRow.subject_id) & (DeadlineRow.subject_type == "case"))
        .where(DeadlineRow.state == DeadlineState.BLOCKED)
        .order_by(DeadlineRow.due_at)
        .limit(MOST)
    ).all()
    told = 0
    for row, case in blocked:
        what = DATE_WORDS.get(row.kind, stored(row.kind))
        text = say(
            "A date of case {reference} could not be kept: {what}", reference=case.reference, what=what
        )
        told += _tell(session, runtime, NoticeKind.DATE_BLOCKED, text, joined(map(stored, row.reasons)),
                      f"date:{row.id}:{row.claims}", case)  # fmt: skip
    return told


def tell_problems(runtime: Runtime, problems: list[str]) -> None:
    """What the self-check found: once a day, however often it is found."""
    now = runtime.clock.business()
    with runtime.database.transaction() as session:
        text = say(
            "The self-check found {count}: {first}", count=len(problems), first=stored(problems[0][:300])
        )
        key = f"problem:{now.date().isoformat()}"
        notify_operators(
            session, NoticeKind.PROBLEM, text, now, key=key, link=QUEUE,
            mail_to=_mail_to(session, runtime, text, "", "/operator/queue"),
        )  # fmt: skip


def _tell(
    session: Session, runtime: Runtime, kind: NoticeKind, text: Said, why: str, key: str, case: Case
) -> int:
    return notify_operators(
        session, kind, text, runtime.clock.business(), key=key, subject=("case", case.id),
        link=Link("cases_operator.show", {"case_id": str(case.id)}),
        mail_to=_mail_to(session, runtime, text, why, f"/operator/cases/{case.id}"),
    )  # fmt: skip


def _mail_to(
    session: Session, runtime: Runtime, text: Said, why: str, path: str
) -> Callable[[Account], NoticeMail]:
    profile, desk = operator_profile(session), runtime.config.desk_url
    context = {
        "sentence": text, "why": why, "url": f"{desk}{path}", "settings_url": f"{desk}/settings/notices",
        "sender_name": profile.name if profile else "Lichtbild",
    }  # fmt: skip
    return lambda person: NoticeMail("operator_notice", {"name": person.name, **context})
