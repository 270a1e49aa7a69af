"""Tokens: the browser or the mail has them, the database only knows their hashes."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """256 random bits, fit for an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What the database keeps: so many random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def normal_email(text: str) -> str:
    """The one spelling under which an address is kept and looked up."""
    return text.strip().lower()
