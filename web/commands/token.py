"""onethread token: what programs show to use the API."""

from typing import Annotated

import typer

app = typer.Typer(help="What programs show to use the API.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _token() -> None:
    pass


@app.command()
def create(
    agent: Annotated[str, typer.Option(help="The address of the agent for whom the token acts.")],
    name: Annotated[str, typer.Option(help="What the token is for.")],
) -> None:
    """Print a new API token, alone on its line. It is shown this once."""
    from inbox.actions import sign_ins
    from inbox.errors import NotFound
    from inbox.queries import agents
    from web.installation import Installation
    from web.terminal import run

    async def created(installation: Installation) -> str:
        async with installation.database.transaction() as session:
            holder = await agents.by_email(session, agent)
            if holder is None or holder.deactivated_at is not None:
                raise NotFound(f"There is no agent with the address {agent}.")
            return await sign_ins.create_token(session, agent=holder, name=name)

    typer.echo(run(created))
