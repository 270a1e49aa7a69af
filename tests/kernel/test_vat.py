"""VAT rates: the law's own numbers on the days around each change, and refusals instead of guesses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.kernel.errors import Refused
from workflow.kernel.vat import VatKind, load_tables, vat_rate_bp


@pytest.mark.parametrize(
    ("kind", "on", "rate"),
    [
        (VatKind.LICENCE, date(2026, 11, 22), 700),
        (VatKind.SERVICE, date(2026, 11, 22), 1900),
        (VatKind.COMMISSION, date(2024, 3, 1), 1900),
        (VatKind.DAMAGES, date(2026, 11, 22), 0),
        (VatKind.LICENCE, date(2020, 6, 30), 700),
        (VatKind.LICENCE, date(2020, 7, 1), 500),
        (VatKind.SERVICE, date(2020, 7, 1), 1600),
        (VatKind.SERVICE, date(2020, 12, 31), 1600),
        (VatKind.SERVICE, date(2021, 1, 1), 1900),
        (VatKind.LICENCE, date(2021, 1, 1), 700),
        (VatKind.DAMAGES, date(2020, 8, 1), 0),
    ],
)
def test_german_rates(kind: VatKind, on: date, rate: int) -> None:
    assert vat_rate_bp(kind, "DE", on) == rate
    assert vat_rate_bp(kind, "de", on) == rate


@pytest.mark.parametrize("country", ["FR", "", "XX", "Germany"])
def test_an_unknown_country_is_refused(country: str) -> None:
    with pytest.raises(Refused, match="no VAT table"):
        vat_rate_bp(VatKind.LICENCE, country, date(2026, 1, 1))


def test_a_day_before_the_table_is_refused() -> None:
    with pytest.raises(Refused, match="no rate for “licence” on 2006-12-31"):
        vat_rate_bp(VatKind.LICENCE, "DE", date(2006, 12, 31))


@given(kind=st.sampled_from(VatKind), on=st.dates(date(2007, 1, 1), date(2060, 1, 1)))
def test_every_day_since_2007_has_a_rate(kind: VatKind, on: date) -> None:
    assert 0 <= vat_rate_bp(kind, "DE", on) <= 1900


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("[{from: 2020-01-01, until: 2020-12-31, bp: 700}, {from: 2020-12-31, bp: 500}]", "overlap"),
        ("[{from: 2020-01-01, bp: 700}, {from: 2021-01-01, bp: 500}]", "overlap"),
        ("[{from: 2020-01-01, bp: 7.5}]", "not a rate"),
        ("[{from: 2020-01-01, bp: -1}]", "not a rate"),
        ("[{from: 2020-01-01, bp: 10000}]", "not a rate"),
    ],
)
def test_a_broken_table_does_not_load(tmp_path: Path, rows: str, sentence: str) -> None:
    path = tmp_path / "vat.yaml"
    path.write_text(f"countries: {{XX: {{rates: {{a: {rows}}}, kinds: {{licence: {{rate: a, why: x}}}}}}}}\n")
    with pytest.raises(ValueError, match=sentence):
        load_tables(path)


def test_a_table_with_an_unknown_kind_does_not_load(tmp_path: Path) -> None:
    path = tmp_path / "vat.yaml"
    path.write_text("countries: {XX: {rates: {a: []}, kinds: {gift: {rate: a, why: x}}}}\n")
    with pytest.raises(ValueError, match="gift"):
        load_tables(path)
