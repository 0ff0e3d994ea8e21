"""onethread worker: background work without pages, in any number of processes (PostgreSQL)."""

import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def worker() -> None:
    """Run background work only: mailboxes, outbox, timers. Needs PostgreSQL."""
    import asyncio

    from web.loading import nothing_is_garbage

    with nothing_is_garbage():
        from inbox.config import load_settings
        from inbox.errors import SettingsInvalid
        from web.logs import configure_logs
        from web.workers import work_until_stopped

    settings = load_settings()
    if settings.database.startswith("sqlite"):
        raise SettingsInvalid("SQLite is served by one process, which does the background work as well.")
    configure_logs(settings.log_format)
    asyncio.run(work_until_stopped(settings))
