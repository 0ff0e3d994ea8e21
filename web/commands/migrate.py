"""onethread migrate: bring the database to this version."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from inbox.config import Settings

app = typer.Typer(rich_markup_mode=None)


@app.command()
def migrate() -> None:
    """Bring the database to this version. Safe to repeat, and beside other processes that do the same."""
    from inbox.config import load_settings
    from inbox.revisions import sqlite_revision
    from web.revisions import known_revisions

    settings = load_settings()
    newest = known_revisions()[-1]
    if sqlite_revision(settings.database) != newest:
        _bring_up(settings)
    typer.echo(f"The database is at revision {newest}.")


def _bring_up(settings: "Settings") -> None:
    import asyncio

    import migrations
    from web.installation import open_installation

    async def make_key() -> None:
        async with open_installation(settings):
            pass

    asyncio.run(make_key())  # the key belongs to the data: it is made before there is any
    migrations.upgrade(settings.database)
