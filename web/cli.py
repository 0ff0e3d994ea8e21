"""The `onethread` command. Each file in web/commands is a subcommand, imported when it is called."""

import importlib
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NoReturn

from inbox.errors import OnethreadError

FAILED = 1
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exit 0, or with one clear line on standard error and no trace."""
    try:
        sys.exit(_run(sys.argv[1:] if arguments is None else arguments))
    except OnethreadError as error:
        _fail(str(error), FAILED)
    except KeyboardInterrupt:
        _fail("Stopped.", 130)
    except Exception as error:
        if hasattr(error, "format_message"):  # a mistake in the arguments
            _fail(f"{error.format_message()} Try --help.", getattr(error, "exit_code", 2))
        if sys.flags.dev_mode:
            raise
        first_line = next(iter(str(error).splitlines()), "")[:300]
        _fail(f"This was not expected: {type(error).__name__}: {first_line}", UNEXPECTED)


def _run(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else ""
    if name.isidentifier() and find_spec(f"web.commands.{name}"):
        module = importlib.import_module(f"web.commands.{name}")
        if hasattr(module, "run"):
            from web import plain_commands

            return plain_commands.run(name, module, arguments[1:])
    from web import typed_commands

    return typed_commands.run(arguments)


def _fail(line: str, status: int) -> NoReturn:
    sys.stderr.write(f"onethread: {line}\n")
    sys.stderr.flush()
    sys.exit(status)
