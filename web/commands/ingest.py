"""onethread ingest: raw mail from files or standard input; works beside a running server."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from channels.email.files import RawMail
    from channels.email.ingest import Tally
    from web.installation import Installation

app = typer.Typer(rich_markup_mode=None)


@app.command()
def ingest(
    channel: Annotated[str, typer.Argument(help="The name of an email channel.")],
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files or folders; - reads standard input.")
    ] = None,
    mbox: Annotated[bool, typer.Option(help="The inputs are mbox files.")] = False,
    maildir: Annotated[bool, typer.Option(help="The inputs are Maildir folders.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """File raw mail from files or standard input. What was filed before is known and changes nothing."""
    import dataclasses
    import json

    from web.terminal import run

    names = paths or ["-"]

    async def file_all(installation: "Installation") -> "Tally":
        from channels.email.ingest import ingest as file_mails
        from inbox.errors import Invalid
        from inbox.queries import channels

        async with installation.database.reading() as session:
            found = await channels.by_name(session, channel)
        if found.kind != "email":
            raise Invalid(f"{channel} is no email channel.")
        with ProgressLine(enabled=not as_json) as progress:
            return await file_mails(
                installation.intake,
                found.id,
                _mails(names, mbox=mbox, maildir=maildir),
                max_bytes=installation.settings.max_message_bytes,
                progress=progress,
            )

    tally = run(file_all)
    counts = dataclasses.asdict(tally)
    typer.echo(json.dumps(counts) if as_json else " · ".join(f"{n} {name}" for name, n in counts.items()))


def _mails(names: list[str], *, mbox: bool, maildir: bool) -> "Iterator[RawMail]":
    from channels.email import files
    from inbox.errors import Invalid

    if names == ["-"]:
        yield from files.read_stream(sys.stdin.buffer, mbox=mbox)
        return
    found = [Path(name) for name in names]
    for path in found:
        if not path.exists():
            raise Invalid(f"There is no {path}.")
    if mbox:
        yield from files.read_mbox(found)
    elif maildir:
        yield from files.read_maildir(found)
    else:
        yield from files.read_files(_flat(found))


def _flat(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
        else:
            yield path


class ProgressLine:
    """A line on the terminal that says how far it is; silent where nobody looks."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled and sys.stderr.isatty()

    def __enter__(self) -> "ProgressLine":
        if self._enabled:
            from rich.progress import (
                MofNCompleteColumn,
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            columns = (SpinnerColumn(), TextColumn("Filing"), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, transient=True)
            self._task = self._bar.add_task("filing", total=None)
            self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._enabled:
            self._bar.stop()

    def __call__(self, tally: "Tally") -> None:
        if self._enabled:
            self._bar.update(self._task, completed=tally.total)
