"""Passwords: kept as argon2id, compared in the same time whether the account exists or not."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

SHORTEST = 10
LONGEST = 200
FEWEST_DIFFERENT_SIGNS = 5

#: The first parameters OWASP recommends: 46 MiB, one pass, one lane.
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)


def flaw_of_password(password: str, *, not_like: str = "") -> str | None:
    """Why this password will not do, as a sentence; ``not_like`` is the e-mail address."""
    if len(password) < SHORTEST:
        return say(
            "Use at least {shortest} characters. A short sentence is easy to remember.", shortest=SHORTEST
        )
    if len(password) > LONGEST:
        return say("Use at most {longest} characters.", longest=LONGEST)
    if len(set(password)) < FEWEST_DIFFERENT_SIGNS:
        return say("This repeats a few characters only. Use a short sentence instead.")
    name = not_like.partition("@")[0].casefold()
    if password.casefold() in {not_like.casefold(), name, name * 2}:
        return say("The password must not be your e-mail address.")
    return None


def hash_password(password: str, *, not_like: str = "") -> str:
    """The argon2id hash to store; raises :class:`Refused` for a password that will not do.

    Takes some tens of milliseconds: never call it inside a transaction.
    """
    flaw = flaw_of_password(password, not_like=not_like)
    if flaw:
        raise Refused(flaw)
    return _hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is the one stored; works just as long when nothing is stored."""
    try:
        matched = _hasher.verify(stored or _nobodys_hash(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return matched and stored is not None


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("the password of nobody, compared to keep the time")
