"""Mailing a letter: asked once more whether it is right, then handed over, then noted."""

from __future__ import annotations

import uuid
from typing import Any

from workflow.cases import letters
from workflow.cases.models import Case, Letter
from workflow.cases.post.deliveries import open_delivery, settle_letter
from workflow.cases.post.models import LetterDelivery
from workflow.cases.post.printing import bring_up_to_date
from workflow.cases.post.states import DeliveryState, Way
from workflow.cases.states import CLOSED_WORDS, LetterKind
from workflow.kernel.db import Session
from workflow.kernel.errors import DomainError, Unavailable
from workflow.kernel.failpoints import failpoint
from workflow.kernel.mail import Attachment, LocalMailbox, Mail, MailDelayed, MailUnknown
from workflow.kernel.mailing import write_in
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.web.i18n import translate
from workflow.web.languages import in_language


def send_letter(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Hand the letter to the mail server, unless something came in between (then it is withheld).

    A letter that waited past its date is printed anew first. The mail is written before the lock is
    taken: pictures are decoded for it. A letter that is found on its way may have left:
    :class:`MailUnknown`, a person decides.
    """
    letter_id = uuid.UUID(payload["letter_id"])
    with runtime.database.reading() as session:
        waiting = open_delivery(session, letter_id, Way.MAIL, lock=False)
        letter = session.get_one(Letter, letter_id)
        case = session.get_one(Case, letter.case_id)
        right = letters.why_not_send(case, letter) is None
    if waiting is None:
        return
    if right and waiting.state is DeliveryState.WAITING:
        bring_up_to_date(runtime, letter_id, by_post=False)
    with runtime.database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        case = session.get_one(Case, letter.case_id)
        mail = _mail_of(session, runtime, letter, case, payload["outbox_key"]) if right else None
    if not _take(runtime, letter_id, written=mail is not None):
        return
    assert mail is not None, "only what was written is taken"
    failpoint("letter.before_submit")
    try:
        runtime.mail.send(mail)
        failpoint("letter.after_submit")
    except MailDelayed:
        _note(runtime, letter_id, DeliveryState.WAITING, "")
        raise
    except MailUnknown as unknown:
        _note(runtime, letter_id, DeliveryState.SENDING, str(unknown))
        raise
    except DomainError as failure:
        _note(runtime, letter_id, DeliveryState.FAILED, str(failure))
        raise
    _note(runtime, letter_id, DeliveryState.SENT, "")


def _take(runtime: Runtime, letter_id: uuid.UUID, *, written: bool) -> bool:
    """Asked in the transaction before it leaves: is it still right? Then it is on its way."""
    with runtime.database.transaction() as session:
        letter, case, delivery = _locked(session, letter_id)
        if delivery is None:
            return False
        reason = letters.why_not_send(case, letter)
        if reason:
            delivery.state, delivery.note = DeliveryState.WITHHELD, reason
            settle_letter(session, letter)
            return False
        if not written:
            raise Unavailable(say("The reason against this letter has just gone; it is tried again."))
        if delivery.state is DeliveryState.SENDING and not isinstance(runtime.mail, LocalMailbox):
            raise MailUnknown(say("It was on its way when something broke; it may have left or not."))
        delivery.state, delivery.edition, delivery.note = DeliveryState.SENDING, letter.edition, ""
        settle_letter(session, letter)
    return True


def _note(runtime: Runtime, letter_id: uuid.UUID, state: DeliveryState, why: str) -> None:
    now = runtime.clock.business()
    with runtime.database.transaction() as session:
        letter, case, delivery = _locked(session, letter_id)
        assert delivery is not None, "what is on its way is open"
        delivery.state, delivery.note = state, why[:500]
        if state is DeliveryState.SENT:
            delivery.left_on = letters.local_day(case, now)
            letter.sent_at = letter.sent_at or now
        settle_letter(session, letter)
        if state is DeliveryState.SENDING:
            letter.why_not = why[:500]
        failpoint("letter.before_record")


def _locked(session: Session, letter_id: uuid.UUID) -> tuple[Letter, Case, LetterDelivery | None]:
    letter = session.get_one(Letter, letter_id)
    case = session.get_one(Case, letter.case_id, with_for_update=True, populate_existing=True)
    letter = session.get_one(Letter, letter_id, with_for_update=True, populate_existing=True)
    return letter, case, open_delivery(session, letter_id, Way.MAIL)


def _mail_of(session: Session, runtime: Runtime, letter: Letter, case: Case, key: str) -> Mail:
    [main, *_] = letters.printables(session, runtime, letter, case)
    sender = main.context["sender"]
    context = {
        **main.context,
        "sender_name": sender["name"],
        "sender_phone": sender["phone"],
        "sender_email": sender["email"],
        "handler_name": sender["handler_name"],
        "paid_on": letters.local_day(case, case.paid_at) if case.paid_at else None,
    }
    if letter.kind is LetterKind.CLOSING:
        assert case.closed_reason is not None
        context["reason"] = CLOSED_WORDS[case.closed_reason]
    languages = main.languages
    subject, text = write_in(runtime.press, letter.kind.value, context, languages)
    attachments = tuple(
        Attachment(
            _file_name(case, enclosure.title, languages[0]),
            "application/pdf",
            runtime.vault.get(session, enclosure.document_id),
        )
        for enclosure in letter.enclosures
    )
    return Mail(
        to=letter.email,
        subject=subject,
        text=text,
        message_id_key=key,
        written_at=runtime.clock.business(),
        attachments=attachments,
        reply_to=sender["email"],
    )


def _file_name(case: Case, title: str, language: str) -> str:
    with in_language(language):
        return f"{case.reference} {translate(title)}.pdf".replace(" ", "-")
