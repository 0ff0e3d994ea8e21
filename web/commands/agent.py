"""onethread agent: the people who answer."""

from typing import Annotated

import typer

app = typer.Typer(help="The people who answer.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _agent() -> None:
    pass


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="With this address they sign in.")],
    name: Annotated[str, typer.Option(help="As others see it.")],
    role: Annotated[str, typer.Option(help="admin or agent.")] = "agent",
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Add somebody who answers and print their id. Without a password only API tokens act for them."""
    from inbox.actions import agents
    from inbox.actors import SYSTEM
    from inbox.errors import Invalid
    from inbox.models import Role
    from web.installation import Installation
    from web.terminal import run, secret_from_stdin

    if role not in set(Role):
        raise Invalid(f"--role is admin or agent, not {role}.")

    async def added(installation: Installation) -> str:
        password = secret_from_stdin() if password_stdin else None
        hashed = await installation.passwords.hash(password) if password is not None else None
        async with installation.database.transaction() as session:
            agent = await agents.add_agent(
                session, email=email, name=name, role=Role(role), password_hash=hashed, by=SYSTEM
            )
            return agent.public_id

    typer.echo(run(added))


@app.command()
def invite(
    email: Annotated[str, typer.Argument(help="Whom to invite.")],
    name: Annotated[str, typer.Option(help="As others see it.")],
    role: Annotated[str, typer.Option(help="admin or agent.")] = "agent",
) -> None:
    """Print a link, good for a day, with which somebody becomes an agent and sets their own password."""
    from inbox.actions import agents
    from inbox.actors import SYSTEM
    from inbox.errors import Invalid
    from inbox.models import Role
    from web.installation import Installation
    from web.terminal import run

    if role not in set(Role):
        raise Invalid(f"--role is admin or agent, not {role}.")

    async def invited(installation: Installation) -> str:
        async with installation.database.transaction() as session:
            token = await agents.invite(session, email=email, name=name, role=Role(role), by=SYSTEM)
        return f"{installation.settings.base_url}/join/{token}"

    typer.echo(run(invited))
