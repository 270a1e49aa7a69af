"""Check a signed statement, anywhere and offline."""

from __future__ import annotations

from pathlib import Path

import click

from workflow.cli.common import print_json


@click.command()
@click.argument("path", metavar="STATEMENT.json", type=click.Path(path_type=Path))
@click.option(
    "--key", "key_path", type=click.Path(path_type=Path), help="The instance's key as you know it (PEM)."
)
@click.option("--json", "as_json", is_flag=True, help="What was signed, as JSON.")
def verify(path: Path, key_path: Path | None, as_json: bool) -> None:
    """Say whether STATEMENT.json was signed by an instance of Lichtbild and what it says; needs no instance.

    Exit 2 when it was changed or signed by another key.
    """
    from workflow.kernel import signing

    data = _read(path, signing.LARGEST)
    checked = signing.check(data, key_pem=_read(key_path, signing.LARGEST) if key_path else None)
    if as_json:
        print_json({"fingerprint": checked.fingerprint, **checked.statement})
        return
    click.echo(f"Good signature of the key {checked.fingerprint}.")
    if not key_path:
        click.echo(
            "The key came with the statement: compare this fingerprint with the one on the verify page."
        )
    for name, value in checked.statement.items():
        click.echo(f"{name}: {_plain(value)}")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items() if each)
    if isinstance(value, list):
        return "; ".join(_plain(each) for each in value)
    return str(value)


def _read(path: Path, most: int) -> bytes:
    from workflow.kernel.errors import Refused

    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as missing:
        raise Refused(f"{path} cannot be read: {missing.strerror}.") from missing
