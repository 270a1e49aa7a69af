"""Keys for rows, references for people, codes for letters."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import uuid_utils

#: No 0/O, 1/I/L, 2/Z pairs, no U: twenty-nine signs, a prime, so that the check sign below catches
#: every single wrong sign and every swap of neighbours.
ALPHABET = "3456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 6
CODE_LENGTH = 20
CODE_GROUP = 5

RandBelow = Callable[[int], int]


def new_id() -> uuid.UUID:
    """A UUIDv7: unique, and ordered by the time it was made."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def case_reference(randbelow: RandBelow) -> str:
    """Six random signs and a check sign, such as ``K7M3PQ-X``; never sequential, useless without the code."""
    body = "".join(ALPHABET[randbelow(len(ALPHABET))] for _ in range(REFERENCE_LENGTH))
    return f"{body}-{_check_sign(body)}"


def normalise_reference(text: str) -> str | None:
    """The reference as we write it, or ``None`` if this cannot be one (wrong length, sign or check sign)."""
    signs = "".join(sign for sign in text.upper() if sign.isalnum())
    body, check = signs[:REFERENCE_LENGTH], signs[REFERENCE_LENGTH:]
    if len(body) != REFERENCE_LENGTH or any(sign not in ALPHABET for sign in signs):
        return None
    return f"{body}-{check}" if check == _check_sign(body) else None


def secret_code(randbelow: RandBelow) -> str:
    """Twenty signs in groups of five, 97 bits: what a stranger would have to guess."""
    signs = "".join(ALPHABET[randbelow(len(ALPHABET))] for _ in range(CODE_LENGTH))
    return "-".join(signs[at : at + CODE_GROUP] for at in range(0, CODE_LENGTH, CODE_GROUP))


def normalise_code(text: str) -> str:
    """A code as typed by hand, made comparable: upper case, only letters and digits, at most 64 signs."""
    return "".join(sign for sign in text.upper() if sign.isalnum())[:64]


def _check_sign(body: str) -> str:
    weighted = sum(place * ALPHABET.index(sign) for place, sign in enumerate(body, start=2))
    return ALPHABET[weighted % len(ALPHABET)]
