"""Guessing: five thousand codes from many addresses open nothing, and the recipient still gets in (T1)."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.portal.house import House
from workflow.kernel.ids import ALPHABET, case_reference, secret_code
from workflow.portal import entry
from workflow.portal.checks import many_wrong_codes
from workflow.portal.models import PortalSession

GUESSES = 5_000
#: Each address guesses until it is told to wait and once more.
PER_SOURCE = entry.SOURCE_FAILURES + 2


def guesses(chance: random.Random, real: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Known and unknown references with random codes, other cases' codes, and right codes with one sign wrong."""
    found = []
    for _ in range(GUESSES):
        reference, code = chance.choice(real)
        kind = chance.randrange(4)
        if kind == 0:
            reference = case_reference(chance.randrange)
        if kind in (0, 1):
            code = secret_code(chance.randrange)
        elif kind == 2:
            code = chance.choice([other for of, other in real if of != reference])
        else:
            at = chance.choice([at for at, sign in enumerate(code) if sign != "-"])
            code = code[:at] + chance.choice([sign for sign in ALPHABET if sign != code[at]]) + code[at + 1 :]
        found.append((reference, code))
    return found


def test_slips_of_the_pen_raise_no_alarm(house: House) -> None:
    case = house.offered()
    for number in range(20):
        house.browser(f"203.0.113.{number}").enter(case.reference, "44444-44444-44444-44444")
    with house.runtime.database.reading() as session:
        assert many_wrong_codes(session, house.runtime) == []


@pytest.mark.slow
@pytest.mark.sqlite_only("the same statements; the limits do not depend on the database")
def test_five_thousand_guesses_open_nothing(house: House) -> None:
    chance = random.Random(97)
    cases = [house.offered() for _ in range(5)]
    real = [(case.reference, case.code) for case in cases]
    answers: Counter[str] = Counter()
    tries: Counter[str] = Counter()
    database, keys, clock = house.runtime.database, house.runtime.secrets, house.clock
    for number, (reference, code) in enumerate(guesses(chance, real)):
        source = f"198.51.{number // PER_SOURCE // 250}.{number // PER_SOURCE % 250}"
        attempt = entry.Attempt(reference, code, source)
        try:
            with database.transaction() as session:
                entered = entry.enter(session, keys, attempt, clock.business(), clock.wall())
            answers["in" if entered else "wrong"] += 1
            tries[source] += 1
        except entry.MustWait:
            answers["wait"] += 1
    assert answers["in"] == 0 and house.count(PortalSession) == 0
    assert max(tries.values()) <= entry.SOURCE_FAILURES and answers["wait"] >= GUESSES // PER_SOURCE
    with database.reading() as session:
        [told] = many_wrong_codes(session, house.runtime)
    assert "Somebody guesses codes" in told
    # under attack every address still has a few tries: whoever has the letter is not kept out
    for case in cases:
        assert house.browser("203.0.113.9").enter(case.reference, case.code).status_code == 303
