"""``lichtbild``: everything an operator of the machine does from a shell.

Commands import what they need when they run, so that a ticker does not carry a web server in memory.
"""

from __future__ import annotations

import logging
import sys

import click
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from workflow.cli.backup import backup, restore
from workflow.cli.common import VERBOSE
from workflow.cli.crawling import crawl
from workflow.cli.data import db, diagrams, self_check
from workflow.cli.demo import demo, demo_web
from workflow.cli.doctor import doctor
from workflow.cli.fee import fee
from workflow.cli.people import operator
from workflow.cli.processes import psp_standin, ticker, up, web, worker
from workflow.cli.settings import config
from workflow.cli.soak import soak
from workflow.cli.translations import translations
from workflow.cli.verify import verify
from workflow.config import ConfigError
from workflow.kernel import logs
from workflow.kernel.errors import DomainError

#: Loggers of libraries whose warnings say nothing to the person before the screen.
CHATTY = ("waitress.queue", "scrapy.downloadermiddlewares.redirect")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--instance",
    default=None,
    help="Which instance to work on: demo (default) or a name of yours, such as main.",
)
@click.option("--verbose", is_flag=True, help="Say more about what happens.")
@click.version_option(package_name="lichtbild")
@click.pass_context
def cli(context: click.Context, instance: str | None, verbose: bool) -> None:
    """Lichtbild finds copies of photographs on the web and turns unlicensed uses into paid licences."""
    logs.install(level=logging.INFO if verbose else logging.WARNING)
    context.meta[VERBOSE] = verbose
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    context.obj = instance


for command in (
    up,
    web,
    ticker,
    worker,
    crawl,
    operator,
    demo,
    demo_web,
    psp_standin,
    db,
    self_check,
    config,
    doctor,
    fee,
    backup,
    restore,
    diagrams,
    translations,
    verify,
    soak,
):
    cli.add_command(command)


def main() -> None:
    """Run; a refusal becomes one sentence on standard error and exit code 2, never a traceback."""
    try:
        cli()
    except ConfigError as wrong:
        for sentence in wrong.problems:
            click.echo(f"lichtbild: {sentence}", err=True)
        sys.exit(2)
    except DomainError as refusal:
        click.echo(f"lichtbild: {refusal}", err=True)
        sys.exit(2)
    except (OperationalError, InterfaceError, DatabaseError) as away:
        if isinstance(away, (IntegrityError, ProgrammingError, DataError, InternalError)):
            raise  # a bug of ours, not a database that is away
        said = str(away.orig or away).splitlines()[0]
        told = f"The database cannot be used: {said}. Nothing was changed. See: lichtbild doctor"
        click.echo(f"lichtbild: {told}", err=True)
        sys.exit(2)
