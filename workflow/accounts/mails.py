"""Mails to people of the desk: subject, body and every sentence in them in the language of their reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workflow.accounts.models import Account
from workflow.accounts.queries import instance_languages
from workflow.kernel import outbox
from workflow.kernel.db import Session
from workflow.kernel.said import Said
from workflow.web.i18n import translate
from workflow.web.languages import ENGLISH, LANGUAGES, in_language


def post_mail(
    session: Session, person: Account, template: str, context: Mapping[str, Any], now: datetime,
    *, key: str, priority: int = outbox.ORDINARY, **more: Any,
) -> None:  # fmt: skip
    """Post ``mails/<template>.txt`` to one person; ``more`` as :func:`workflow.kernel.mailing.send_mail`
    knows it. What was said (``say(…)``) is told in the person's language now."""
    write_mail(
        session, person.email, language_of(session, person), template, context, now,
        key=key, priority=priority, **more,
    )  # fmt: skip


def write_mail(
    session: Session, to: str, language: str, template: str, context: Mapping[str, Any], now: datetime,
    *, key: str, priority: int = outbox.ORDINARY, **more: Any,
) -> None:  # fmt: skip
    """The same to an address, such as the office's own."""
    payload = {
        "to": to, "template": template, "language": language, "context": told(context, language),
        "attachments": [], **more,
    }  # fmt: skip
    outbox.post(session, "mail", payload, key=key, now=now, priority=priority)


def language_of(session: Session, person: Account) -> str:
    """What the person chose, or the instance's first language."""
    return person.language if person.language in LANGUAGES else office_language(session)


def office_language(session: Session) -> str:
    """The first of the instance's languages that pages and mails exist in."""
    return next((code for code in instance_languages(session) if code in LANGUAGES), ENGLISH)


def told(context: Mapping[str, Any], language: str) -> dict[str, Any]:
    """``context`` with everything that was said told in ``language``."""
    with in_language(language):
        return {name: _told(value) for name, value in context.items()}


def _told(value: Any) -> Any:
    if isinstance(value, Said):
        return translate(value)
    if isinstance(value, Mapping):
        return {name: _told(each) for name, each in value.items()}
    return [_told(each) for each in value] if isinstance(value, (list, tuple)) else value
