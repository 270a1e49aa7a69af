"""Mail: what is written, what is refused, and the local mailbox."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.mail import (
    Attachment,
    LocalMailbox,
    Mail,
    as_bytes,
    checked_address,
    compose,
    render_mail,
)
from workflow.kernel.smtp import NoMail, SmtpTransport, mail_transport
from workflow.kernel.wording import template_environment

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


def test_message_id_comes_from_our_key_and_names_our_domain() -> None:
    one, again = compose(a_mail(), SENDER), compose(a_mail(subject="Other"), SENDER)
    other = compose(a_mail(message_id_key="case-1:reminder"), SENDER)
    assert one["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert one["Message-ID"] == f"<{hashlib.sha256(b'case-1:offer').hexdigest()[:32]}@example.org>"


def test_the_same_mail_is_the_same_bytes() -> None:
    assert as_bytes(compose(a_mail(), SENDER)) == as_bytes(compose(a_mail(), SENDER))


def test_the_date_keeps_its_zone() -> None:
    there = datetime(2024, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert compose(a_mail(written_at=there), SENDER)["Date"] == "Mon, 01 Jul 2024 12:00:00 +0200"


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\0", "\x0b", "\u2028", "\x85"])
@pytest.mark.parametrize("field", ["to", "subject", "reply_to", "name", "type"])
def test_a_header_cannot_be_smuggled_in(field: str, break_: str, tmp_path: Path) -> None:
    evil = f"kim@example.org{break_}Bcc: all@example.org"
    if field in ("name", "type"):
        file = Attachment(*((evil, "text/plain") if field == "name" else ("a.txt", f"text/{evil}")), b"x")
        mail = a_mail(attachments=(file,))
    else:
        mail = a_mail(**{field: evil})
    box = LocalMailbox(tmp_path, SENDER)
    with pytest.raises(Refused):
        box.send(mail)
    assert box.list() == []


@pytest.mark.parametrize(
    "address",
    ["", "kim", "a@b@c.example.org", "kim@", "@example.org", "a b@example.org", "x@localhost", "a@b"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="not an e-mail address"):
        checked_address(address)


@pytest.mark.parametrize(
    "sender", ["", "Name <a@example.org", "A <a@example.org>\r\nBcc: x@example.org", "nobody"]
)
def test_a_wrong_sender_stops_the_start(sender: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        LocalMailbox(tmp_path, sender)
    with pytest.raises(Refused):
        SmtpTransport("127.0.0.1", 25, sender)


def test_too_much_to_attach_is_refused() -> None:
    big = Attachment("big.bin", "application/octet-stream", bytes(13 * 1024 * 1024))
    with pytest.raises(Refused, match="larger than 25 MB"):
        compose(a_mail(attachments=(big, big)), SENDER)


def test_the_local_mailbox(tmp_path: Path) -> None:
    box = LocalMailbox(tmp_path / "box", SENDER)
    assert box.list() == []
    box.send(a_mail())
    box.send(a_mail(message_id_key="case-1:reminder", written_at=WRITTEN + timedelta(days=7), attachments=()))
    newest, oldest = box.list()
    assert newest.written_at == WRITTEN + timedelta(days=7)
    assert (oldest.to, oldest.subject) == ("kim@example.org", "Licence for “Harbour at dawn” – 214,00 €")
    assert oldest.text == TEXT
    assert oldest.attachments == a_mail().attachments
    assert box.read(oldest.name) == oldest


def test_the_same_key_twice_is_one_mail(tmp_path: Path) -> None:
    box = LocalMailbox(tmp_path, SENDER)
    box.send(a_mail())
    box.send(a_mail(text="something else"))
    [only] = box.list()
    assert only.text == TEXT
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["../secret", "", "a" * 32, "A" * 32, "x/../" + "a" * 32])
def test_the_mailbox_shows_only_its_mails(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.eml").write_text("Subject: x\n\nsecret")
    box = LocalMailbox(tmp_path / "box", SENDER)
    box.send(a_mail())
    with pytest.raises(NotFound):
        box.read(name)


def test_the_configuration_chooses_the_transport(tmp_path: Path) -> None:
    assert isinstance(mail_transport("local:", sender=SENDER, mailbox=tmp_path), LocalMailbox)
    server = mail_transport("smtp://us:p%40ss@mail.example.org?starttls=1", sender=SENDER, mailbox=tmp_path)
    assert isinstance(server, SmtpTransport)
    assert (server.host, server.port, server.user, server.password) == ("mail.example.org", 587, "us", "p@ss")
    assert (server.starttls, server.tls) == (True, False)
    tls = mail_transport("smtps://mail.example.org", sender=SENDER, mailbox=tmp_path)
    assert isinstance(tls, SmtpTransport)
    assert (tls.port, tls.tls) == (465, True)
    assert isinstance(mail_transport("", sender="", mailbox=tmp_path), NoMail)
    for wrong in ("http://mail.example.org", "smtp://", "mail.example.org"):
        with pytest.raises(Refused, match="must be written like"):
            mail_transport(wrong, sender=SENDER, mailbox=tmp_path)


def test_a_mail_from_a_template(tmp_path: Path) -> None:
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "hello.txt").write_text(
        "Subject: For {{ name }}\n\n{% if name %}\nDear {{ name }},  \n{% endif %}\n\n\n\nit costs <b> & more.\n"
    )
    environment = template_environment(tmp_path)
    subject, text = render_mail(environment, "hello", {"name": "Kim & Co"})
    assert subject == "For Kim & Co"
    assert text == "Dear Kim & Co,\n\nit costs <b> & more.\n"
    with pytest.raises(UndefinedError):
        render_mail(environment, "hello", {})
    with pytest.raises(Refused, match="line break"):
        render_mail(environment, "hello", {"name": "Kim\rBcc: all@example.org"})
