"""onethread demo: a made-up company whose customers keep writing."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)

FOLDER = Path("demo-data")


@app.command()
def demo(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what an earlier demo left behind.")] = False,
) -> None:
    """Serve example data, with customers that write while you watch. Its data is in ./demo-data; nothing
    leaves this machine."""
    import os
    import shutil

    from inbox.config import PREFIX, load_settings
    from web.demo.living import living_company
    from web.demo.opening import open_demo
    from web.logs import configure_logs
    from web.server import serve_installation

    folder = os.environ.setdefault(f"{PREFIX}DATA_DIR", str(FOLDER))  # `migrate` runs in a process of its own
    if fresh and Path(folder) == FOLDER and (FOLDER / "server.lock").exists():
        shutil.rmtree(FOLDER)
    settings = load_settings()
    configure_logs(settings.log_format)
    _say_who()
    serve_installation(settings, host=host, port=port, workers=1, prepare=open_demo, beside=living_company)


def _say_who() -> None:
    from web.demo.company import COLLEAGUES

    typer.echo("\nHarbour & Pine, a made-up company. Sign in as one of them, in two browsers best:\n")
    for name, email, password, role in COLLEAGUES:
        typer.echo(f"    {email:28} {password:22} {name}, {role}")
    typer.echo("\nMaking its past takes a few seconds the first time …\n")
