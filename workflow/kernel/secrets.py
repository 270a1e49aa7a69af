"""The master key and what is derived from it: wrapped data keys, sealed bytes, look-up hashes of codes.

The master key lies outside the database (a file of mode 0600, or the environment). Every use has its own
sub-key (HKDF-SHA256, one purpose each), so that no two uses ever share a key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workflow.kernel.errors import Conflict, Unavailable
from workflow.kernel.files import write_once
from workflow.kernel.said import say

KEY_BYTES = 32
ENVIRONMENT = "LICHTBILD_MASTER_KEY"
_NONCE_BYTES = 12
_FORMAT = b"\x01"  # first byte of everything sealed; a later format gets another number


class MasterKey:
    """The key above all keys. Never printed, never stored in the database, never sent."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise Unavailable(
                say(
                    "The master key must be {wanted} bytes long, this one has {count}.",
                    wanted=KEY_BYTES,
                    count=len(key),
                )
            )
        self._key = key

    def __repr__(self) -> str:
        return "MasterKey(…)"

    @classmethod
    def load(cls, path: Path | None = None, environment: Mapping[str, str] | None = None) -> MasterKey:
        """The key from ``LICHTBILD_MASTER_KEY`` (base64) if set, else from the file.

        Raises :class:`Unavailable` with a sentence when neither holds a good key, or when others on
        this machine could read the file.
        """
        text = (os.environ if environment is None else environment).get(ENVIRONMENT, "")
        if text:
            return cls(_decoded(text))
        if path is None:
            raise Unavailable(say("There is no master key: set {name} or name a key file.", name=ENVIRONMENT))
        return cls(_read_private(path))

    def derive(self, purpose: str) -> bytes:
        """The 32-byte sub-key for one purpose; the same purpose always gives the same key."""
        info = b"lichtbild/1/" + purpose.encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._key)

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """Seal a data key so that it may lie in the database; ``aad`` binds it to its place."""
        return seal(self.derive("wrap data keys"), key, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The data key again; :class:`Unavailable` if the master key, the bytes or the place differ."""
        return unseal(self.derive("wrap data keys"), wrapped, aad)

    def peppered(self, code: str, purpose: str) -> str:
        """HMAC-SHA256 of a code in hex, for looking it up: without the master key it cannot be guessed.

        Made for codes and tokens of at least 80 random bits; a password needs a slow hash instead.
        """
        return hmac.new(self.derive(f"pepper {purpose}"), code.encode(), hashlib.sha256).hexdigest()


def create_master_key(path: Path) -> MasterKey:
    """Make a new random key file, readable by its owner alone, whole or not at all.

    An existing file is never touched: :class:`Conflict`.
    """
    key = os.urandom(KEY_BYTES)
    try:
        write_once(path, key)
    except FileExistsError as present:  # a key that sealed something is never replaced
        raise Conflict(say("There is already a master key at {path}.", path=path)) from present
    return MasterKey(key)


def seal(key: bytes, data: bytes, aad: bytes) -> bytes:
    """AES-256-GCM: format byte, random nonce, ciphertext with tag; ``aad`` must be given again to open."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, data, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """What :func:`seal` was given; :class:`Unavailable` if anything was altered or the key is another."""
    start = len(_FORMAT) + _NONCE_BYTES
    if not sealed.startswith(_FORMAT) or len(sealed) < start:
        raise Unavailable(say("The sealed data is damaged."))
    try:
        return AESGCM(key).decrypt(sealed[len(_FORMAT) : start], sealed[start:], aad)
    except InvalidTag as wrong:
        raise Unavailable(say("The sealed data was altered, or it was sealed with another key.")) from wrong


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise Unavailable(say("{name} is not base64.", name=ENVIRONMENT)) from wrong


def _read_private(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Unavailable(say("Others can read the master key {path}; run: chmod 600 {path}", path=path))
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise Unavailable(say("There is no master key at {path}.", path=path)) from missing
    except OSError as broken:
        raise Unavailable(
            say("The master key {path} cannot be read: {strerror}.", path=path, strerror=broken.strerror)
        ) from broken
