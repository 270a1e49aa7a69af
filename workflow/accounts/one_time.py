"""One-time passwords (RFC 6238: SHA-1, six digits, thirty seconds) and recovery codes, without a database."""

from __future__ import annotations

import secrets
from datetime import datetime

import pyotp

STEP_SECONDS = 30
#: How many steps a telephone's clock may be wrong, to either side.
WINDOW = 1
CODE_DIGITS = 6
RECOVERY_CODES = 10
#: Without the signs people confuse; 16 of them hold 80 random bits.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
RECOVERY_SIGNS = 16
GROUP = 4


def new_secret() -> str:
    """160 random bits in base32, as authenticator apps take them."""
    return pyotp.random_base32()


def step_at(wall: datetime) -> int:
    """The number of the thirty seconds that ``wall`` lies in."""
    return int(wall.timestamp()) // STEP_SECONDS


def code_of_step(secret: str, step: int) -> str:
    """The six digits of one step."""
    return pyotp.TOTP(secret).at(step * STEP_SECONDS)


def fitting_step(secret: str, code: str, wall: datetime, *, after: int) -> int | None:
    """The step whose code this is: now or one beside it, and later than ``after`` (each is used once)."""
    now = step_at(wall)
    fitting = [
        step for step in range(now - WINDOW, now + WINDOW + 1)
        if secrets.compare_digest(code_of_step(secret, step), code)
    ]  # fmt: skip
    return next((step for step in fitting if step > after), None)


def next_code(secret: str, wall: datetime, *, after: int) -> str | None:
    """A code that would be taken now; ``None`` when all of the window are used up."""
    now = step_at(wall)
    step = max(now, after + 1)
    return code_of_step(secret, step) if step <= now + WINDOW else None


def address_for_app(secret: str, email: str, issuer: str) -> str:
    """What the QR code says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def new_recovery_codes() -> list[str]:
    """Ten codes to print and keep, such as ``K7QF-2MNX-9RTA-WB4E``."""
    return [
        "-".join(
            "".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(RECOVERY_SIGNS // GROUP)
        )
        for _ in range(RECOVERY_CODES)
    ]


def plain(code: str) -> str:
    """A code as it is compared: without spaces and hyphens, in capitals."""
    return "".join(sign for sign in code if sign.isalnum()).upper()


def looks_like_recovery(code: str) -> bool:
    """Whether this could be a recovery code rather than six digits."""
    return len(plain(code)) == RECOVERY_SIGNS
