"""What the commands share: configuration, runtime, a stop signal, honest progress."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import click

from workflow.config import FAILPOINTS, Config, load_config
from workflow.kernel import failpoints, logs

if TYPE_CHECKING:
    from workflow.migrating import Upgraded

log = logging.getLogger("lichtbild")

#: Signs of a progress bar.
WIDTH = 30
#: Where the command line remembers that somebody asked for more words.
VERBOSE = "lichtbild.verbose"

instance_option = click.option(
    "--instance", "own_instance", default=None, help="Which instance to work on (as before the command)."
)


def config_of(context: click.Context, own_instance: str | None = None) -> Config:
    """The configuration of the chosen instance; what is armed to fail in it is read now too."""
    config = load_config(own_instance or context.obj)
    failpoints.arm(os.environ.get(FAILPOINTS, ""))
    return config


def log_as_configured(context: click.Context, config: Config) -> None:
    """A process that stays writes its lines as the instance wants them."""
    logs.install_for(config, verbose=bool(context.meta.get(VERBOSE)))


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set; every long-running command waits for it."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


def end_at_the_latest(stop: threading.Event, seconds: float) -> None:
    """After a stop was asked for, work may finish for so long; then the process ends where it stands.

    Everything it does survives that: a message it held is taken up by the next worker.
    """

    def watch() -> None:
        stop.wait()
        time.sleep(seconds)
        log.warning(
            "the work at hand did not end within %.0f seconds; it is taken up at the next start", seconds
        )
        os._exit(0)

    threading.Thread(target=watch, name="end", daemon=True).start()


def require_current_schema(config: Config) -> None:
    """Refuse to work on a database whose tables are older or newer than the code."""
    from workflow.kernel.db import Database
    from workflow.schema import require_current

    database = Database(config.database_url)
    try:
        require_current(database)
    finally:
        database.dispose()


def bring_up_to_date(config: Config) -> Upgraded:
    """Every table at its newest, and the shipped contract terms in them: nobody can sign up without."""
    from workflow.accounts.terms import seed_terms
    from workflow.kernel.db import Database
    from workflow.schema import upgrade

    database = Database(config.database_url)
    try:
        done = upgrade(database)
        with database.transaction() as session:
            seed_terms(session)
    finally:
        database.dispose()
    return done


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


class Progress:
    """Tells how far long work is: a bar on a terminal, one line per stage elsewhere."""

    def __init__(self) -> None:
        self._what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` of what is being done now."""
        if sys.stderr.isatty():
            filled = WIDTH * done // max(total, 1)
            end = "\n" if done >= total else ""
            bar = "#" * filled + "-" * (WIDTH - filled)
            click.echo(f"\r{what:<22} [{bar}] {done}/{total}{end}", nl=False, err=True)
        elif what != self._what:
            click.echo(f"{what}: {total}", err=True)
        self._what = what
