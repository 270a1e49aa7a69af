"""The running parts: web, ticker, worker, the demo's stand-in, and ``up``, which starts one of each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from workflow.cli.common import (
    bring_up_to_date,
    config_of,
    end_at_the_latest,
    instance_option,
    log_as_configured,
    require_current_schema,
    stop_on_signals,
)
from workflow.config import Config
from workflow.kernel.errors import Refused
from workflow.kernel.said import say

if TYPE_CHECKING:
    from workflow.kernel.db import Database

#: What runs may finish for so long after a stop was asked for; ``up`` waits a little longer.
GRACE_SECONDS = 15
READY_SECONDS = 60
ONE_WORKER = say(
    "Another worker runs already. On SQLite there is one worker by design; "
    "for several set LICHTBILD_DATABASE_URL to a PostgreSQL."
)


@click.command()
@instance_option
@click.pass_context
def web(context: click.Context, own_instance: str | None) -> None:
    """Serve desk and portal on one port (waitress, threads). Behind a proxy use wsgi.py with gunicorn."""
    from workflow.app import create_application
    from workflow.building import build_runtime
    from workflow.checks import check_at_start
    from workflow.cli.serving import serve

    config = config_of(context, own_instance)
    log_as_configured(context, config)
    require_current_schema(config)
    stop = stop_on_signals()
    runtime = build_runtime(config)
    check_at_start(runtime)
    serve(create_application(runtime), config.host, config.port, stop, GRACE_SECONDS)
    _close(runtime.decoder)


@click.command()
@instance_option
@click.option("--every", default=None, type=float, help="Seconds between two looks (demo 2, else 30).")
@click.pass_context
def ticker(context: click.Context, own_instance: str | None, every: float | None) -> None:
    """Look which dates are due and hand them to the worker. Only one runs per instance."""
    from workflow.building import clock_for
    from workflow.kernel.db import Database
    from workflow.ticker import Ticker

    config = config_of(context, own_instance)
    log_as_configured(context, config)
    require_current_schema(config)
    seconds = every or (2.0 if config.demo else 30.0)
    Ticker(Database(config.database_url), clock_for(config), every_seconds=seconds).run(stop_on_signals())


@click.command()
@instance_option
@click.option("--drain", is_flag=True, help="Do what can be done now, then end.")
@click.option("--lease", type=click.IntRange(1, 3600), default=300, show_default=True,
              help="Seconds after which another worker may take over from one that fell silent.")  # fmt: skip
@click.pass_context
def worker(context: click.Context, own_instance: str | None, drain: bool, lease: int) -> None:
    """Send letters and mails, book payments, tell events: everything the outbox holds."""
    from workflow.building import build_runtime
    from workflow.checks import check_at_start
    from workflow.money.gateways import gateway_for
    from workflow.wiring import handlers
    from workflow.worker import Worker

    config = config_of(context, own_instance)
    log_as_configured(context, config)
    require_current_schema(config)
    stop = stop_on_signals()
    runtime = build_runtime(config)
    check_at_start(runtime)
    hands = Worker(runtime, handlers(gateway_for(config)), lease=timedelta(seconds=lease))
    with _one_on_sqlite(runtime.database):
        if drain:
            click.echo(f"{hands.drain()} messages done")
        else:
            end_at_the_latest(stop, GRACE_SECONDS)
            hands.run(stop)
    _close(runtime.decoder)


@contextmanager
def _one_on_sqlite(database: Database) -> Iterator[None]:
    """SQLite has one writer at a time, so a second worker would only wait: refused with a sentence."""
    if database.dialect != "sqlite":
        yield
        return
    from workflow.kernel.single_run import single_run

    with single_run(database, "worker", ONE_WORKER):
        yield


@click.command("psp-standin")
@instance_option
@click.pass_context
def psp_standin(context: click.Context, own_instance: str | None) -> None:
    """Serve the demo's card payment page (no real money). Refused on a real instance."""
    from workflow.money.stripe_standin import serve_standin

    config = config_of(context, own_instance)
    if not config.demo:
        raise Refused("The payment stand-in belongs to the demo; a real instance uses Stripe itself.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serve_standin(
        config.instance_dir / "standin.sqlite",
        f"{config.portal_url}/webhooks/stripe",
        config.stripe_webhook_secret,
        config.stripe_secret_key,
        port=config.standin_port,
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One process that ``up`` starts."""

    name: str
    arguments: tuple[str, ...]


def parts_of(config: Config) -> tuple[Part, ...]:
    """What runs together: the demo has a stand-in and its small web besides."""
    parts: tuple[Part, ...] = (
        Part("web", ("web",)),
        Part("ticker", ("ticker",)),
        Part("worker", ("worker",)),
    )
    if config.demo:
        parts += (Part("card payments (stand-in)", ("psp-standin",)), Part("demo web", ("demo-web",)))
    return parts


@click.command()
@instance_option
@click.pass_context
def up(context: click.Context, own_instance: str | None) -> None:
    """Start one of each (web, ticker, worker) and end them together with Ctrl-C."""
    config = config_of(context, own_instance)
    bring_up_to_date(config)
    stop = stop_on_signals()
    running = {part.name: _start(config, part) for part in parts_of(config)}
    try:
        if _wait_until_ready(config, running, stop):
            click.echo(_welcome(config, _founding_link(config)))
        while not stop.wait(1.0):
            ended = [name for name, process in running.items() if process.poll() is not None]
            if ended:
                raise Refused(
                    f"{', '.join(ended)} ended by itself; see the lines above. Everything is stopped."
                )
    finally:
        _end(list(running.values()))


def _start(config: Config, part: Part) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "workflow.cli", "--instance", config.instance, *part.arguments]
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own command


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()  # the process alone: what it runs itself, it still needs to finish its work
    until = time.monotonic() + GRACE_SECONDS + 3
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, until - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(
    config: Config, running: dict[str, subprocess.Popen[bytes]], stop: threading.Event
) -> bool:
    import http.client

    until = time.monotonic() + READY_SECONDS
    host = config.desk_url.split("://", 1)[1]
    while time.monotonic() < until and not stop.is_set():
        if any(process.poll() is not None for process in running.values()):
            return False
        connection = http.client.HTTPConnection("127.0.0.1", config.port, timeout=2)
        try:
            connection.request("GET", "/healthz", headers={"Host": host})
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except OSError:
            stop.wait(0.3)
        finally:
            connection.close()
    return False


def _founding_link(config: Config) -> str:
    """Where the first operator opens an account, while nobody operates the instance; else nothing.

    Only its hash is kept; a new start prints a new one and the one before ends.
    """
    from workflow.accounts.services.founding import new_link
    from workflow.building import clock_for
    from workflow.kernel.db import Database

    if config.demo:
        return ""
    database = Database(config.database_url)
    try:
        with database.transaction() as session:
            token = new_link(session, clock_for(config).wall())
    finally:
        database.dispose()
    return f"{config.desk_url}/begin/{token}" if token else ""


def _welcome(config: Config, founding_link: str = "") -> str:
    lines = [
        "",
        f"  Lichtbild runs ({config.instance}).  End it with Ctrl-C.",
        "",
        f"  Desk    {config.desk_url}      for photographers and operators",
        f"  Portal  {config.portal_url}    for those who got a letter",
    ]
    if config.demo:
        from workflow.demo.people import log_ins

        lines += [f"  Mail    {config.desk_url}/demo/mailbox/   what was sent", ""]
        lines += [f"  {person.role:<14}{person.email:<34}{person.password}" for person in log_ins()]
        lines += ["", "  Operators are asked for a code as well; the demo shows it on that page."]
    else:
        if founding_link:
            lines += [
                "",
                "  Nobody operates this instance yet. Open the first account here (once, within a day):",
            ]
            lines += [f"  {founding_link}"]
            lines += [f"  or: lichtbild --instance {config.instance} operator create"]
        if not config.mail_url:
            lines += ["", "  No mail server is set (LICHTBILD_MAIL_URL): mails and letters wait."]
        if not config.stripe_secret_key:
            lines += ["  No card payments are set (LICHTBILD_STRIPE_SECRET_KEY)."]
    return "\n".join([*lines, ""])


def _close(part: object) -> None:
    close = getattr(part, "close", None)
    if callable(close):
        close()
