"""What the outbox does with a plain mail: render its template, add its files, hand it over."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from workflow.kernel.documents import Document
from workflow.kernel.mail import Attachment, Mail, render_mail
from workflow.kernel.money import Currency, Money
from workflow.kernel.pdf import ENGLISH, Press
from workflow.kernel.runtime import Runtime

#: Between the text that counts and its translation.
RULE = "-" * 30 + " English " + "-" * 30


def send_mail(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Payload: ``to``, ``template``, ``context``; optionally ``language`` or ``languages``, ``attachments``
    (document ids), ``reply_to``, ``unsubscribe_url``.

    Names ending in ``_on``, ``_by`` or ``_date`` hold ISO dates, a ``{"minor", "currency"}`` is money.
    Raises what the transport raises: refused, delayed or unknown.
    """
    context = {name: _typed(name, value) for name, value in payload["context"].items()}
    languages = payload.get("languages") or [payload.get("language") or ENGLISH]
    subject, text = write_in(runtime.press, payload["template"], context, languages)
    attachments: list[Attachment] = []
    with runtime.database.reading() as session:
        for document_id in payload.get("attachments", ()):
            document = session.get_one(Document, uuid.UUID(document_id))
            attachments.append(
                Attachment(document.name, document.media_type, runtime.vault.get(session, document.id))
            )
    runtime.mail.send(
        Mail(
            to=payload["to"],
            subject=subject,
            text=text,
            message_id_key=payload["outbox_key"],
            written_at=runtime.clock.business(),
            attachments=tuple(attachments),
            reply_to=payload.get("reply_to", ""),
            unsubscribe_url=payload.get("unsubscribe_url", ""),
        )
    )


def write_in(
    press: Press, template: str, context: Mapping[str, object], languages: Sequence[str]
) -> tuple[str, str]:
    """Subject and text of a mail in the first language; in every further one the same text follows."""
    written = []
    for code in languages:
        with press.speak(code):
            written.append(render_mail(press.environment, template, context, code))
    (subject, text), *others = written
    return subject, "".join([text, *(f"\n{RULE}\n\n{other}" for _, other in others)])


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, str) and name.endswith(("_on", "_by", "_date")):
        return date.fromisoformat(value)
    if isinstance(value, dict) and set(value) == {"minor", "currency"}:
        return Money(value["minor"], Currency(value["currency"]))
    return value
