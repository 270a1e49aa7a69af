"""A QR code that a bank's app fills a transfer from (EPC069-12, version 002): payee, IBAN, sum, reference."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup
from segno import helpers

from workflow.kernel.money import Currency, Money

#: EPC069-12: the payee's name has at most so many signs.
NAME_LENGTH = 70


def in_fours(number: str) -> str:
    """An IBAN or a creditor reference in groups of four, as banks print it."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def epc_svg(holder: str, iban: str, bic: str, amount: Money, reference: str, label: str) -> Markup | None:
    """An inline SVG; ``None`` for another currency than the euro, which the code does not know.

    ``reference`` is an ISO 11649 creditor reference.
    """
    if amount.currency is not Currency.EUR:
        return None
    code = helpers.make_epc_qr(
        name=holder[:NAME_LENGTH], iban=iban, amount=Decimal(amount.minor) / 100, reference=reference,
        bic=bic or None, encoding="utf-8",
    )  # fmt: skip
    svg = code.svg_inline(border=0, omitsize=True, title=label, svgclass="qr", lineclass=None)
    return Markup(svg)  # noqa: S704 - made here: segno escapes the title, the rest are numbers
