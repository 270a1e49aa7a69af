"""What the infringer says and shows. Any answer stops our reminders; it is never lost."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from workflow.cases import events
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Message, Proof
from workflow.cases.services.moving import move
from workflow.cases.services.submitting import scope_of
from workflow.cases.states import HOLD_WORDS, CaseState, CaseTrigger, Direction, HoldKind
from workflow.kernel import outbox
from workflow.kernel.access import reached
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.documents import Document, Vault
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.ids import new_id
from workflow.kernel.said import say

MAX_TEXT = 10_000
MAX_PROOFS = 10
#: The same words twice within this time are one message: a double click, a reload.
SAME_MESSAGE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A file as it was uploaded: clean name, type by content (``kernel.uploads.allowed_proof``), bytes."""

    name: str
    media_type: str
    data: bytes


def receive_answer(
    session: Session,
    vault: Vault,
    case_id: uuid.UUID,
    about: HoldKind,
    text: str,
    proofs: Sequence[ProofFile],
    actor: Actor,
    now: datetime,
) -> Message:
    """Keep the answer and its files, stop our clocks, confirm receipt; returns the message.

    The same words and files within two minutes are the same message. A closed case refuses with a sentence.
    """
    found = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    case = reached(session, CASE_LIFECYCLE.reach, actor, found, say("This case"))
    if not text.strip() and not proofs:
        raise Refused(say("Please write something or add a file."))
    if len(text) > MAX_TEXT:
        raise Refused(
            say(
                "Please keep it under {max_text} characters, or add the text as a file.",
                max_text=f"{MAX_TEXT:,}",
            )
        )
    if len(proofs) > MAX_PROOFS:
        raise Refused(say("Please send at most {max_proof} files at once.", max_proof=MAX_PROOFS))
    again = _said_just_now(session, case_id, about, text.strip(), now)
    if again is not None and _same_files(session, again, proofs):
        return again
    message = Message(
        id=new_id(),
        case_id=case_id,
        direction=Direction.INCOMING,
        about=about,
        author_role=actor.role,
        author=actor.name or case.recipient_name or say("The recipient"),
        text=text.strip(),
        at=now,
    )
    session.add(message)
    session.flush()
    for position, proof in enumerate(proofs, start=1):
        document = vault.put(
            session, scope_of(case_id), proof.data, media_type=proof.media_type, name=proof.name, now=now
        )
        session.add(
            Proof(
                case_id=case_id, message_id=message.id, position=position,
                file_name=proof.name, document_id=document.id,
            )
        )  # fmt: skip
    if case.state not in (CaseState.CLOSED, CaseState.SETTLED, CaseState.REJECTED):
        note = f"{HOLD_WORDS[about]}: {text.strip()[:200]}"
        move(session, case_id, CaseTrigger.HOLD, actor, now, note=note, carries={"kind": about})
    outbox.publish(session, events.AnswerReceived(case_id, message.id), key=str(message.id), now=now)
    session.flush()
    session.expire(message, ["proofs"])
    return message


def write_back(
    session: Session, case_id: uuid.UUID, about: HoldKind, text: str, actor: Actor, now: datetime,
    *, reply_code: str = "",
) -> Message:  # fmt: skip
    """An operator's answer, shown in the portal and announced by mail; with the code it began with."""
    case = session.get(Case, case_id, with_for_update=True)
    if case is None:
        raise NotFound(say("This case"))
    if not text.strip():
        raise Refused(say("Please write something."))
    assert actor.role is Role.OPERATOR
    message = Message(
        id=new_id(), case_id=case_id, direction=Direction.OUTGOING, about=about,
        author_role=actor.role, author=actor.name, text=text.strip()[:MAX_TEXT], at=now,
        reply_code=reply_code,
    )  # fmt: skip
    session.add(message)
    session.flush()
    outbox.post(
        session, "case_message", {"message_id": str(message.id)}, key=f"case_message:{message.id}", now=now
    )
    return message


def _same_files(session: Session, message: Message, proofs: Sequence[ProofFile]) -> bool:
    """Whether the very same bytes were sent with it: another file is another answer."""
    kept = session.scalars(
        select(Document.address)
        .join(Proof, Proof.document_id == Document.id)
        .where(Proof.message_id == message.id)
    )
    return sorted(kept) == sorted(hashlib.sha256(proof.data).hexdigest() for proof in proofs)


def _said_just_now(
    session: Session, case_id: uuid.UUID, about: HoldKind, text: str, now: datetime
) -> Message | None:
    last = session.scalars(
        select(Message)
        .where(Message.case_id == case_id, Message.direction == Direction.INCOMING)
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(1)
    ).first()
    if last is None or last.about is not about or last.text != text:
        return None
    return last if (now - last.at).total_seconds() <= SAME_MESSAGE_SECONDS else None
