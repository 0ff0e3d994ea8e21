"""The `onethread` command. Each file in web/commands is a subcommand, imported when it is called."""

import importlib
import pkgutil
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from inbox.errors import OnethreadError
from web import commands

FAILED = 1
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h


class _Commands(TyperGroup):
    """Knows its subcommands by their files' names, so that starting one does not load the others."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(module.name.rstrip("_") for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = next(m.name for m in pkgutil.iter_modules(commands.__path__) if m.name.rstrip("_") == cmd_name)
        command = get_command(importlib.import_module(f"web.commands.{name}").app)
        command.name = cmd_name
        return command


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


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exit 0, or with one clear line on standard error and no trace."""
    try:
        sys.exit(get_command(app)(args=arguments, prog_name="onethread", standalone_mode=False) or 0)
    except OnethreadError as error:
        _fail(str(error), FAILED)
    except (KeyboardInterrupt, typer.Abort):
        _fail("Stopped.", 130)
    except Exception as error:
        if hasattr(error, "format_message"):  # a mistake in the arguments
            _fail(f"{error.format_message()} Try --help.", getattr(error, "exit_code", 2))
        if sys.flags.dev_mode:
            raise
        first_line = next(iter(str(error).splitlines()), "")[:300]
        _fail(f"This was not expected: {type(error).__name__}: {first_line}", UNEXPECTED)


def _fail(line: str, status: int) -> NoReturn:
    sys.stderr.write(f"onethread: {line}\n")
    sys.stderr.flush()
    sys.exit(status)
