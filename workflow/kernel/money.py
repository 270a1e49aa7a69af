"""Money is a whole number of minor units and a currency: never a float, never mixed, never a lost cent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from babel.numbers import format_currency

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

#: One hundred per cent in basis points.
WHOLE_BP = 10_000
#: Plain digits, or groups of three by one sign; then perhaps one or two decimals by the other.
_AMOUNT = re.compile(
    r"-?(?:\d{1,12}(?:[.,]\d{1,2})?|\d{1,3}(?:\.\d{3}){1,3}(?:,\d{1,2})?|\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,2})?)",
    re.ASCII,
)


class Currency(StrEnum):
    """Currencies an offer can be made in; all of them have two decimals."""

    EUR = "EUR"
    USD = "USD"
    GBP = "GBP"
    CHF = "CHF"
    PLN = "PLN"


class CurrencyMismatch(TypeError):
    """Two currencies met in one sum: a bug, not an input error."""


@dataclass(frozen=True, slots=True)
class Money:
    """``minor`` units of ``currency`` (cents); signed, exact, immutable."""

    minor: int
    currency: Currency = Currency.EUR

    def __post_init__(self) -> None:
        assert type(self.minor) is int, "money is counted in whole minor units"

    def __str__(self) -> str:
        return format_money(self)

    @classmethod
    def zero(cls, currency: Currency = Currency.EUR) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: Currency = Currency.EUR) -> Money:
        """Read ``1.234,50``, ``1,234.50``, ``1234.5`` or ``1234``; anything else is :class:`Refused`."""
        plain = text.strip().replace(" ", "").replace("\u00a0", "").removesuffix("€").removeprefix("€")
        if not _AMOUNT.fullmatch(plain):
            raise Refused(say("“{strip}” is not an amount. Write it like 1.234,50.", strip=text.strip()[:40]))
        mark = max(plain.rfind(","), plain.rfind("."))
        if mark >= 0 and len(plain) - mark - 1 in (1, 2):
            plain = re.sub(r"[.,]", "", plain[:mark]) + "." + plain[mark + 1 :]
        else:
            plain = re.sub(r"[.,]", "", plain)
        return cls(int(Decimal(plain) * 100), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, count: int) -> Money:
        assert type(count) is int
        return Money(self.minor * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    @property
    def is_zero(self) -> bool:
        return self.minor == 0

    def share_bp(self, basis_points: int) -> Money:
        """This share of the amount, rounded half up (away from zero) to the cent."""
        exact = Decimal(self.minor) * basis_points / WHOLE_BP
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.currency)

    def split(self, *weights: int) -> tuple[Money, ...]:
        """Divide by weights without losing a cent: largest remainder, ties to the earlier part."""
        total = sum(weights)
        assert weights and total > 0 and all(weight >= 0 for weight in weights)
        sign = -1 if self.minor < 0 else 1
        parts = [divmod(abs(self.minor) * weight, total) for weight in weights]
        shares = [whole for whole, _ in parts]
        left = abs(self.minor) - sum(shares)
        by_remainder = sorted(range(len(parts)), key=lambda at: -parts[at][1])
        for at in by_remainder[:left]:
            shares[at] += 1
        return tuple(Money(sign * share, self.currency) for share in shares)

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money) or other.currency is not self.currency:
            raise CurrencyMismatch(self, other)
        return other.minor


def format_money(amount: Money, locale: str = "de") -> str:
    """``1.234,50 €``; the space before the sign is a no-break space."""
    return format_currency(Decimal(amount.minor) / 100, amount.currency.value, locale=locale)
