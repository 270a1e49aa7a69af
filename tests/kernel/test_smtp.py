"""Mail against real SMTP servers on loopback: what arrives, and the three ways to fail."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd import smtp as aiosmtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from workflow.kernel.clock import SystemClock
from workflow.kernel.mail import Attachment, Mail, MailDelayed, MailRefused, MailUnknown
from workflow.kernel.smtp import SmtpTransport

SENDER = "Bildrechte Nord <licensing@example.org>"
WRITTEN = datetime(2024, 3, 5, 9, 30, tzinfo=UTC)
TEXT = "Dear Ms Müller,\n\n.a line that begins with a dot\n" + "a long line " * 120 + "\n…\n"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


def a_mail(**changes: Any) -> Mail:
    mail = Mail(
        to="kim@example.org",
        subject="Licence for “Harbour at dawn” – 214,00 €",
        text=TEXT,
        message_id_key="case-1:offer",
        written_at=WRITTEN,
        attachments=(Attachment("licence ä.pdf", "application/pdf", PDF),),
    )
    return replace(mail, **changes)


class Recorder:
    """The other side: keeps what it takes, answers as told."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.rcpt_answer = ""
        self.data_answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt_answer or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.data_answer


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def port(recorder: Recorder) -> Iterator[int]:
    controller = Controller(recorder, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    yield controller.port
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def smtp(port: int, **changes: Any) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", port, SENDER, timeout=2, **changes)


def parsed(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_mail_arrives_as_it_was_written(recorder: Recorder, port: int) -> None:
    smtp(port).send(a_mail(reply_to="case+1@example.org"))
    [(origin, to, data)] = recorder.mails
    message = parsed(data)
    assert (origin, to) == ("licensing@example.org", ["kim@example.org"])
    assert message["Subject"] == "Licence for “Harbour at dawn” – 214,00 €"
    assert message["From"] == SENDER
    assert message["Reply-To"] == "case+1@example.org"
    assert message["Date"].datetime == WRITTEN
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_body()
    assert body is not None
    assert body["Content-Transfer-Encoding"] == "quoted-printable"
    assert body.get_content_charset() == "utf-8"
    assert body.get_content().replace("\r\n", "\n") == TEXT
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "licence ä.pdf"
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_content() == PDF
    assert max(len(line) for line in data.split(b"\r\n")) <= 998


def test_foreign_domains_and_names_travel(recorder: Recorder, port: int) -> None:
    smtp(port).send(a_mail(to="Kim@Bücher.example", attachments=()))
    smtp(port).send(a_mail(to="müller@example.org", attachments=()))
    assert [to for _, to, _ in recorder.mails] == [["Kim@xn--bcher-kva.example"], ["müller@example.org"]]
    assert "To: müller@example.org".encode() in recorder.mails[1][2]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [("550 No such person", MailRefused), ("450 Busy, come back", MailDelayed), ("421 Closing", MailDelayed)],
)
def test_refused_and_delayed_recipients(
    recorder: Recorder, port: int, answer: str, failure: type[Exception]
) -> None:
    recorder.rcpt_answer = answer
    with pytest.raises(failure, match=answer[4:]):
        smtp(port).send(a_mail())
    assert recorder.mails == []


@pytest.mark.parametrize(
    ("answer", "failure"), [("554 We think it is spam", MailRefused), ("451 Disk full", MailDelayed)]
)
def test_refused_and_delayed_after_the_text(
    recorder: Recorder, port: int, answer: str, failure: type[Exception]
) -> None:
    recorder.data_answer = answer
    with pytest.raises(failure, match=answer[4:]):
        smtp(port).send(a_mail())


def test_nobody_there_is_a_delay() -> None:
    with pytest.raises(MailDelayed, match="cannot be reached"):
        smtp(free_port()).send(a_mail())


class Breaker(threading.Thread):
    """A raw server that speaks well until ``stage`` and then drops the line or falls silent."""

    def __init__(self, stage: str, silent: bool = False) -> None:
        super().__init__(daemon=True)
        self.stage, self.silent = stage, silent
        self.received = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    def run(self) -> None:
        line, _ = self.listener.accept()
        with line, line.makefile("rb") as reader:
            if not self._speak(line, reader) and self.silent:
                reader.read()  # until the client gives up
        self.listener.close()

    def _speak(self, line: socket.socket, reader: Any) -> bool:
        if self.stage == "greeting":
            return False
        line.sendall(b"220 here\r\n")
        for command, answer in (
            (b"EHLO", b"250 here"), (b"MAIL", b"250 OK"), (b"RCPT", b"250 OK"), (b"DATA", b"354 go")
        ):  # fmt: skip
            assert reader.readline().upper().startswith(command)
            if self.stage == command.decode():
                return False
            line.sendall(answer + b"\r\n")
        while not self.received.endswith(b"\r\n.\r\n"):
            self.received += reader.readline()
            if self.stage == "text":
                return False
        if self.stage == "nonsense":
            line.sendall(b"hello?\r\n")
        return self.stage == "nonsense"


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("silent", [False, True])
def test_a_line_that_breaks_before_the_text_is_a_delay(stage: str, silent: bool) -> None:
    server = Breaker(stage, silent)
    server.start()
    with pytest.raises(MailDelayed):
        SmtpTransport("127.0.0.1", server.port, SENDER, timeout=0.5).send(a_mail())
    server.join(5)
    assert server.received == b""


@pytest.mark.parametrize(
    ("stage", "silent"), [("text", False), ("end", False), ("end", True), ("nonsense", False)]
)
def test_a_line_that_breaks_after_the_text_began_is_unknown(stage: str, silent: bool) -> None:
    server = Breaker(stage, silent)
    server.start()
    big = Attachment("big.bin", "application/octet-stream", bytes(8_000_000))
    mail = a_mail(attachments=(big,)) if stage == "text" else a_mail()
    with pytest.raises(MailUnknown):
        SmtpTransport("127.0.0.1", server.port, SENDER, timeout=0.5).send(mail)
    server.join(5)
    assert server.received


def test_encryption_and_password(recorder: Recorder, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))

    def check(_server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"us", b"p@ss"))

    class Encrypted(Controller):
        def factory(self) -> aiosmtp.SMTP:
            return aiosmtp.SMTP(
                self.handler,
                tls_context=context,
                require_starttls=True,
                auth_required=True,
                authenticator=check,
            )

    controller = Encrypted(recorder, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        good = smtp(controller.port, starttls=True, user="us", password="p@ss", context=trusting)
        good.send(a_mail())
        assert len(recorder.mails) == 1
        for wrong in (
            replace(good, password="no"),
            replace(good, starttls=False),
            replace(good, context=ssl.create_default_context()),  # does not know this certificate
        ):
            with pytest.raises(MailDelayed):
                wrong.send(a_mail())
        assert len(recorder.mails) == 1
    finally:
        controller.stop()
    assert "p@ss" not in repr(good)


def test_no_encryption_offered_means_nothing_is_sent(recorder: Recorder, port: int) -> None:
    with pytest.raises(MailDelayed):
        smtp(port, starttls=True).send(a_mail())
    assert recorder.mails == []


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody signed but itself; certificate and key as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = SystemClock().wall()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "certificate.pem", folder / "key.pem"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_path, key_path
