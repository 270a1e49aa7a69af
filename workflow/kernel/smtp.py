"""SMTP: the way out for real mail, and the choice of transport from the configuration."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from workflow.kernel.errors import Refused
from workflow.kernel.mail import (
    LocalMailbox,
    Mail,
    MailDelayed,
    MailRefused,
    MailTransport,
    MailUnknown,
    as_bytes,
    checked_address,
    compose,
    is_international,
    sender_parts,
)
from workflow.kernel.said import say

TIMEOUT_SECONDS = 30.0
_FIRST_ANSWER = 200  # RFC 5321: answers have three digits from 200 on
_PERMANENT = 500
_GOOD = (250, 251, 354)


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """Sends through one SMTP server, one connection a mail; nothing is tried twice in here."""

    host: str
    port: int
    #: ``Name <address>``
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    #: Encrypt after the greeting (port 587); a server that does not offer it gets nothing.
    starttls: bool = False
    #: Encrypt from the first byte (port 465).
    tls: bool = False
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)
    timeout: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        sender_parts(self.sender)

    def send(self, mail: Mail) -> None:
        """Send, or raise :class:`MailRefused`, :class:`MailDelayed` or :class:`MailUnknown`."""
        message = compose(mail, self.sender)
        _, origin = sender_parts(self.sender)
        try:
            server = self._connect()
        except smtplib.SMTPResponseException as answer:  # even a 5xx: our set-up is wrong, not the mail
            raise MailDelayed(
                say("{host} does not let us in: {said}", host=self.host, said=_said(answer.smtp_error))
            ) from answer
        except (smtplib.SMTPException, OSError) as broken:
            raise MailDelayed(
                say(
                    "{host}:{port} cannot be reached: {broken}", host=self.host, port=self.port, broken=broken
                )
            ) from broken
        try:
            self._envelope(server, origin, checked_address(mail.to), is_international(message))
            self._deliver(server, message)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        if self.tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=self.context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if self.starttls:
                server.starttls(context=self.context)  # raises if not offered: never in the clear instead
                server.ehlo()
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _envelope(self, server: smtplib.SMTP, origin: str, to: str, international: bool) -> None:
        if international and not server.has_extn("smtputf8"):
            raise MailRefused(
                say("{host} cannot send to {to}: it knows no international addresses.", host=self.host, to=to)
            )
        try:
            _expect(server.mail(origin, ["SMTPUTF8"] if international else []), say("the sender"))
            _expect(server.rcpt(to), to)
            _expect(server.docmd("DATA"), say("the mail"))
        except (smtplib.SMTPException, OSError) as broken:
            raise MailDelayed(
                say("The connection to {host} broke before the mail was sent.", host=self.host)
            ) from broken

    def _deliver(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        lines = re.sub(rb"(?m)^\.", b"..", as_bytes(message))  # RFC 5321, 4.5.2
        try:
            server.send(lines.removesuffix(b"\r\n") + b"\r\n.\r\n")
            answer = server.getreply()
        except (smtplib.SMTPException, OSError) as broken:
            raise MailUnknown(
                say("The connection to {host} broke while the mail was sent.", host=self.host)
            ) from broken
        if answer[0] < _FIRST_ANSWER:
            raise MailUnknown(say("{host} answered nonsense after the mail was sent.", host=self.host))
        _expect(answer, say("the mail"))


class NoMail:
    """An instance that was not told its mail server yet: everything waits, nothing is lost or sent."""

    def send(self, mail: Mail) -> None:
        """Always :class:`MailDelayed`."""
        raise MailDelayed(
            say(
                "“{subject}” waits: no mail server is set. Say which with LICHTBILD_MAIL_URL, and "
                "the sender with LICHTBILD_MAIL_SENDER.",
                subject=mail.subject,
            )
        )


def mail_transport(url: str, *, sender: str, mailbox: Path) -> MailTransport:
    """What a mail address of the configuration names: ``local:`` or ``smtp://user:password@host:587?starttls=1``.

    ``smtps://`` speaks TLS from the first byte. Nothing at all is :class:`NoMail`: an instance starts
    without a mail server, so that it can be set up. :class:`Refused` for anything else.
    """
    if not url:
        return NoMail()
    if url == "local:":
        return LocalMailbox(mailbox, sender)
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise Refused(say("The mail server must be written like smtp://user:password@host:587?starttls=1."))
    return SmtpTransport(
        parts.hostname,
        parts.port or (465 if parts.scheme == "smtps" else 587),
        sender=sender,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parse_qs(parts.query).get("starttls", ["0"])[0] in ("1", "true", "yes"),
        tls=parts.scheme == "smtps",
    )


def _expect(answer: tuple[int, bytes], what: str) -> None:
    code, text = answer
    if code >= _PERMANENT:
        raise MailRefused(
            say(
                "The mail server does not accept {what}: {code} {said}",
                what=what,
                code=code,
                said=_said(text),
            )
        )
    if code not in _GOOD:
        raise MailDelayed(
            say(
                "The mail server does not take {what} now: {code} {said}",
                what=what,
                code=code,
                said=_said(text),
            )
        )


def _said(text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(said.split())[:200]
