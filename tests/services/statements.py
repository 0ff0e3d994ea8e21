"""Statements compiled once for the run, as in a server that runs for days, for all engines."""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

SHARING: tuple[type[Any], ...] = (PGDialect_asyncpg, SQLiteDialect_aiosqlite)


def share_compiled_statements() -> None:
    """Let every engine find what another one of its kind has compiled."""
    caches: dict[type[Any], Any] = {}

    def same_kind(one: object, other: object) -> bool:
        return type(one) is type(other)

    def of_its_kind(one: object) -> int:
        return hash(type(one))

    for kind in SHARING:
        # SQLAlchemy keeps what it compiled under the dialect, of which each engine has one.
        kind.__eq__, kind.__hash__ = same_kind, of_its_kind  # type: ignore[assignment]

    @event.listens_for(Engine, "engine_connect")
    def connected(connection: Connection) -> None:
        engine = connection.engine
        if type(engine.dialect) in SHARING:
            engine._compiled_cache = caches.setdefault(type(engine.dialect), engine._compiled_cache)
