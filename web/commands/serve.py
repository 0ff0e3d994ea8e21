"""onethread serve: web and background work in one process."""

from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="More than one needs PostgreSQL.")] = 1,
    lmtp: Annotated[
        str | None, typer.Option(help="Take mail from a mail server there: 127.0.0.1:24 or /run/lmtp.sock.")
    ] = None,
) -> None:
    """Run web and background work. Makes its database and its key at the first start."""
    import os

    from web.loading import nothing_is_garbage

    with nothing_is_garbage():
        from inbox.config import load_settings
        from web.logs import configure_logs
        from web.server import serve_installation

    if lmtp is not None:
        os.environ["ONETHREAD_LMTP"] = lmtp  # the processes of several workers read it there
    settings = load_settings()
    configure_logs(settings.log_format)
    serve_installation(settings, host=host, port=port, workers=workers)
