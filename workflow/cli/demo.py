"""The demo world: build it, let time pass in it, serve its small web."""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

import click

from workflow.cli.common import config_of, instance_option, print_json
from workflow.kernel.errors import Refused


class Days(click.ParamType[int]):
    """``95d`` or ``95``."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        text = str(value).strip().lower().removesuffix("d")
        if not text.isdigit() or not 1 <= int(text) <= 1500:  # noqa: PLR2004 - four years
            self.fail(f"{value} is not a number of days, such as 95d (at most 1500d).", param, context)
        return int(text)


@click.command()
@instance_option
@click.option("--fresh", is_flag=True, help="Build the demo world anew; takes away the old one.")
@click.option("--advance", "days", type=Days(), default=None, help="Let time pass, day by day: 95d.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def demo(
    context: click.Context, own_instance: str | None, fresh: bool, days: int | None, as_json: bool
) -> None:
    """A world to try everything in: photographs, a small web with altered copies, three cases.

    With --json alone it tells what an existing demo has come to. A freshly built one exits 1
    when it lacks something it should show.
    """
    config = config_of(context, own_instance)
    if not config.demo:
        raise Refused("This is a real instance: its clock cannot be moved and nothing is built into it.")
    exists = (config.instance_dir / "ready").exists()
    if not fresh and days is None and exists and not as_json:
        click.echo("The demo world exists. Start it: make run. Build it anew: lichtbild demo --fresh")
        return
    failures: list[str] = []
    result: dict[str, Any] = {}
    if fresh or not exists:
        from workflow.demo.story import found
        from workflow.demo.summary import missing

        result = found(config, _say)
        failures = missing(result)
    elif days is None:
        from workflow.demo.story import told

        result = told(config)
    if days is not None:
        from workflow.building import build_runtime
        from workflow.demo.story import advance

        result |= advance(build_runtime(config), days, _say)
    if as_json:
        print_json(result)
    else:
        _print(result)
    for sentence in failures:
        click.echo(sentence, err=True)
    sys.exit(1 if failures else 0)


@click.command("demo-web")
@instance_option
@click.pass_context
def demo_web(context: click.Context, own_instance: str | None) -> None:
    """Serve the demo's small web under its *.localhost names."""
    from workflow.demo.server import serve_world
    from workflow.demo.story import world_of

    config = config_of(context, own_instance)
    if not config.demo:
        raise Refused("The small web belongs to the demo.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve_world(world_of(config), config.world_port)
    except KeyboardInterrupt:
        return


def _print(result: dict[str, Any]) -> None:
    for name, value in result.items():
        if not isinstance(value, list):
            click.echo(f"{name}: {value}")
    for case in result.get("cases", ()):
        held = ", ".join(case.get("held_since", ()))
        click.echo(f"case {case['reference']}: {case['state']}{f', held since {held}' if held else ''}")
        for line in case.get("letters", ()):
            click.echo(f"    {line}")


_BEGAN = time.monotonic()


def _say(text: str) -> None:
    click.echo(f"{time.monotonic() - _BEGAN:6.1f} s  {text}", err=True)
