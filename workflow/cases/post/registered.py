"""Numbers of registered mail: the S10 form of the Universal Postal Union with its check digit."""

from __future__ import annotations

import re

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
#: UPU S10-12, 4.3: weights of the eight digits of the serial number.
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_OTHER = re.compile(r"[A-Z0-9]{8,35}")


def registered_number(text: str) -> str:
    """The number in its plain form; :class:`Refused` when it cannot be one.

    Thirteen characters in the form of S10 (``RR123456785DE``) must have the right check digit. Numbers of
    carriers with a form of their own are taken as they are, 8 to 35 letters and digits.
    """
    plain = re.sub(r"[\s.-]", "", text).upper()
    if not plain:
        return ""
    if not plain.isascii() or not _OTHER.fullmatch(plain):
        raise Refused(
            say(
                "“{given}” is no number of a registered letter, such as RR123456785DE.",
                given=text.strip()[:40],
            )
        )
    if _S10.fullmatch(plain) and int(plain[10]) != _check_digit(plain[2:10]):
        raise Refused(
            say("The check digit of {plain} is wrong. Please compare it with the receipt.", plain=plain)
        )
    return plain


def _check_digit(serial: str) -> int:
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, _WEIGHTS, strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest)
