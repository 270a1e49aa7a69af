"""References that survive a typing hand, codes nobody guesses, keys in the order of time."""

from __future__ import annotations

import random
import uuid

from hypothesis import given
from hypothesis import strategies as st

from workflow.kernel.ids import (
    ALPHABET,
    CODE_LENGTH,
    case_reference,
    new_id,
    normalise_code,
    normalise_reference,
    secret_code,
)

seeds = st.integers(0, 2**32)


@given(seeds)
def test_a_reference_is_found_however_it_is_written(seed: int) -> None:
    reference = case_reference(random.Random(seed).randrange)
    assert len(reference) == 8 and reference[6] == "-"
    for typed in (
        reference,
        reference.lower(),
        reference.replace("-", ""),
        f"  {reference[:3]} {reference[3:]}\n",
    ):
        assert normalise_reference(typed) == reference


@given(seeds)
def test_every_single_wrong_sign_is_noticed(seed: int) -> None:
    reference = case_reference(random.Random(seed).randrange).replace("-", "")
    for place in range(len(reference)):
        for sign in ALPHABET:
            if sign != reference[place]:
                assert normalise_reference(reference[:place] + sign + reference[place + 1 :]) is None


@given(seeds)
def test_every_swap_of_neighbours_is_noticed(seed: int) -> None:
    reference = case_reference(random.Random(seed).randrange).replace("-", "")
    for place in range(len(reference) - 1):
        one, other = reference[place], reference[place + 1]
        if one != other:
            assert normalise_reference(reference[:place] + other + one + reference[place + 2 :]) is None


@given(st.text(max_size=40))
def test_nothing_else_is_a_reference(text: str) -> None:
    found = normalise_reference(text)
    assert found is None or normalise_reference(found) == found


@given(st.text(max_size=200))
def test_a_typed_code_is_bounded_and_stable(text: str) -> None:
    code = normalise_code(text)
    assert len(code) <= 64 and normalise_code(code) == code or not code.isascii()


def test_a_code_has_ninety_seven_bits() -> None:
    asked: list[int] = []

    def below(limit: int) -> int:
        asked.append(limit)
        return 0

    code = secret_code(below)
    assert asked == [len(ALPHABET)] * CODE_LENGTH and len(ALPHABET) ** CODE_LENGTH > 2**97
    assert code == "-".join([ALPHABET[0] * 5] * 4)
    assert len(set(ALPHABET)) == 29 and not set("0O1IL2ZU") & (set(ALPHABET) - set("Z"))


def test_keys_are_in_the_order_of_time() -> None:
    keys = [new_id() for _ in range(2_000)]
    assert len(set(keys)) == 2_000 and all(isinstance(key, uuid.UUID) and key.version == 7 for key in keys)
    assert [key.int >> 80 for key in keys] == sorted(key.int >> 80 for key in keys)
