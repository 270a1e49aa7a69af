"""``lichtbild doctor``: what is there and what is wrong with it, each with a remedy."""

from __future__ import annotations

import os
import platform
import shutil
import smtplib
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import click

from workflow.cli.common import config_of, instance_option, print_json
from workflow.config import Config
from workflow.kernel.errors import DomainError

if TYPE_CHECKING:
    from workflow.kernel.runtime import Runtime

T = TypeVar("T")
MAIL_SECONDS = 10
DEMO_PLAIN = "local:"


class Verdict(StrEnum):
    """How it stands with one thing."""

    OK = "OK"
    #: It works, but a person should know.
    ATTENTION = "attention"
    #: It does not work.
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at, and what to do about it."""

    what: str
    verdict: Verdict
    said: str
    remedy: str = ""


@click.command()
@instance_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--trust-clock", is_flag=True, help="The clock is right now and was wrong before: go on.")
@click.pass_context
def doctor(context: click.Context, own_instance: str | None, as_json: bool, trust_clock: bool) -> None:
    """Look at everything an instance stands on. Exit 1 when something does not work."""
    config = config_of(context, own_instance)
    lines = list(examine(config, trust_clock=trust_clock))
    if as_json:
        print_json(
            [{"what": x.what, "verdict": x.verdict, "said": x.said, "remedy": x.remedy} for x in lines]
        )
    else:
        for line in lines:
            click.echo(f"{line.verdict:<10} {line.what:<11} {line.said}")
            if line.remedy:
                click.echo(f"{'':<22} → {line.remedy}")
    sys.exit(1 if any(line.verdict is Verdict.FAILURE for line in lines) else 0)


def examine(config: Config, *, trust_clock: bool = False) -> Iterator[Line]:
    """Everything in turn; whatever cannot be looked at is a failure, never left out."""
    yield Line(
        "versions", Verdict.OK, f"Lichtbild {version('lichtbild')}, Python {platform.python_version()}"
    )
    yield from (_safely(name, look, config) for name, look in BY_CONFIG.items())
    try:
        from workflow.building import build_runtime

        runtime = build_runtime(config)
    except (DomainError, OSError) as trouble:
        yield Line("keys", Verdict.FAILURE, str(trouble), "Bring the master key back; nothing replaces it.")
        return
    try:
        if trust_clock:
            from workflow.kernel import pulses

            with runtime.database.transaction() as session:
                pulses.trust_clock(session, runtime.clock.wall())
        yield from (_safely(name, look, runtime) for name, look in BY_RUNTIME.items())
    finally:
        runtime.database.dispose()


def _safely(name: str, look: Callable[[T], Line], subject: T) -> Line:
    try:
        return look(subject)
    except Exception as trouble:  # noqa: BLE001 - a doctor does not fall ill of what it finds
        said = str(getattr(trouble, "orig", None) or trouble).splitlines()
        return Line(
            name, Verdict.FAILURE, said[0] if said else type(trouble).__name__, REMEDIES.get(name, "")
        )


def _disk(config: Config) -> Line:
    from workflow.condition import ROOM_BYTES

    usage = shutil.disk_usage(config.instance_dir)
    free, share = usage.free / 1024**3, usage.free / usage.total
    said = f"{free:.1f} GB free ({share:.0%}) for {config.instance_dir}"
    if usage.free < ROOM_BYTES:
        return Line("disk", Verdict.FAILURE, said, "Make room: uploads and letters fail half way without.")
    few = usage.free < 10 * ROOM_BYTES
    return Line("disk", Verdict.ATTENTION if few else Verdict.OK, said, "Make room soon." if few else "")


def _permissions(config: Config) -> Line:
    open_ = [
        path for path in (config.master_key_path, config.instance_dir / "secret.key")
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]  # fmt: skip
    closed = [
        path for path in (config.instance_dir, config.vault_dir, config.crawl_dir)
        if path.exists() and not os.access(path, os.W_OK | os.X_OK)
    ]  # fmt: skip
    if closed:
        return Line(
            "permissions",
            Verdict.FAILURE,
            f"{closed[0]} cannot be written to.",
            f"chown it to {os.getuid()}.",
        )
    if open_:
        return Line("permissions", Verdict.FAILURE, f"Others can read {open_[0]}.", f"chmod 600 {open_[0]}")
    return Line("permissions", Verdict.OK, "keys are private, folders can be written to")


def _cards(config: Config) -> Line:
    if not config.takes_cards:
        return Line("cards", Verdict.ATTENTION, "no card payments are set up",
                    "Set LICHTBILD_STRIPE_SECRET_KEY and LICHTBILD_STRIPE_WEBHOOK_SECRET.")  # fmt: skip
    if config.demo:
        return Line("cards", Verdict.OK, "the demo's stand-in, no real money")
    live = "_live_" in config.stripe_secret_key
    said = "live keys: real money moves" if live else "test keys: no real money moves"
    return Line("cards", Verdict.OK if live else Verdict.ATTENTION, said,
                "" if live else "Set live keys when you are ready.")  # fmt: skip


def _mail(config: Config) -> Line:
    if not config.mail_url:
        return Line(
            "mail", Verdict.ATTENTION, "no mail server is set: letters wait", "Set LICHTBILD_MAIL_URL."
        )
    if config.mail_url == DEMO_PLAIN:
        return Line("mail", Verdict.OK, "the demo's local mailbox")
    parts = urlsplit(config.mail_url)
    host, port = parts.hostname or "", parts.port or (465 if parts.scheme == "smtps" else 587)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(host, port, timeout=MAIL_SECONDS) as server:
            code, said = server.ehlo()
    except (smtplib.SMTPException, OSError) as away:
        return Line("mail", Verdict.FAILURE, f"{host}:{port} does not answer: {away}",
                    "Letters wait and are tried again; check the address and the firewall.")  # fmt: skip
    greeted = said.decode("utf-8", "replace").splitlines()[0] if said else ""
    return Line("mail", Verdict.OK, f"{host}:{port} answers EHLO with {code} {greeted}")


def _database(runtime: Runtime) -> Line:
    from sqlalchemy import text

    with runtime.database.reading() as session:
        if runtime.database.dialect == "sqlite":
            number = session.execute(text("SELECT sqlite_version()")).scalar()
            return Line("database", Verdict.OK, f"SQLite {number}, {runtime.database.url.database}")
        number = session.execute(text("SHOW server_version")).scalar()
    return Line("database", Verdict.OK, f"PostgreSQL {number} on {runtime.database.url.host or 'a socket'}")


def _durable(runtime: Runtime) -> Line:
    from workflow.kernel.checks import commits_are_durable, database_is_whole

    with runtime.database.reading() as session:
        found = [*commits_are_durable(session), *database_is_whole(session, fast=True)]
    verdict = Verdict.ATTENTION if runtime.config.demo else Verdict.FAILURE
    return Line(
        "durability", verdict if found else Verdict.OK, " ".join(found) or "commits outlive a power loss"
    )


def _schema(runtime: Runtime) -> Line:
    from workflow.schema import require_current, revision_of

    require_current(runtime.database)
    return Line("schema", Verdict.OK, f"revision {revision_of(runtime.database)}")


def _keys(runtime: Runtime) -> Line:
    from sqlalchemy import select

    from workflow.kernel.documents import DataKey

    with runtime.database.reading() as session:
        key = session.scalars(select(DataKey).limit(1)).first()
        if key is not None:
            runtime.secrets.unwrap(key.wrapped, key.scope.encode())
    said = (
        "the master key opens what is sealed" if key else "the master key is readable; nothing is sealed yet"
    )
    return Line("keys", Verdict.OK, said)


def _clock(runtime: Runtime) -> Line:
    from workflow.kernel import pulses

    wall = runtime.clock.wall()
    with runtime.database.reading() as session:
        trouble = pulses.clock_trouble(session, wall)
    if trouble:
        return Line("clock", Verdict.FAILURE, trouble, "Set the clock (timedatectl), then start again.")
    return Line("clock", Verdict.OK, f"{wall:%Y-%m-%d %H:%M} UTC, not before what was written down")


def _ticker(runtime: Runtime) -> Line:
    from workflow.condition import TICK_LATE
    from workflow.kernel import pulses

    with runtime.database.reading() as session:
        alive = {name: pulses.last(session, name) for name in (pulses.TICKER, pulses.WORKER)}
    late = [
        name for name, pulse in alive.items()
        if pulse is None or runtime.clock.wall() - pulse.at > TICK_LATE
    ]  # fmt: skip
    if late:
        return Line("processes", Verdict.ATTENTION, f"no sign of life of: {', '.join(late)}",
                    "Start them: lichtbild up, or ticker and worker as services.")  # fmt: skip
    return Line("processes", Verdict.OK, "ticker and worker are alive")


def _messages(runtime: Runtime) -> Line:
    from sqlalchemy import func, select

    from workflow.kernel.outbox import OutboxMessage, OutboxState

    with runtime.database.reading() as session:
        asked = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
        counted = {state: int(count) for state, count in session.execute(asked)}
    stuck = counted.get(OutboxState.FAILED, 0) + counted.get(OutboxState.UNKNOWN, 0)
    said = f"{counted.get(OutboxState.PENDING, 0)} wait, {stuck} need a person"
    remedy = "See the operator's queue." if stuck else ""
    return Line("messages", Verdict.ATTENTION if stuck else Verdict.OK, said, remedy)


def _truths(runtime: Runtime) -> Line:
    from workflow.checks import look

    grave = [each.sentence for each in look(runtime, fast=True) if each.grave]
    if grave:
        return Line(
            "truths", Verdict.FAILURE, f"{len(grave)} do not hold: {grave[0]}", "lichtbild self-check"
        )
    return Line("truths", Verdict.OK, "every truth that can be checked quickly holds")


def _people(runtime: Runtime) -> Line:
    from workflow.accounts import approving
    from workflow.kernel.said import date_text

    with runtime.database.reading() as session:
        eyes = approving.four_eyes(session)
    who = f"{eyes.people} {'person works' if eyes.people == 1 else 'people work'} here"
    if eyes.declared:
        day = date_text(eyes.declared.since.date())
        said = f"{who}; {eyes.declared.by or '?'} declared one person on {day}"
        if not eyes.in_force:
            return Line("people", Verdict.OK, f"{said}; it rests, since two may agree to every step")
        return Line("people", Verdict.ATTENTION, f"{said}: a day's delay stands in for the second person",
                    "Invite a second person on the page People.")  # fmt: skip
    if not eyes.people:
        return Line("people", Verdict.ATTENTION, "nobody works here yet", "lichtbild operator create")
    if not eyes.has_second("payouts.send"):
        return Line("people", Verdict.ATTENTION, f"{who}, and nobody else may agree to payouts",
                    "Invite somebody on the page People, or declare one person on To approve.")  # fmt: skip
    return Line("people", Verdict.OK, who)


BY_CONFIG: dict[str, Callable[[Config], Line]] = {
    "disk": _disk, "permissions": _permissions, "cards": _cards, "mail": _mail,
}  # fmt: skip
BY_RUNTIME: dict[str, Callable[[Runtime], Line]] = {
    "database": _database, "durability": _durable, "schema": _schema, "keys": _keys, "clock": _clock,
    "people": _people,
    "processes": _ticker, "messages": _messages, "truths": _truths,
}  # fmt: skip
REMEDIES = {
    "database": "Is it running, and is LICHTBILD_DATABASE_URL right? A damaged file: lichtbild restore.",
    "schema": "lichtbild db upgrade",
    "keys": "Bring the right master key back; nothing replaces it.",
}
