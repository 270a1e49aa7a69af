"""Stripe's numbers and our money: the only two functions in which one becomes the other.

Stripe counts most currencies in hundredths, some in wholes and some in thousandths; our books count
every currency in hundredths. https://docs.stripe.com/currencies#zero-decimal and #three-decimal.
"""

from __future__ import annotations

from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.money.gateway import GatewayRefused

#: Decimals of every currency in our books.
OUR_DECIMALS = 2
#: Counted in wholes. ISK and UGX have no decimals either, but Stripe counts them in hundredths.
ZERO_DECIMALS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv"}
    | {"xaf", "xof", "xpf"}
)
#: Counted in thousandths, of which the last digit must be 0.
THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
#: Stripe takes eight digits at most.
LARGEST = 99_999_999


def to_stripe(amount: Money) -> tuple[int, str]:
    """``(amount, currency)`` as Stripe wants them; a sum it could not charge exactly is refused."""
    code = amount.currency.value.lower()
    number = rescale(amount.minor, OUR_DECIMALS, stripe_decimals(code))
    if not 0 < number <= LARGEST:
        raise GatewayRefused(say("A card can pay more than nothing and less than a million."))
    return number, code


def from_stripe(number: int, currency: str) -> Money:
    """Our money for Stripe's number; a currency we keep no books in is refused."""
    try:
        ours = Currency(currency.upper())
    except ValueError as unknown:
        raise GatewayRefused(
            say("Stripe names a currency we keep no books in: {currency}.", currency=currency.upper())
        ) from unknown
    return Money(rescale(number, stripe_decimals(currency.lower()), OUR_DECIMALS), ours)


def stripe_decimals(code: str) -> int:
    """How many decimals Stripe counts in, by lower-case ISO code."""
    if code in ZERO_DECIMALS:
        return 0
    return 3 if code in THREE_DECIMALS else 2


def rescale(number: int, have: int, want: int) -> int:
    """The same sum with other decimals; one that would lose a part is refused, never rounded."""
    if type(number) is not int:
        raise GatewayRefused(say("Stripe names a sum that is not a whole number."))
    factor: int = 10 ** abs(want - have)
    if want >= have:
        return number * factor
    whole, rest = divmod(number, factor)
    if rest:
        raise GatewayRefused(say("This sum has more decimals than a card payment in its currency can have."))
    return whole
