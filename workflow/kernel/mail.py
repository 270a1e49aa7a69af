"""Mail: written from templates, sent by SMTP or laid into a local mailbox; called from the outbox only.

Sending has three ways to fail, and the difference matters: *refused* (for good), *delayed* (nothing was
sent, try later) and *unknown* (the connection broke when the message was already under way: it must not
be sent again by itself, a person decides).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

from email_validator import EmailNotValidError, validate_email
from jinja2 import Environment

from workflow.kernel.errors import DomainError, NotFound, Refused
from workflow.kernel.files import write_once
from workflow.kernel.said import say
from workflow.kernel.wording import one_line

MAX_MAIL_BYTES = 25 * 1024 * 1024


class MailRefused(DomainError):
    """The other side will not take this mail, now or later."""


class MailDelayed(DomainError):
    """Nothing was sent; trying again later is right."""


class MailUnknown(DomainError):
    """It may have been sent or not. Never send it again without a person's decision."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a mail."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person. ``message_id_key`` is our own name of it: the same
    key is the same mail, sent once."""

    to: str
    subject: str
    text: str
    message_id_key: str
    written_at: datetime
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    #: Where one click ends this kind of mail (RFC 8058); empty = no such header.
    unsubscribe_url: str = ""


class MailTransport(Protocol):
    """Takes a mail away, or raises one of the three failures above."""

    def send(self, mail: Mail) -> None: ...


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message as it travels: the same mail gives the same bytes. ``sender`` is ``Name <address>``.

    :class:`Refused` if an address is none, a header would break its line, or the whole is too large.
    """
    assert mail.written_at.tzinfo is not None, "a moment without a time zone"
    name, address = sender_parts(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(name, address)
    message["To"] = _address("", checked_address(mail.to))
    if mail.reply_to:
        message["Reply-To"] = _address("", checked_address(mail.reply_to))
    message["Subject"] = one_line(mail.subject, say("The subject of the mail"))
    message["Date"] = format_datetime(mail.written_at)
    digest = mail_name(mail.message_id_key)
    message["Message-ID"] = f"<{digest}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{one_line(mail.unsubscribe_url, 'The address to unsubscribe')}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text, cte="quoted-printable")
    for attachment in mail.attachments:
        kind, _, detail = one_line(attachment.media_type, say("The type of an attachment")).partition("/")
        filename = one_line(attachment.name, say("The name of an attachment"))
        message.add_attachment(attachment.data, maintype=kind, subtype=detail, filename=filename)
    if mail.attachments:
        message.set_boundary(f"part-{digest}")
    if sum(len(attachment.data) for attachment in mail.attachments) > MAX_MAIL_BYTES:
        raise Refused(
            say(
                "The attachments are larger than {most} MB together.",
                most=MAX_MAIL_BYTES // 1024**2,
            )
        )
    return message


def as_bytes(message: EmailMessage) -> bytes:
    """The message with CRLF lines; headers in UTF-8 only if an address itself needs it (RFC 6531)."""
    return message.as_bytes(policy=SMTP.clone(utf8=is_international(message)))


def is_international(message: EmailMessage) -> bool:
    """Whether a part before an ``@`` holds more than ASCII; servers must announce SMTPUTF8 for it."""
    headers = [message[name] for name in ("From", "To", "Reply-To") if message[name]]
    return not all(found.addr_spec.isascii() for header in headers for found in header.addresses)


def mail_name(key: str) -> str:
    """Our name of a mail, made from its key: part of the Message-ID, and its file name in a mailbox."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def checked_address(text: str) -> str:
    """One well-formed address as it travels (the domain in ASCII, lower case); :class:`Refused` otherwise.

    Only the form is checked, no server is asked.
    """
    try:
        good = validate_email(one_line(text.strip(), say("The address")), check_deliverability=False)
    except EmailNotValidError as wrong:
        raise Refused(
            say("“{given}” is not an e-mail address: {wrong}", given=text.strip()[:80], wrong=wrong)
        ) from wrong
    return good.ascii_email or good.normalized


def render_mail(
    environment: Environment, name: str, context: Mapping[str, object], language: str = ""
) -> tuple[str, str]:
    """Subject and text from ``mails/<name>.txt``, whose first line is ``Subject: …``.

    In another language than English from ``mails/<language>/<name>.txt``: whoever names one has it.
    """
    folder = f"mails/{language}" if language not in ("", "en") else "mails"
    rendered = environment.get_template(f"{folder}/{name}.txt").render(context)
    first, _, text = rendered.partition("\n")
    label, _, subject = first.partition(": ")
    assert label == "Subject" and subject.strip(), f"mails/{name}.txt must begin with its subject"
    body = re.sub(r"[ \t]+\n", "\n", text).strip()
    return one_line(subject.strip(), say("The subject of the mail")), re.sub(r"\n{3,}", "\n\n", body) + "\n"


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail in the local mailbox."""

    name: str
    sender: str
    to: str
    subject: str
    written_at: datetime
    text: str
    attachments: tuple[Attachment, ...]


class LocalMailbox:
    """Sends nothing: every mail becomes one ``.eml`` file, for the demo's mailbox page and for tests."""

    def __init__(self, folder: Path, sender: str) -> None:
        sender_parts(sender)
        self._folder, self._sender = folder, sender

    def send(self, mail: Mail) -> None:
        """Lay the mail down, on disk before this returns; the same key a second time changes nothing."""
        data = as_bytes(compose(mail, self._sender))
        with suppress(FileExistsError):
            write_once(self._folder / f"{mail_name(mail.message_id_key)}.eml", data)

    def list(self) -> list[StoredMail]:
        """Every mail, newest first."""
        found = [self._parse(path) for path in self._folder.glob("*.eml")]
        return sorted(found, key=lambda mail: (mail.written_at, mail.name), reverse=True)

    def read(self, name: str) -> StoredMail:
        """One mail by the name that :meth:`list` gave; :class:`NotFound` otherwise."""
        path = self._folder / f"{name}.eml"
        if not re.fullmatch(r"[0-9a-f]{32}", name) or not path.is_file():
            raise NotFound(say("This mail"))
        return self._parse(path)

    @staticmethod
    def _parse(path: Path) -> StoredMail:
        message = message_from_bytes(path.read_bytes(), policy=SMTP)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain",))
        return StoredMail(
            name=path.stem,
            sender=str(message["From"]),
            to=str(message["To"]),
            subject=str(message["Subject"]),
            written_at=message["Date"].datetime,
            text=body.get_content().replace("\r\n", "\n") if body else "",
            attachments=tuple(_attachment(part) for part in message.iter_attachments()),
        )


def sender_parts(sender: str) -> tuple[str, str]:
    """``Name <address>`` or a bare address, as name and checked address."""
    form = r"\s*(?:\"?([^<>\"]*?)\"?\s*<([^<>]+)>|([^<>\s]+))\s*"
    match = re.fullmatch(form, one_line(sender, say("The sender")))
    if not match:
        raise Refused(
            say("“{sender}” is not a sender; write it like Name <mail@example.org>.", sender=sender[:80])
        )
    return match[1] or "", checked_address(match[2] or match[3])


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _attachment(part: EmailMessage) -> Attachment:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes), "attachments are files"
    return Attachment(part.get_filename() or "", part.get_content_type(), data)
