"""What is set: the configuration in force, and the table of README.md drawn from the settings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from workflow.cli.common import config_of, instance_option, print_json

BEGIN, END = "<!-- settings -->\n", "<!-- settings: end -->"


@click.command()
@instance_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--readme", is_flag=True, help="Draw the table of settings into README.md instead.")
@click.option("--check", "only_check", is_flag=True, help="Exit 1 when that table is out of date.")
@click.pass_context
def config(
    context: click.Context, own_instance: str | None, as_json: bool, readme: bool, only_check: bool
) -> None:
    """Print the configuration in force; of a secret only whether it is set."""
    if readme or only_check:
        _draw(write=readme)
        return
    from workflow.config import effective

    told = effective(config_of(context, own_instance))
    if as_json:
        print_json({name: {"value": value, "from": origin} for name, value, origin in told})
        return
    width = max(len(name) for name, _, _ in told)
    for name, value, origin in told:
        click.echo(f"{name:<{width}}  {value or '-'}{'' if origin == 'default' else '   (' + origin + ')'}")


def _draw(*, write: bool) -> None:
    from workflow.config import ROOT
    from workflow.settings import readme_table

    path = Path(ROOT) / "README.md"
    before = path.read_text(encoding="utf-8")
    head, found, rest = before.partition(BEGIN)
    if not found or END not in rest:
        click.echo(f"README.md has no place for the settings: {BEGIN.strip()} … {END}", err=True)
        sys.exit(1)
    after = f"{head}{BEGIN}{readme_table()}\n{END}{rest.partition(END)[2]}"
    if after == before:
        return
    if not write:
        click.echo("The settings in README.md are out of date. Run: lichtbild config --readme", err=True)
        sys.exit(1)
    path.write_text(after, encoding="utf-8")
