"""Everything of one case in one file: letters, evidence, what was written, and a signed manifest."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workflow.accounts.models import OperatorProfile
from workflow.cases.models import Case, Message
from workflow.cases.states import Direction, EvidenceKind
from workflow.kernel.db import Session
from workflow.kernel.documents import Document
from workflow.kernel.money import format_money
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say
from workflow.kernel.signing import Signature
from workflow.portal import queries
from workflow.portal.statement import statement_of
from workflow.web.i18n import translate

CHECK = Path(__file__).parent / "data" / "check.py"
VERSION = 1
#: A fixed time for every file, so that the same case packs to the same bytes but for its manifest.
_TIME = (1980, 1, 1, 0, 0, 0)
#: A page as it was fetched may run what it brings along; nobody opens it by a double click.
_SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif",
             "text/html": "html.txt"}  # fmt: skip
_NAMES = {
    EvidenceKind.PHOTOGRAPH: "photograph", EvidenceKind.FOUND_IMAGE: "found", EvidenceKind.PAGE: "page",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """One file: its path in the bundle, its bytes, and what it is."""

    path: str
    data: bytes
    what: str


def bundle_of(
    session: Session, runtime: Runtime, case: Case, profile: OperatorProfile, now: datetime
) -> bytes:
    """A ZIP (stored, not compressed) with ``manifest.json``, signed, and ``check.py``, which needs no net."""
    pieces = list(_pieces(session, runtime, case, profile, now))
    signature = Signature(runtime.secrets)
    manifest = {
        "version": VERSION, "kind": "lichtbild case bundle", "reference": case.reference,
        "made_at": now.isoformat(timespec="seconds"),
        "files": {
            piece.path: {"sha256": hashlib.sha256(piece.data).hexdigest(), "what": piece.what}
            for piece in pieces
        },
    }  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as bundle:
        for piece in (
            *pieces,
            Piece("manifest.json", signature.sign(manifest), ""),
            Piece("key.pem", signature.public_pem.encode(), ""),
            Piece("check.py", CHECK.read_bytes(), ""),
            Piece("READ-ME.txt", _read_me(signature).encode(), ""),
        ):
            bundle.writestr(zipfile.ZipInfo(piece.path, _TIME), piece.data)
    return packed.getvalue()


def _pieces(
    session: Session, runtime: Runtime, case: Case, profile: OperatorProfile, now: datetime
) -> Iterator[Piece]:
    letters = queries.letters_of(session, case.id)
    for number, letter in enumerate(reversed(letters), start=1):
        for part, enclosure in enumerate(letter.enclosures, start=1):
            path = f"letters/{number:02}-{letter.on}-{letter.kind.value}-{part}.pdf"
            yield Piece(path, runtime.vault.get(session, enclosure.document_id), translate(enclosure.title))
    for number, use in enumerate(case.uses, start=1):
        kept = queries.use_of(session, case.id, use.id)
        for piece in kept.evidence:
            media_type = session.get_one(Document, piece.document_id).media_type
            path = f"evidence/use-{number:02}/{_NAMES[piece.kind]}.{_SUFFIXES.get(media_type, 'bin')}"
            yield Piece(path, runtime.vault.get(session, piece.document_id), use.page_url)
    messages = list(reversed(queries.messages_of(session, case.id)))
    for number, message in enumerate(messages, start=1):
        for proof in message.proofs:
            path = f"sent-by-you/{number:02}-{proof.position}-{_plain(proof.file_name)}"
            yield Piece(path, runtime.vault.get(session, proof.document_id), proof.file_name)
    if messages:
        text = "\n\n".join(map(_told, messages))
        yield Piece("messages.txt", text.encode(), translate(say("Everything that was written here")))
    told = statement_of(case, letters, profile, runtime.config.portal_url, now)
    yield Piece("statement.json", Signature(runtime.secrets).sign(told), translate(say("Who claims what")))
    facts = json.dumps(_facts(session, case), indent=2, ensure_ascii=False)
    yield Piece("case.json", facts.encode(), translate(say("The case in numbers")))


def _facts(session: Session, case: Case) -> dict[str, Any]:
    offer = queries.current_offer(session, case.id)
    return {
        "reference": case.reference, "rights_holder": case.owner_name, "state": case.state.value,
        "answer_by": case.answer_by.isoformat() if case.answer_by else None,
        "sum": format_money(offer.total) if offer else None,
        "uses": [
            {
                "photograph": use.work_title, "page": use.page_url, "image": use.image_url,
                "first_seen": use.first_seen.isoformat(), "last_seen": use.last_seen.isoformat(),
            }
            for use in case.uses
        ],
    }  # fmt: skip


def _told(message: Message) -> str:
    who = translate(say("You")) if message.direction is Direction.INCOMING else message.author
    return f"{message.at:%Y-%m-%d %H:%M} UTC, {who}:\n{translate(message.shown)}"


def _plain(name: str) -> str:
    """A name without anything a file system could take amiss."""
    return (
        "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name).lstrip(".")[-80:] or "file"
    )


def _read_me(signature: Signature) -> str:
    return translate(
        say(
            "To check that nothing was changed, run python3 check.py in this folder. To check that it is "
            "from us, compare key.pem with the key on our verify page and its fingerprint, {fingerprint}, "
            "then run the commands below.",
            fingerprint=signature.fingerprint,
        )
    ) + (
        "\n\njq -j .statement manifest.json > said\njq -r .signature manifest.json | base64 -d > sig\n"
        "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in said -sigfile sig\n"
    )
