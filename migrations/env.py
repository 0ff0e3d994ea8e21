"""Runs revisions over the same drivers as the application. Settings come from `migrations.config()`."""

import asyncio
from pathlib import Path
from typing import Literal

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from inbox.db import driver_url
from inbox.models import Model
from inbox.models.base import Json, UTCDateTime

SEARCH_TABLES = ("messages_search", "notes_search")  # FTS5 and its shadow tables have no model
ADVISORY_LOCK = 0x0_7E_AD  # two processes that start at once migrate one after the other


def render_item(kind: str, item: object, _: object) -> str | Literal[False]:
    """A revision imports nothing of ours: our types are written as the ones they stand for."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Json):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def limit_indexes_everywhere() -> None:
    """What limits an index on SQLite limits it on PostgreSQL."""
    for table in Model.metadata.tables.values():
        for index in table.indexes:
            if (condition := index.dialect_options["sqlite"]["where"]) is not None:
                index.dialect_options["postgresql"]["where"] = condition


def run(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    limit_indexes_everywhere()
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        render_as_batch=is_sqlite,
        compare_type=False,
        render_item=render_item,
        include_name=lambda name, kind, _: not (kind == "table" and str(name).startswith(SEARCH_TABLES)),
        transaction_per_migration=not is_sqlite,
    )
    with context.begin_transaction():
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        context.run_migrations()


async def run_online(url: str) -> None:
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite") and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        if parsed.drivername.startswith("sqlite"):
            await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            await connection.exec_driver_sql("PRAGMA busy_timeout=30000")
            await connection.commit()
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


url = context.config.attributes.get("url") or driver_url(
    context.get_x_argument(as_dictionary=True).get("url", "sqlite://")
)
asyncio.run(run_online(url))
