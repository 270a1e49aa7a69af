"""Backup and restore of a whole instance."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from workflow.cli.common import config_of, instance_option
from workflow.kernel.errors import DomainError


@click.command()
@instance_option
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--with-keys", is_flag=True, help="Put master.key and secret.key into it: whoever has it has all."
)
@click.option(
    "--verify/--no-verify", default=True, help="Restore it into an empty place and check every truth."
)
@click.pass_context
def backup(
    context: click.Context, own_instance: str | None, target: Path, with_keys: bool, verify: bool
) -> None:
    """Write the instance into TARGET, one file, while it runs; then verify it.

    The file is not encrypted as a whole (documents in it are). Exit 1 when it could not be verified: it then
    keeps the name TARGET.unverified.
    """
    from workflow.backups.restoring import verify as verified
    from workflow.backups.writing import write_backup
    from workflow.building import build_runtime

    config = config_of(context, own_instance)
    target = target.absolute()
    manifest = write_backup(build_runtime(config), target, with_keys=with_keys)
    told = f"{len(manifest.entries)} files, {manifest.size / 1024**2:.1f} MB, revision {manifest.revision}"
    if not with_keys:
        click.echo(
            f"The keys are not in it. Keep {config.master_key_path} (or its text) somewhere else, safely: "
            "without it no document of this backup can be opened."
        )
    if not verify:
        click.echo(f"{target}: {told}. Not verified.")
        return
    try:
        found = verified(config, target)
    except (DomainError, OSError) as trouble:
        found = [f"It could not be verified: {trouble}"]
    if found:
        target.rename(target.with_name(f"{target.name}.unverified"))
        for sentence in found:
            click.echo(sentence, err=True)
        click.echo(f"The backup is not good; it lies at {target}.unverified.", err=True)
        sys.exit(1)
    click.echo(f"{target}: {told}. Restored into an empty place, every truth holds.")


@click.command()
@instance_option
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--key-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="The master key."
)
@click.pass_context
def restore(context: click.Context, own_instance: str | None, source: Path, key_file: Path | None) -> None:
    """Bring an empty instance back from SOURCE, then check every truth. Never overwrites anything."""
    from workflow.backups.restoring import restore as bring_back
    from workflow.building import build_runtime
    from workflow.checks import problems

    config = config_of(context, own_instance)
    manifest = bring_back(config, source, key_file=key_file)
    found = problems(build_runtime(config))
    for sentence in found:
        click.echo(sentence, err=True)
    click.echo(
        f"“{config.instance}” is back as of {manifest.made_at[:16]} UTC: {len(manifest.entries)} files."
    )
    sys.exit(1 if found else 0)
