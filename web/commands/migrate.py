"""onethread migrate: bring the database to this version."""

import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def migrate() -> None:
    """Bring the database to this version. Safe to repeat, and beside other processes that do the same."""
    import asyncio

    import migrations
    from inbox.config import load_settings
    from web.installation import open_installation

    settings = load_settings()

    async def make_key() -> None:
        async with open_installation(settings):
            pass

    asyncio.run(make_key())  # the key belongs to the data: it is made before there is any
    migrations.upgrade(settings.database)
    typer.echo(f"The database is at revision {migrations.head()}.")
