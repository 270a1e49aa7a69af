"""The database, the truths in it, and the diagrams drawn from the tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflow.cli.common import bring_up_to_date, config_of, instance_option, print_json
from workflow.config import Config

if TYPE_CHECKING:
    from workflow.migrating import Upgraded


@click.group()
def db() -> None:
    """Migrate the database, or check that it is what the code expects."""


@db.command("upgrade")
@instance_option
@click.option("--revision", default="head", show_default=True)
@click.pass_context
def db_upgrade(context: click.Context, own_instance: str | None, revision: str) -> None:
    """Bring the database up to date (or to REVISION), all or nothing, and check the truths in it.

    Make a backup first: lichtbild backup
    """
    config = config_of(context, own_instance)
    done = _upgraded(config, revision)
    if not done.revisions:
        click.echo(f"The database stands at {done.end}; nothing was to do.")
        return
    before = f"from {done.start}" if done.start else "from nothing"
    click.echo(
        f"The database went {before} to {done.end} ({', '.join(done.revisions)}) in {done.seconds:.1f} s; "
        f"{done.rows} rows are all there."
    )
    if done.start and revision == "head":
        from workflow.building import build_runtime
        from workflow.checks import problems

        _tell(problems(build_runtime(config)))


def _upgraded(config: Config, revision: str) -> Upgraded:
    from workflow.kernel.db import Database
    from workflow.schema import upgrade

    if revision == "head":
        return bring_up_to_date(config)
    database = Database(config.database_url)
    try:
        return upgrade(database, revision)
    finally:
        database.dispose()


@db.command("downgrade")
@instance_option
@click.argument("revision")
@click.confirmation_option(prompt="What newer revisions hold is given up. Is there a backup?")
@click.pass_context
def db_downgrade(context: click.Context, own_instance: str | None, revision: str) -> None:
    """Take the database back to REVISION, all or nothing; only for a version of Lichtbild of that time."""
    from workflow.kernel.db import Database
    from workflow.schema import downgrade, revision_of

    database = Database(config_of(context, own_instance).database_url)
    try:
        downgrade(database, revision)
        click.echo(f"The database stands at {revision_of(database)}.")
    finally:
        database.dispose()


@db.command("check")
@instance_option
@click.pass_context
def db_check(context: click.Context, own_instance: str | None) -> None:
    """Exit 1 when the database is not at the newest revision or differs from the models."""
    from workflow.kernel.db import Database
    from workflow.schema import current_head, differences, revision_of

    database = Database(config_of(context, own_instance).database_url)
    found = [] if revision_of(database) == current_head() else ["It is not at the newest revision."]
    found += differences(database)
    _tell(found)


def _tell(found: list[str]) -> None:
    for line in found:
        click.echo(line, err=True)
    if found:
        sys.exit(1)


@click.command("self-check")
@instance_option
@click.option("--fast", is_flag=True, help="Leave out what reads every document and the whole audit chain.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as a JSON list.")
@click.pass_context
def self_check(context: click.Context, own_instance: str | None, fast: bool, as_json: bool) -> None:
    """Re-derive the truths (money, dates, histories, letters, documents). Silent and 0 when all is well.

    A notice is printed and wants a look, but breaks nothing: the exit code stays 0.
    """
    from workflow.building import build_runtime
    from workflow.checks import left_out, look

    found = look(build_runtime(config_of(context, own_instance)), fast=fast)
    grave = list(dict.fromkeys(each.sentence for each in found if each.grave))
    if as_json:
        print_json(grave)
    else:
        for sentence in grave:
            click.echo(sentence, err=True)
    for each in found:
        if not each.grave:
            click.echo(f"notice: {each.sentence}", err=True)
    if fast and found:
        click.echo(f"Not looked at: {', '.join(left_out())}.", err=True)
    sys.exit(1 if grave else 0)


MARK = "<!-- diagram: {name} -->"


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Exit 1 when README.md is out of date.")
def diagrams(only_check: bool) -> None:
    """Draw the life cycles from their tables into README.md."""
    from workflow.config import ROOT
    from workflow.flow import FLOW
    from workflow.wiring import LIFECYCLES

    readme = Path(ROOT) / "README.md"
    before = readme.read_text(encoding="utf-8")
    after = before
    drawings = {"flow": FLOW, **{name: cycle.mermaid() for name, cycle in LIFECYCLES.items()}}
    for name, drawing in drawings.items():
        mark = MARK.format(name=name)
        head, found, rest = after.partition(mark)
        if not found:
            click.echo(f"README.md has no place for the diagram “{name}”: {mark}", err=True)
            sys.exit(1)
        _, _, tail = rest.partition(MARK.format(name="end"))
        drawn = f"\n```mermaid\n{drawing}\n```\n"
        after = f"{head}{mark}{drawn}{MARK.format(name='end')}{tail}"
    if after == before:
        return
    if only_check:
        click.echo("The diagrams in README.md are out of date. Run: lichtbild diagrams", err=True)
        sys.exit(1)
    readme.write_text(after, encoding="utf-8")
