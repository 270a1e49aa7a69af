"""People that no page can make: the first operator."""

from __future__ import annotations

import click

from workflow.cli.common import bring_up_to_date, config_of, instance_option


@click.group()
def operator() -> None:
    """Staff of the one who runs the instance."""


@operator.command("create")
@instance_option
@click.option("--email", prompt="E-mail", help="The address to sign in with.")
@click.option("--name", prompt="Name", help="How others see this person.")
@click.password_option(help="A short sentence is good; asked for when not given.")
@click.pass_context
def create(context: click.Context, own_instance: str | None, email: str, name: str, password: str) -> None:
    """Make an operator who can sign in to the desk at once."""
    from workflow.accounts.passwords import hash_password
    from workflow.accounts.services.joining import create_operator
    from workflow.building import clock_for
    from workflow.kernel.db import Database

    hashed = hash_password(password, not_like=f"{email} {name}")
    config = config_of(context, own_instance)
    bring_up_to_date(config)
    database, clock = Database(config.database_url), clock_for(config)
    with database.transaction() as session:
        create_operator(session, email, name, hashed, clock.business())
    click.echo(f"{name} can sign in at {config.desk_url}/log-in.")


@operator.command("reset-second-factor")
@instance_option
@click.option("--email", prompt="E-mail", help="Whose telephone and recovery codes are lost.")
@click.pass_context
def reset_second_factor(context: click.Context, own_instance: str | None, email: str) -> None:
    """Take a lost second factor away; the person is told by mail and sets up a new one at the next log-in."""
    from workflow.accounts.queries import account_by_email
    from workflow.accounts.services import factors
    from workflow.building import clock_for
    from workflow.kernel.actors import SYSTEM
    from workflow.kernel.db import Database
    from workflow.kernel.errors import NotFound

    config = config_of(context, own_instance)
    bring_up_to_date(config)
    database, clock = Database(config.database_url), clock_for(config)
    with database.transaction() as session:
        account = account_by_email(session, email)
        if account is None:
            raise NotFound("This account")
        factors.reset(session, account, SYSTEM, factors.Moments(clock.business(), clock.wall()))
    click.echo(f"The second factor of {account.name} is gone; a new one is set up at the next log-in.")
