"""How a payment divides, for every sum and every contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.money.waterfall import split

CENTS = st.integers(1, 10**9)
RATES = st.integers(0, 3000)
SHARES = st.integers(0, 10_000)


def test_a_licence_of_180_euro_at_seven_per_cent() -> None:
    parts = split(Money(19_260), 700, 5500)
    assert (parts.vat.minor, parts.net.minor) == (1_260, 18_000)
    assert (parts.operator.minor, parts.owner.minor) == (8_100, 9_900)
    assert [line.label for line in parts.lines()] == ["Paid", "VAT", "Share of the service"]
    assert [line.amount.minor for line in parts.lines()] == [19_260, -1_260, -8_100]
    assert "45 %" in parts.lines()[2].because and "7 %" in parts.lines()[1].because


def test_the_last_cent_goes_to_the_rights_holder() -> None:
    parts = split(Money(1), 0, 5000)
    assert (parts.owner.minor, parts.operator.minor) == (1, 0)
    odd = split(Money(10_001), 0, 5000)
    assert (odd.owner.minor, odd.operator.minor) == (5_001, 5_000)


def test_costs_come_off_before_the_shares() -> None:
    parts = split(Money(10_700), 700, 5500, Money(1_000))
    assert (parts.vat.minor, parts.costs.minor, parts.owner.minor, parts.operator.minor) == (
        700,
        1000,
        4950,
        4050,
    )
    assert sum(line.amount.minor for line in parts.lines()) == parts.owner.minor


def test_costs_above_the_fee_are_for_a_person() -> None:
    with pytest.raises(Refused, match="costs are higher"):
        split(Money(107), 700, 5500, Money(101))


@given(CENTS, RATES, SHARES, st.sampled_from(Currency))
def test_it_sums_exactly_and_nobody_owes(gross: int, rate: int, share: int, currency: Currency) -> None:
    parts = split(Money(gross, currency), rate, share)
    assert parts.vat + parts.costs + parts.operator + parts.owner == Money(gross, currency)
    assert min(parts.vat.minor, parts.operator.minor, parts.owner.minor) >= 0
    assert sum(line.amount.minor for line in parts.lines()) == parts.owner.minor


@given(CENTS, RATES, SHARES)
def test_vat_comes_out_as_it_was_offered(net: int, rate: int, share: int) -> None:
    vat = Money(net).share_bp(rate)
    assert split(Money(net) + vat, rate, share).vat == vat


@given(CENTS, RATES, SHARES, st.integers(0, 10_000))
def test_each_share_is_within_a_cent_of_its_part(gross: int, rate: int, share: int, part: int) -> None:
    net = split(Money(gross), rate, share).net
    costs = net.share_bp(part)
    parts = split(Money(gross), rate, share, costs)
    shared = (net - costs).minor
    assert abs(parts.owner.minor * 10_000 - shared * share) <= 5_000
    assert parts.owner.minor * 10_000 >= shared * share - 4_999
