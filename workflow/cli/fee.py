"""Fees from a shell: quote a file of facts, list, check and import tariff editions."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflow.cli.common import bring_up_to_date, config_of, instance_option, print_json
from workflow.config import Config

if TYPE_CHECKING:
    from workflow.cases.pricing import CourtView, FeeSheet, Tariff

LARGEST_FACTS = 200_000


@click.group()
def fee() -> None:
    """Quote what a licence would have cost, and load tariffs."""


@fee.command("quote")
@instance_option
@click.argument("path", metavar="FILE.json", type=click.Path(path_type=Path))
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="By the tariff of this day (default: last_seen)."
)
@click.option("--edition", default="", help="By this edition, whatever the day: what was quoted then.")
@click.option(
    "--tariff", "tariff_file", type=click.Path(path_type=Path), help="By this file instead of the instance."
)
@click.option("--country", default="", help="Also how this country (DE, AT, …) reckons damages.")
@click.option(
    "--explain", is_flag=True, help="Why each line is there, its source, and how well each fact is known."
)
@click.option("--json", "as_json", is_flag=True, help="The sheet as JSON.")
@click.pass_context
def fee_quote(
    context: click.Context, own_instance: str | None, path: Path, as_of: datetime | None, edition: str,
    tariff_file: Path | None, country: str, explain: bool, as_json: bool,
) -> None:  # fmt: skip
    """Quote the facts in FILE.json; the same file, edition and formula give the same cents years later."""
    from workflow.cases.pricing import again, court_view, estimate, read_facts

    facts = read_facts(_facts_in(path))
    tariffs = _read(tariff_file) if tariff_file else _tariffs(config_of(context, own_instance))
    day = as_of.date() if as_of else facts.last_seen
    sheet = again(facts.as_json(), edition, tariffs) if edition else estimate(facts, day, tariffs)
    court = court_view(sheet, country.upper(), day) if country else None
    if as_json:
        print_json({**_plain(sheet), **({"damages": _plain_court(court)} if country else {})})
        return
    for line in _told(sheet, explain=explain):
        click.echo(line)
    if country:
        click.echo(_told_court(court, country.upper()))


@fee.command("tariffs")
@instance_option
@click.option("--json", "as_json", is_flag=True, help="The editions as JSON.")
@click.pass_context
def fee_tariffs(context: click.Context, own_instance: str | None, as_json: bool) -> None:
    """List the editions, the latest first."""
    tariffs = sorted(
        _tariffs(config_of(context, own_instance)), key=lambda each: each.effective_from, reverse=True
    )
    rows = [
        {
            "edition": each.edition, "from": each.effective_from, "to": each.effective_to,
            "currency": each.currency.value, "formula": each.formula, "example": each.example,
        }
        for each in tariffs
    ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    for row in rows:
        until = f" to {row['to']}" if row["to"] else ""
        kind = "neutral example" if row["example"] else "licensed"
        click.echo(
            f"{row['edition']}: from {row['from']}{until}, {row['currency']}, "
            f"formula {row['formula']}, {kind}"
        )


@fee.command("check")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
def fee_check(path: Path) -> None:
    """Say whether FILE (YAML or CSV) holds tariffs that could be imported; nothing is changed."""
    for tariff in _read(path):
        prices = sum(len(media) for media in tariff.base.values())
        click.echo(
            f"{tariff.edition}: {prices} prices, {len(tariff.duration)} steps of time, "
            f"from {tariff.effective_from}."
        )


@fee.command("import")
@instance_option
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_context
def fee_import(context: click.Context, own_instance: str | None, path: Path) -> None:
    """Import the licensed editions of FILE (YAML or CSV), all or none; later offers are priced by them."""
    from workflow.building import clock_for
    from workflow.cases.pricing import import_file
    from workflow.kernel.actors import SYSTEM
    from workflow.kernel.db import Database

    config = config_of(context, own_instance)
    data = _bytes(path)
    bring_up_to_date(config)
    database = Database(config.database_url)
    try:
        with database.transaction() as session:
            found = import_file(session, data, path.name, SYSTEM, clock_for(config).business())
    finally:
        database.dispose()
    for tariff in found:
        click.echo(f"{tariff.edition} is imported and in force from {tariff.effective_from}.")


# --- reading ------------------------------------------------------------------------------------------------


def _facts_in(path: Path) -> Any:
    from workflow.kernel.errors import Refused

    try:
        return json.loads(_bytes(path, LARGEST_FACTS))
    except ValueError as broken:
        raise Refused(f"{path.name} is not JSON: {broken}") from broken


def _bytes(path: Path, most: int = 1_000_000) -> bytes:
    from workflow.kernel.errors import Refused

    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as missing:
        raise Refused(f"{path} cannot be read: {missing.strerror}.") from missing
    if len(data) > most:
        raise Refused(f"{path.name} is larger than {most:,} bytes.")
    return data


def _read(path: Path) -> list[Tariff]:
    from workflow.cases.pricing import tariff_files

    return tariff_files.read(_bytes(path), path.name)


def _tariffs(config: Config) -> tuple[Tariff, ...]:
    """Those of the instance; without one, those that are shipped."""
    from workflow.cases.pricing import tariff_files, tariffs_of
    from workflow.kernel.db import Database
    from workflow.schema import current_head, revision_of

    database = Database(config.database_url)
    if database.dialect == "sqlite" and not Path(database.url.database or "").exists():
        return tariff_files.shipped()
    try:
        if revision_of(database) != current_head():
            return tariff_files.shipped()
        with database.reading() as session:
            return tariffs_of(session)
    finally:
        database.dispose()


# --- telling ------------------------------------------------------------------------------------------------


def _told(sheet: FeeSheet, *, explain: bool) -> list[str]:
    width = max(len(line.label) for line in sheet.lines)
    told = []
    for line in sheet.lines:
        told.append(f"{line.label:<{width}}  {line.net!s:>14}")
        if explain:
            told.append(f"    {line.why}")
            if line.source:
                told.append(f"    Source: {line.source}")
    told.append(f"{'Net':<{width}}  {sheet.net!s:>14}")
    told.append(f"Fair range {sheet.low} to {sheet.high}; edition {sheet.edition}, formula {sheet.formula}.")
    if explain:
        told += [f"{fact.label}: {fact.value} ({GRADE[fact.grade]})" for fact in sheet.facts]
    if sheet.example:
        told.append("By the neutral example tariff, which is not a market survey.")
    return told


GRADE = {
    "assumed": "assumed",
    "stated": "stated by a party",
    "observed": "seen on the page",
    "proven": "proven",
}


def _told_court(court: CourtView | None, country: str) -> str:
    if court is None:
        return f"{country}: no rule for damages is known here; the fee stands and a person decides."
    rule = court.rule
    reckoned = f": {court.sum}" if court.sum else ""
    checked = "" if rule.verified else " (not verified)"
    named = f", by law {rule.statutory[0]} to {rule.statutory[1]}" if rule.statutory else ""
    return f"{country}: {rule.words}{reckoned}{named}; {rule.legal}{checked}."


def _plain(sheet: FeeSheet) -> dict[str, Any]:
    return {
        "edition": sheet.edition, "formula": sheet.formula, "example": sheet.example,
        "basis": sheet.basis.value,
        "lines": sheet.as_json(), "net_minor": sheet.net.minor, "currency": sheet.net.currency.value,
        "low_minor": sheet.low.minor, "high_minor": sheet.high.minor,
        "facts": [
            {"name": fact.name, "value": str(fact.value), "grade": fact.grade.value} for fact in sheet.facts
        ],
    }  # fmt: skip


def _plain_court(court: CourtView | None) -> dict[str, Any] | None:
    if court is None:
        return None
    return {
        "country": court.rule.country, "model": court.rule.model, "legal": court.rule.legal,
        "verified": court.rule.verified, "minor": court.sum.minor if court.sum else None,
    }  # fmt: skip
