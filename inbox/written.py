"""Which tables a transaction has written to, read from its statements as they pass."""

import re
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')
_NAME = "tables written to"


def note_writes(engine: Engine) -> None:
    """Note for each connection of *engine* what it writes to."""

    @event.listens_for(engine, "before_cursor_execute")
    def running(connection: Any, _: object, statement: str, *__: object) -> None:
        if found := _WRITES.match(statement):
            connection.info.setdefault(_NAME, set()).add(found[1])


def take_written(connection: Any) -> frozenset[str]:
    """The tables that this connection has written to since this was asked; ask before its commit. What was
    undone is among them: whoever is told of it looks and finds nothing."""
    return frozenset(connection.info.pop(_NAME, ()))
