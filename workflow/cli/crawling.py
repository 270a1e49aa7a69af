"""Looking for copies: fetch the given sites, then compare every found image with every photograph."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

import click

from workflow.cli.common import Progress, config_of, instance_option, print_json, require_current_schema
from workflow.kernel.errors import Unavailable


@click.command()
@instance_option
@click.argument("sites", nargs=-1, required=True)
@click.option("--pages", default=2000, show_default=True, help="At most this many pages in all.")
@click.option("--depth", default=8, show_default=True, help="At most this many links away from the start.")
@click.option("--compare/--no-compare", default=True, help="Compare the found images afterwards.")
@click.option("--fetch-only", is_flag=True, hidden=True)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def crawl(
    context: click.Context,
    own_instance: str | None,
    sites: tuple[str, ...],
    pages: int,
    depth: int,
    compare: bool,
    fetch_only: bool,
    as_json: bool,
) -> None:
    """Crawl SITES (addresses such as https://example.org/) and turn copies into hits.

    robots.txt is kept, private addresses are refused, each host is asked politely. What was fetched is
    kept; the same command continues after an interruption.
    """
    config = config_of(context, own_instance)
    require_current_schema(config)
    if fetch_only:
        from workflow.crawling import fetch

        print_json(fetch(config, sites, pages=pages, depth=depth))
        return
    # the crawler's event loop starts only once per process, so it gets one of its own
    command = [
        sys.executable, "-m", "workflow.cli", "--instance", config.instance,
        "crawl", *sites, "--pages", str(pages), "--depth", str(depth), "--fetch-only",
    ]  # fmt: skip
    fetched = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True)  # noqa: S603 - our own
    if fetched.returncode:
        raise Unavailable("The crawl ended early; see the lines above. What was fetched is kept.")
    result: dict[str, Any] = {"crawl": json.loads(fetched.stdout)}
    if compare:
        from workflow.building import build_runtime
        from workflow.hits.intake import take_in

        runtime = build_runtime(config)
        result["compare"] = asdict(take_in(runtime, progress=Progress()))
    if as_json:
        print_json(result)
    else:
        for name, counts in result.items():
            told = ", ".join(f"{what.replace('_', ' ')} {count}" for what, count in counts.items())
            click.echo(f"{name}: {told}")
