"""The commands that typer reads. Each file in web/commands is a subcommand, imported when it is called."""

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from web import commands


class _Commands(TyperGroup):
    """Knows its subcommands by their files' names, so that starting one does not load the others."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"web.commands.{cmd_name}")
        command = get_command(module.app if hasattr(module, "app") else _named(module.run.__doc__))
        command.name = cmd_name
        return command


def _named(words: str) -> typer.Typer:
    """A plain command as the list of commands shows it; it is called without us (web/plain_commands.py)."""
    shown = typer.Typer(rich_markup_mode=None)
    shown.command(help=words)(lambda: None)
    return shown


app = typer.Typer(
    cls=_Commands,
    help="One conversation per customer, whichever way they write.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _onethread() -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name; answers its exit status. Raises what the command raises, and
    typer's errors for a mistake in the arguments."""
    try:
        return int(get_command(app)(args=list(arguments), prog_name="onethread", standalone_mode=False) or 0)
    except typer.Abort:
        raise KeyboardInterrupt from None
