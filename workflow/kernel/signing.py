"""The instance's signature: statements that anybody can check offline, with our program or with openssl.

Ed25519 (RFC 8032). The key is derived from the master key, so that it is restored with it and never lies in
the database; its public half is published, and its fingerprint names it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from workflow.kernel.errors import Refused
from workflow.kernel.said import say
from workflow.kernel.secrets import MasterKey

PURPOSE = "sign statements"
#: What a file holds: the signed text exactly as it was signed, the signature in base64, the public key.
PARTS = ("statement", "signature", "key")
LARGEST = 200_000
FINGERPRINT_GROUP = 4


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement whose signature is good, and by which key."""

    statement: dict[str, Any]
    fingerprint: str


class Signature:
    """Signs for one instance."""

    __slots__ = ("_key",)

    def __init__(self, master: MasterKey) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(master.derive(PURPOSE))

    @property
    def public_pem(self) -> str:
        """The public key as PEM, for openssl and everybody."""
        return _pem(self._key.public_key())

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key (DER), the first 32 hex digits in groups of four."""
        return fingerprint_of(self._key.public_key())

    def sign(self, statement: Mapping[str, Any]) -> bytes:
        """The statement as a file: canonical JSON (sorted, no spaces, UTF-8), signature and key."""
        text = canonical(statement)
        signature = base64.b64encode(self._key.sign(text.encode())).decode()
        told = {"statement": text, "signature": signature, "key": self.public_pem}
        return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def canonical(statement: Mapping[str, Any]) -> str:
    """One text for one content."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def check(data: bytes, *, key_pem: bytes | None = None) -> Checked:
    """Check a file of :meth:`Signature.sign`; :class:`Refused` says what is wrong with it.

    Without ``key_pem`` the key in the file is used: then the fingerprint has to be compared with the one that
    the instance publishes. With it the file's own key counts nothing.
    """
    text, signature, own = _parts(data)
    key = _public_key(key_pem if key_pem is not None else own.encode())
    try:
        key.verify(signature, text.encode())
    except InvalidSignature as forged:
        raise Refused(
            say("The signature does not fit: the statement was changed, or signed by another key.")
        ) from forged
    statement = json.loads(text)
    if not isinstance(statement, dict):
        raise Refused(say("This is not a signed statement."))
    return Checked(statement, fingerprint_of(key))


def fingerprint_of(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key (DER), the first 32 hex digits in groups of four."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digits = hashlib.sha256(der).hexdigest()[:32]
    return " ".join(digits[at : at + FINGERPRINT_GROUP] for at in range(0, len(digits), FINGERPRINT_GROUP))


def _pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _parts(data: bytes) -> tuple[str, bytes, str]:
    if len(data) > LARGEST:
        raise Refused(say("This file is too large to be a statement."))
    try:
        told = json.loads(data)
        text, signature, own = (told[name] for name in PARTS)
        json.loads(text)
        return text, base64.b64decode(signature, validate=True), str(own)
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as wrong:
        raise Refused(say("This is not a signed statement.")) from wrong


def _public_key(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise Refused(say("The key cannot be read.")) from wrong
    if not isinstance(key, Ed25519PublicKey):
        raise Refused(say("The key is not one of ours: statements are signed with Ed25519."))
    return key
