"""INSERT … ON CONFLICT in the database's own dialect: a constraint decides between two who come at once."""

from typing import TYPE_CHECKING

from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models.base import Model

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert_into(session: AsyncSession, model: type[Model]) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT into a table that knows `on_conflict_do_nothing()` and `on_conflict_do_update()`."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model)
    from sqlalchemy.dialects import postgresql  # large, and most installations never speak it

    return postgresql.insert(model)
