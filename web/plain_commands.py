"""The commands that run for days, or at every start: `serve`, `worker` and `migrate`.

They are read by argparse. Typer loads pydantic for its options; together they are a fifth of a server's
start, and stay in its memory. Such a command is a file in web/commands with `run(options)`, and with
`add_options(parser)` where it takes any.
"""

import inspect
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NoReturn, TypeVar

T = TypeVar("T")


class Misused(Exception):
    """A mistake in the arguments, in words for whoever typed them."""

    def format_message(self) -> str:
        """The words, as typer's errors say theirs."""
        return str(self)


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Misused(f"{message[:1].upper()}{message[1:]}.")


def run(name: str, module: ModuleType, arguments: Sequence[str]) -> int:
    """Run a plain command. Raises Misused, and what the command raises."""
    module.run(read(name, module, arguments))
    return 0


def read(name: str, module: ModuleType, arguments: Sequence[str]) -> Namespace:
    """What the arguments say to a plain command; raises Misused, and SystemExit after --help."""
    words = inspect.getdoc(module.run) or ""
    parser = _Parser(prog=f"onethread {name}", description=words, allow_abbrev=False)
    if hasattr(module, "add_options"):
        module.add_options(parser)
    return parser.parse_args(list(arguments))


def option(reader: Callable[[object], T]) -> Callable[[str], T]:
    """A reader of inbox/setting_values.py for `add_argument(type=…)`."""

    def read_option(value: str) -> T:
        try:
            return reader(value)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return read_option
