"""What a bank transfer names so that its case is found again (ISO 11649)."""

from __future__ import annotations

from stdnum import iso11649
from stdnum.exceptions import ValidationError

from workflow.kernel.ids import normalise_reference

#: Check digits are put in front of what is ours: ``RF`` + two digits + the signs of the case reference.
_OF_OURS = str.maketrans("", "", "- ")
_HEAD = 4


def rf_reference(case_reference: str) -> str:
    """``RF52K7M3PQX`` for ``K7M3PQ-X``: readable by every bank, with check digits that catch a slip."""
    ours = case_reference.upper().translate(_OF_OURS)
    return str(iso11649.validate(f"RF{_check_digits(ours)}{ours}"))


def case_of(text: str) -> str | None:
    """The case reference within an RF reference; ``None`` when its check digits or ours are wrong."""
    try:
        whole = str(iso11649.validate(text.upper()))
    except ValidationError:
        return None
    return normalise_reference(whole[_HEAD:])


def _check_digits(ours: str) -> str:
    """ISO 7064 MOD 97-10 over the reference with ``RF00`` behind it."""
    number = "".join(str(int(sign, 36)) for sign in f"{ours}RF00")
    return f"{98 - int(number) % 97:02d}"
