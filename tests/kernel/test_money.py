"""Money: no cent is lost or made, currencies never meet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, CurrencyMismatch, Money, format_money

amounts = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any)


@given(amounts, weights)
def test_a_split_never_loses_a_cent(minor: int, shares: list[int]) -> None:
    whole = Money(minor)
    parts = whole.split(*shares)
    assert sum(part.minor for part in parts) == minor and len(parts) == len(shares)
    for part, share in zip(parts, shares, strict=True):
        exact = minor * share / sum(shares)
        assert abs(part.minor - exact) < 1 + abs(exact) * 1e-9
        assert share or part.is_zero
        assert part.is_zero or (part.minor > 0) == (minor > 0)


@given(amounts, weights)
def test_a_debt_is_split_as_a_claim(minor: int, shares: list[int]) -> None:
    assert tuple(-part for part in Money(minor).split(*shares)) == Money(-minor).split(*shares)


@given(amounts, st.integers(0, 10_000))
def test_a_share_is_rounded_half_away_from_zero(minor: int, bp: int) -> None:
    found = Money(minor).share_bp(bp).minor
    assert abs(found * 10_000 - minor * bp) * 2 <= 10_000
    assert Money(-minor).share_bp(bp).minor == -found


@pytest.mark.parametrize(
    ("minor", "bp", "expected"),
    [(12_345, 700, 864), (12_350, 700, 865), (50, 100, 1), (49, 100, 0), (-50, 100, -1), (0, 5_500, 0)],
)
def test_shares_counted_by_hand(minor: int, bp: int, expected: int) -> None:
    assert Money(minor).share_bp(bp) == Money(expected)


def test_the_cent_that_is_left_goes_to_the_larger_remainder() -> None:
    assert [part.minor for part in Money(12_345).split(5_500, 4_500)] == [6_790, 5_555]
    assert [part.minor for part in Money(100).split(1, 1, 1)] == [34, 33, 33]
    assert [part.minor for part in Money(1).split(1, 1)] == [1, 0]


@given(amounts, amounts)
def test_sums(one: int, other: int) -> None:
    assert Money(one) + Money(other) - Money(other) == Money(one)
    assert (Money(one) < Money(other)) is (one < other)
    assert (Money(one) >= Money(other)) is (one >= other)
    assert Money(one) + -Money(one) == Money.zero()


@given(st.sampled_from(list(Currency)), st.sampled_from(list(Currency)))
def test_currencies_never_meet(one: Currency, other: Currency) -> None:
    if one is other:
        return
    for meeting in (Money.__add__, Money.__sub__, Money.__lt__, Money.__ge__):
        with pytest.raises(CurrencyMismatch):
            meeting(Money(1, one), Money(1, other))
    assert Money(1, one) != Money(1, other)


@given(st.integers(-(10**11), 10**11), st.sampled_from(["de", "en", "fr", "pl"]))
def test_what_is_printed_can_be_read_again(minor: int, locale: str) -> None:
    printed = format_money(Money(minor), locale)
    plain = "".join(sign for sign in printed if sign.isdigit() or sign in ".,-").replace("−", "-")
    assert Money.parse(plain) == Money(minor)


@pytest.mark.parametrize(
    ("text", "minor"),
    [("1.234,50", 123_450), ("1,234.50", 123_450), ("1234.5", 123_450), ("1234", 123_400), ("1.234", 123_400),
     ("0,05", 5), (" 12 € ", 1_200), ("-3,00", -300), ("12,3", 1_230)],
)  # fmt: skip
def test_amounts_as_people_write_them(text: str, minor: int) -> None:
    assert Money.parse(text) == Money(minor)


@pytest.mark.parametrize(
    "text", ["", "abc", "1.2.3,4", "1,2345", "1e9", "٣٤", "9" * 40, "1.234.5", "--1", "1-2", "NaN"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        Money.parse(text)


def test_a_float_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        Money(1.0)  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        Money(True)
    with pytest.raises(AssertionError):
        Money(100) * 0.5  # type: ignore[operator]
