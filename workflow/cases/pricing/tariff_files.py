"""Tariff editions from YAML and CSV, checked before anything is priced by them: every fault in a sentence."""

from __future__ import annotations

import csv
import io
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from workflow.cases.pricing.facts import GRADES, MEDIA, Exclusivity, Grade, Placement, SpecialShot, UserKind
from workflow.cases.pricing.tariffs import SizeStep, Step, Tariff
from workflow.cases.states import UseClass
from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import Said, say

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "fees.yaml"
LARGEST_FILE = 1_000_000
#: A percentage beyond these is a slip of the pen.
LEAST_PERCENT, MOST_PERCENT = -100, 1_000
MOST_MINOR = 10**9
MIDDLE = 100
NAME_LENGTH = 60
FORMULAS = (1, 2)


@cache
def shipped() -> tuple[Tariff, ...]:
    """The neutral examples of this program."""
    editions = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["editions"]
    return tuple(checked(edition) for edition in editions)


# --- reading ------------------------------------------------------------------------------------------------


def read(data: bytes, name: str) -> list[Tariff]:
    """The editions of a YAML or CSV file; :class:`Refused` with every fault, and nothing is taken then."""
    if len(data) > LARGEST_FILE:
        raise Refused(say("A tariff of more than {most} bytes is not one.", most=f"{LARGEST_FILE:,}"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise Refused(say("The file is not text in UTF-8.")) from broken
    raw = _rows_of_csv(text) if name.lower().endswith(".csv") else _rows_of_yaml(text)
    found = [checked(each) for each in raw]
    names = [tariff.edition for tariff in found]
    if len(set(names)) < len(names):
        raise Refused(say("Two editions of the file have the same name."))
    return found


def _rows_of_yaml(text: str) -> list[Any]:
    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError as broken:
        raise Refused(say("The file is not YAML: {why}", why=" ".join(str(broken).split())[:200])) from broken
    editions = told.get("editions") if isinstance(told, dict) else None
    if not isinstance(editions, list) or not editions:
        raise Refused(say("A tariff file holds “editions”, a list of at least one."))
    return editions


#: What a CSV can say: the section, its keys, the value; amounts in units such as 180.00.
CSV_HEAD = ["edition", "section", "key", "subkey", "value"]


def _rows_of_csv(text: str) -> list[Any]:
    """One line per value under :data:`CSV_HEAD`, such as ``X-2024,base,commercial,website,180.00``."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or [cell.strip().lower() for cell in rows[0]] != CSV_HEAD:
        raise Refused(say("The first line of a tariff in CSV is {head}.", head=",".join(CSV_HEAD)))
    editions: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(CSV_HEAD):
            raise Refused(say("Line {number} has {count} values instead of {wanted}.",
                              number=number, count=len(row), wanted=len(CSV_HEAD)))  # fmt: skip
        name, section, key, subkey, value = (cell.strip() for cell in row)
        edition = editions.setdefault(name, {"edition": name})
        try:
            _put(edition, section, key, subkey, value)
        except (ValueError, Refused) as wrong:
            raise Refused(
                say("Line {number}: “{value}” does not fit there.", number=number, value=value[:40])
            ) from wrong
    if not editions:
        raise Refused(say("The file holds no edition."))
    return list(editions.values())


def _put(edition: dict[str, Any], section: str, key: str, subkey: str, value: str) -> None:
    if section == "base":
        prices = edition.setdefault("base", {}).setdefault(key, {})
        prices[subkey] = Money.parse(value, Currency.EUR).minor
    elif section == "duration":
        step: dict[str, Any] = {"percent": int(value)}
        if key != "longer":
            step[key] = int(subkey)
        edition.setdefault("duration", []).append(step)
    elif section == "sizes":
        edition.setdefault("sizes", []).append({"from_px": int(key), "percent": int(value)})
    elif section == "spread":
        edition.setdefault("spread", {}).setdefault(key, {})[subkey] = int(value)
    elif section in ("placement", "exclusivity", "special", "user"):
        edition.setdefault(section, {})[key] = int(value)
    elif section in ("formula", "further_language", "altered", "further_use", "missing_credit"):
        edition[section] = int(value)
    elif section in ("effective_from", "effective_to"):
        edition[section] = date.fromisoformat(value)
    else:
        edition[section] = value


# --- checking -----------------------------------------------------------------------------------------------

NEEDED = ("edition", "formula", "effective_from", "currency", "base", "duration", "missing_credit")
OPTIONAL = ("effective_to", "example", "source", "placement", "sizes", "further_language", "altered",
            "exclusivity", "special", "user", "further_use", "spread")  # fmt: skip
#: Keys of formula 1, which the first edition of this program has.
OF_FORMULA_1 = ("surcharges", "range")


def checked(raw: Any) -> Tariff:
    """The edition as it is priced by; :class:`Refused` with every fault of the table."""
    if not isinstance(raw, dict):
        raise Refused(say("An edition is a table of names and values."))
    look = _Look(raw)
    formula = look.whole("formula", min(FORMULAS), max(FORMULAS))
    known = {*NEEDED, *OPTIONAL, *(OF_FORMULA_1 if formula == 1 else ())}
    for name in raw:
        if name not in known:
            look.faults.append(say("“{name}” is no part of a tariff.", name=str(name)[:40]))
    found: dict[str, Any] = {
        "edition": look.text("edition", NAME_LENGTH), "formula": formula,
        "effective_from": look.day("effective_from"), "effective_to": look.day("effective_to", optional=True),
        "currency": look.currency(), "example": raw.get("example") is True,
        "source": look.text("source", 300, optional=True), "base": look.base(), "duration": look.duration(),
        "placement": look.percents("placement", Placement), "sizes": look.sizes(),
        "further_language": look.percent("further_language"), "altered": look.percent("altered"),
        "exclusivity": look.percents("exclusivity", Exclusivity),
        "special": look.percents("special", SpecialShot),
        "user": look.percents("user", UserKind), "further_use": look.percent("further_use", 100),
        "missing_credit": look.percent("missing_credit"), "spread": look.spread(), "raw": raw,
    }  # fmt: skip
    first, last = found["effective_from"], found["effective_to"]
    if first and last and last < first:
        look.faults.append(say("The edition ends before it begins."))
    if look.faults:
        raise Refused(*look.faults)
    return Tariff(**found)


class _Look:
    """Takes an edition apart and notes what is wrong."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.faults: list[Said] = [
            say("“{name}” is missing.", name=name) for name in NEEDED if raw.get(name) is None
        ]
        self._raw = raw

    def text(self, name: str, longest: int, *, optional: bool = False) -> str:
        value = self._raw.get(name, "" if optional else None)
        if value is not None and (
            not isinstance(value, str) or len(value) > longest or not (optional or value)
        ):
            self._wrong(name)
        return value if isinstance(value, str) else ""

    def whole(self, name: str, least: int, most: int) -> int:
        value = self._raw.get(name)
        if value is not None and (type(value) is not int or not least <= value <= most):
            self._wrong(name)
        return value if type(value) is int else least

    def day(self, name: str, *, optional: bool = False) -> date | None:
        value = self._raw.get(name)
        if value is None and optional:
            return None
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        if value is not None and type(value) is not date:
            self._wrong(name)
        return value if type(value) is date else None

    def currency(self) -> Currency:
        value = self._raw.get("currency")
        if value is not None and value not in tuple(Currency):
            self._wrong("currency")
            return Currency.EUR
        return Currency(value or Currency.EUR)

    def percent(self, name: str, usual: int = 0) -> int:
        value = self._raw.get(name, usual)
        if not _is_percent(value):
            self._wrong(name)
            return usual
        return int(value)

    def percents(self, name: str, kind: type[StrEnum]) -> dict[Any, int]:
        table = self._table(name)
        found = {}
        for key, value in table.items():
            if key not in tuple(kind) or not _is_percent(value):
                self._wrong(f"{name}.{key}")
            else:
                found[kind(key)] = int(value)
        return found

    def base(self) -> dict[UseClass, dict[str, int]]:
        found: dict[UseClass, dict[str, int]] = {}
        for use, prices in self._table("base").items():
            if use not in tuple(UseClass) or not isinstance(prices, dict) or not prices:
                self._wrong(f"base.{use}")
                continue
            found[UseClass(use)] = {}
            for medium, minor in prices.items():
                if medium not in MEDIA or type(minor) is not int or not 0 <= minor <= MOST_MINOR:
                    self._wrong(f"base.{use}.{medium}")
                else:
                    found[UseClass(use)][medium] = minor
        return found

    def duration(self) -> tuple[Step, ...]:
        """Rising, and no step after one that covers everything."""
        rows = self._raw.get("duration")
        if rows is not None and (not isinstance(rows, list) or not rows):
            self._wrong("duration")
        found: list[Step] = []
        for number, row in enumerate(rows if isinstance(rows, list) else (), start=1):
            step = _step(row)
            if step is None or (found and _days(step) <= _days(found[-1])):
                self._wrong(f"duration.{number}")
            else:
                found.append(step)
        return tuple(found)

    def sizes(self) -> tuple[SizeStep, ...]:
        """Rising; the last one that is not larger than the picture counts."""
        rows = self._raw.get("sizes", [])
        found: list[SizeStep] = []
        for row in rows if isinstance(rows, list) else (None,):
            step = _size_step(row)
            if step is None or (found and step.from_px <= found[-1].from_px):
                self._wrong("sizes")
            else:
                found.append(step)
        return tuple(found)

    def spread(self) -> dict[Grade, tuple[int, int]]:
        found = {}
        for grade, row in self._table("spread").items():
            good = grade in GRADES and isinstance(row, dict) and set(row) == {"low", "high"}
            if not good or not 0 <= row["low"] <= MIDDLE <= row["high"] <= MOST_PERCENT:
                self._wrong(f"spread.{grade}")
            else:
                found[Grade(grade)] = (int(row["low"]), int(row["high"]))
        return found

    def _table(self, name: str) -> dict[Any, Any]:
        value = self._raw.get(name)
        if value is not None and not isinstance(value, dict):
            self._wrong(name)
        return value if isinstance(value, dict) else {}

    def _wrong(self, name: str) -> None:
        self.faults.append(say("“{name}” of the tariff is not what belongs there.", name=name[:60]))


def _is_percent(value: Any) -> bool:
    return type(value) is int and LEAST_PERCENT <= value <= MOST_PERCENT


def _size_step(row: Any) -> SizeStep | None:
    if not isinstance(row, dict) or set(row) != {"from_px", "percent"}:
        return None
    from_px, percent = row["from_px"], row["percent"]
    return SizeStep(from_px, percent) if type(from_px) is int and _is_percent(percent) else None


def _step(row: Any) -> Step | None:
    if not isinstance(row, dict) or not _is_percent(row.get("percent")):
        return None
    rest = {name: value for name, value in row.items() if name != "percent"}
    if any(
        name not in ("weeks", "months") or type(value) is not int or value < 1 for name, value in rest.items()
    ):
        return None
    return Step(rest.get("weeks"), rest.get("months"), row["percent"]) if len(rest) < 2 else None  # noqa: PLR2004


def _days(step: Step) -> float:
    """For putting steps in order only."""
    if step.weeks is not None:
        return step.weeks * 7
    return step.months * 30.4 if step.months is not None else float("inf")
