"""Rehearsed sudden death: kill real processes at named places and compare what is there afterwards."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from workflow.cli.common import print_json
from workflow.kernel.errors import Refused
from workflow.kernel.kills import Moment

NURSERY = (sys.executable, "-m", "workflow.cli", "soak", "nursery")


@click.group()
def soak() -> None:
    """Rehearse crashes on demo instances of its own; no instance of yours is touched."""


@soak.command()
@click.option(
    "--points", default="all", show_default=True, help="Failpoints with commas between them, or all."
)
@click.option("--moments", default="all", show_default=True, help="at, next, later, flush, exit, or all.")
@click.option(
    "--database", default="both", show_default=True, type=click.Choice(["sqlite", "postgresql", "both"]),
    help="On which kind of database.",
)  # fmt: skip
@click.option(
    "--database-url", default="", help="A PostgreSQL to use; without it, one of its own is started."
)
@click.option("--seed", default=1, show_default=True, help="Decides which pass of a point is killed.")
@click.option("--only", default="", help="Only runs whose line (database point moment) contains this text.")
@click.option("--most", default=0, help="At most so many runs, spread over all of them.")
@click.option("--resume", is_flag=True, help="Go on with the interrupted campaign in the result file.")
@click.option("--out", default=None, type=click.Path(path_type=Path), help="The result file.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def kill(
    points: str, moments: str, database: str, database_url: str, seed: int, only: str, most: int,
    resume: bool, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Kill web, ticker, worker and crawler at named places, start them again, look for harm.

    Exits 1 when anything is lost or doubled, self-check speaks, or a run has no result.
    """
    from workflow.soak import campaign

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop, it takes its servers away too
    order = campaign.Order(
        points=_points(points), moments=_moments(moments), seed=seed, only=only, most=most,
        databases=campaign.DATABASES if database == "both" else (database,),
    )  # fmt: skip
    path = out or campaign.RESULTS / f"soak-{database}-{seed}.jsonl"
    journal = campaign.Journal(path, campaign.head(order), resume=resume)
    results = campaign.run(order, NURSERY, journal, lambda text: click.echo(text, err=True), database_url)
    figures = {**campaign.head(order), **campaign.summary(results)}
    path.with_suffix(".json").write_text(campaign.as_text(figures, results), encoding="utf-8")
    if as_json:
        print_json(figures)
    else:
        click.echo(campaign.sentence(results))
    sys.exit(0 if campaign.is_well(results) else 1)


@soak.command(hidden=True)
def nursery() -> None:
    """Load everything once and fork the commands of a campaign."""
    from workflow.cli import main
    from workflow.soak.nursery import serve

    def command(arguments: list[str]) -> None:
        sys.argv = ["lichtbild", *arguments]
        main()

    serve(command)


def _points(text: str) -> tuple[str, ...]:
    from workflow.soak.points import PLACES

    chosen = tuple(PLACES) if text == "all" else tuple(name.strip() for name in text.split(","))
    unknown = [name for name in chosen if name not in PLACES]
    if unknown:
        raise Refused(f"There is no failpoint {', '.join(unknown)}.")
    return chosen


def _moments(text: str) -> tuple[Moment, ...]:
    chosen = tuple(Moment) if text == "all" else tuple(name.strip() for name in text.split(","))
    unknown = [name for name in chosen if name not in set(Moment)]
    if unknown:
        raise Refused(f"There is no moment {', '.join(unknown)}; there are {', '.join(Moment)}.")
    return tuple(Moment(name) for name in chosen)
