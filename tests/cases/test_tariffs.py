"""Tariff editions: read, checked, imported all or none, and in force when they say so."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.cases.test_fees import EXAMPLES, PLAIN
from tests.world import World, sums, words
from workflow.cases.pricing import (
    TariffEdition,
    estimate,
    import_file,
    tariff_is_example,
    tariff_on,
    tariffs_of,
)
from workflow.cases.pricing import tariff_files as reading
from workflow.cases.pricing.tariff_files import shipped
from workflow.cases.pricing.tariffs import why_overlapping
from workflow.kernel.errors import Refused

PRICES: dict[str, Any] = {
    "edition": "Fictitious-2024", "formula": 2, "effective_from": date(2024, 3, 1), "currency": "EUR",
    "source": "Made up for a test", "base": {"commercial": {"website": 30000}},
    "duration": [{"months": 12, "percent": 100}, {"percent": 150}], "missing_credit": 100,
}  # fmt: skip

CSV = """edition,section,key,subkey,value
Fictitious-2024,formula,,,2
Fictitious-2024,effective_from,,,2024-03-01
Fictitious-2024,currency,,,EUR
Fictitious-2024,source,,,Made up for a test
Fictitious-2024,base,commercial,website,300.00
Fictitious-2024,duration,months,12,100
Fictitious-2024,duration,longer,,150
Fictitious-2024,missing_credit,,,100
"""


def as_yaml(*editions: dict[str, Any]) -> bytes:
    return yaml.safe_dump({"editions": list(editions)}).encode()


def test_yaml_and_csv_say_the_same() -> None:
    [by_yaml] = reading.read(as_yaml(PRICES), "prices.yaml")
    [by_csv] = reading.read(CSV.encode(), "prices.CSV")
    assert replace(by_yaml, raw={}) == replace(by_csv, raw={})
    assert estimate(PLAIN, date(2024, 3, 1), [by_csv]).net.minor == 30000


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "x.yaml", "holds “editions”"),
        (b"\xff\xfe\x00", "x.yaml", "not text in UTF-8"),
        (b"a: [", "x.yaml", "is not YAML"),
        (b"!!python/object/apply:os.system [echo]", "x.yaml", "is not YAML"),
        (b"editions: 7", "x.yaml", "holds “editions”"),
        (b"editions: [7]", "x.yaml", "a table of names and values"),
        (b"x" * 1_000_001, "x.yaml", "1,000,000 bytes"),
        (b"edition;section\n", "x.csv", "The first line of a tariff in CSV"),
        (b"edition,section,key,subkey,value\n", "x.csv", "holds no edition"),
        (b"edition,section,key,subkey,value\na,base,commercial,website\n", "x.csv", "Line 2 has 4 values"),
        (b"edition,section,key,subkey,value\na,base,commercial,website,dear\n", "x.csv", "Line 2: “dear”"),
        (b"edition,section,key,subkey,value\na,duration,months,long,9\n", "x.csv", "Line 2"),
        (as_yaml(PRICES, PRICES), "x.yaml", "the same name"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_a_sentence(data: bytes, name: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        reading.read(data, name)
    assert sentence in " ".join(refused.value.reasons)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("edition",), "", "“edition”"), (("edition",), "x" * 61, "“edition”"), (("formula",), 3, "“formula”"),
        (("effective_from",), "soon", "“effective_from”"), (("effective_to",), date(2024, 2, 1), "ends before"),
        (("currency",), "DM", "“currency”"), (("base",), [], "“base”"),
        (("base", "commercial", "website"), -1, "“base.commercial.website”"),
        (("base", "commercial", "website"), 1.5, "“base.commercial.website”"),
        (("base", "commercial", "billboard"), 100, "“base.commercial.billboard”"),
        (("base", "holiday"), {"website": 1}, "“base.holiday”"),
        (("duration",), [], "“duration”"),
        (("duration",), [{"months": 12, "percent": 100}, {"months": 6, "percent": 80}], "“duration.2”"),
        (("duration",), [{"percent": 100}, {"months": 12, "percent": 100}], "“duration.2”"),
        (("duration",), [{"months": 1, "weeks": 1, "percent": 100}], "“duration.1”"),
        (("duration",), [{"months": 12, "percent": 10_000}], "“duration.1”"),
        (("missing_credit",), None, "“missing_credit” is missing"), (("missing_credit",), "100", "“missing_credit”"),
        (("sizes",), [{"from_px": 10, "percent": 1}, {"from_px": 5, "percent": 1}], "“sizes”"),
        (("placement",), {"roof": 50}, "“placement.roof”"), (("user",), {"press": -101}, "“user.press”"),
        (("spread",), {"assumed": {"low": 120, "high": 150}}, "“spread.assumed”"),
        (("penalty",), 100, "“penalty” is no part of a tariff"),
    ],
)  # fmt: skip
def test_an_edition_with_a_slip_is_refused(path: tuple[str, ...], value: Any, sentence: str) -> None:
    edition = copy.deepcopy(PRICES)
    place = edition
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(Refused) as refused:
        reading.checked(edition)
    assert sentence in " ".join(refused.value.reasons)


@pytest.mark.parametrize(
    ("first", "second", "collide"),
    [
        (("2024-03-01", None), ("2024-03-01", None), True),
        (("2024-03-01", None), ("2025-01-01", None), False),
        (("2024-03-01", "2024-12-31"), ("2024-12-31", None), True),
        (("2024-03-01", "2024-12-31"), ("2025-01-01", None), False),
    ],
)
def test_two_licensed_editions_are_never_in_force_on_one_day(
    first: tuple[str, str | None], second: tuple[str, str | None], collide: bool
) -> None:
    one, other = (
        reading.checked({**PRICES, "edition": name, "effective_from": begins, "effective_to": ends})
        for name, (begins, ends) in (("A", first), ("B", second))
    )
    assert bool(why_overlapping(one, [other])) is collide
    assert bool(why_overlapping(other, [one])) is collide


# --- in an instance -----------------------------------------------------------------------------------------


def take(world: World, data: bytes, name: str = "prices.yaml") -> None:
    with world.runtime.database.transaction() as session:
        import_file(session, data, name, world.operator, world.now)


def test_a_licensed_edition_comes_before_the_example_from_its_day_on(world: World) -> None:
    before = world.offered()
    take(world, as_yaml({**PRICES, "effective_from": date(2024, 3, 2)}))
    with world.runtime.database.reading() as session:
        assert tariff_is_example(session, date(2024, 3, 1)) and not tariff_is_example(
            session, date(2024, 3, 2)
        )
        assert tariff_on(session, date(2024, 3, 2)).edition == "Fictitious-2024"
    world.until(date(2024, 3, 4))
    after = world.offered()
    operator = world.as_operator()
    assert "neutral-example-2024-02" in words(world.recipient(before).page("/case"))
    page = words(world.recipient(after).page("/case"))
    assert "Fictitious-2024" in page and "Example tariff" not in page and "600.00" in sums(page)
    assert "Fictitious-2024" in words(operator.page(f"/operator/cases/{after.id}/price"))
    assert "A tariff of yours is loaded" in words(operator.page("/operator/set-up"))


def test_the_editions_of_a_file_come_in_all_or_none(world: World) -> None:
    good, bad = {**PRICES, "edition": "Good"}, {**PRICES, "edition": "Bad", "example": True}
    with pytest.raises(Refused) as refused:
        take(world, as_yaml(good, bad))
    assert "“Bad” is marked as an example" in " ".join(refused.value.reasons)
    assert world.all(TariffEdition) == []
    take(world, as_yaml(good))
    with pytest.raises(Refused, match="An edition “Good” is there already"):
        take(world, as_yaml(good))
    with pytest.raises(Refused, match="The edition “Good” is in force at the same time"):
        take(world, as_yaml({**good, "edition": "Other"}))
    [row] = world.all(TariffEdition)
    assert (row.edition, row.file_name, row.imported_by) == ("Good", "prices.yaml", world.operator.name)
    with world.runtime.database.reading() as session:
        assert [each.edition for each in tariffs_of(session)].count("Good") == 1


def test_what_an_offer_was_priced_by_never_changes(world: World) -> None:
    take(world, as_yaml(PRICES))
    for statement in ("UPDATE tariff_editions SET edition = 'x'", "DELETE FROM tariff_editions"):
        with (
            pytest.raises(DBAPIError, match="append-only"),
            world.runtime.database.transaction() as session,
        ):
            session.execute(text(statement))


# --- from a shell -------------------------------------------------------------------------------------------


def lichtbild(world: World, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workflow.cli", "--instance", "demo", *map(str, arguments)],
        env=world.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_command_quotes_imports_and_quotes_again(world: World, tmp_path: Path) -> None:
    example = EXAMPLES / "website_food_photograph.json"
    told = lichtbild(world, "fee", "quote", example, "--explain", "--country", "at")
    assert told.returncode == 0, told.stderr
    shown = told.stdout.replace("\u00a0", " ")
    for sentence in (
        "Net", "360,00 €", "Source: UrhG § 13", "First seen: 1 Mar 2023 (seen on the page)",
        "AT: the adequate fee, up to twice: 720,00 €; UrhG § 86, § 87(3) (not verified).",
        "By the neutral example tariff",
    ):  # fmt: skip
        assert sentence in shown, shown
    prices = tmp_path / "prices.csv"
    prices.write_text(CSV)
    assert "1 prices, 2 steps of time" in lichtbild(world, "fee", "check", prices).stdout
    done = lichtbild(world, "fee", "import", prices)
    assert done.returncode == 0 and "in force from 2024-03-01" in done.stdout, done.stderr
    assert (
        "Fictitious-2024: from 2024-03-01, EUR, formula 2, licensed"
        in lichtbild(world, "fee", "tariffs").stdout
    )
    now = json.loads(lichtbild(world, "fee", "quote", example, "--as-of", "2024-03-01", "--json").stdout)
    assert (now["edition"], now["net_minor"], now["example"]) == ("Fictitious-2024", 60000, False)
    then = json.loads(
        lichtbild(world, "fee", "quote", example, "--edition", "neutral-example-2024-02", "--json").stdout
    )
    assert (then["net_minor"], then["example"]) == (36000, True)


@pytest.mark.sqlite_only("a file that cannot be read is the same on any database")
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "an object of names and values"),
        ('{"medium": "billboard"}', "“medium” has to be one of"),
        (" " * 200_001, "is larger than 200,000 bytes"),
    ],
)
def test_a_file_of_no_facts_is_a_sentence(
    world: World, tmp_path: Path, content: str | None, sentence: str
) -> None:
    path = tmp_path / "facts.json"
    if content is not None:
        path.write_text(content)
    told = lichtbild(world, "fee", "quote", path)
    assert told.returncode == 2 and sentence in told.stderr and "Traceback" not in told.stderr
    assert shipped()[0].example
