"""Writing many new rows of one table with one statement, without the unit of work."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, inspect
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Model


async def insert_rows(session: AsyncSession, instances: Sequence[Model]) -> None:
    """Insert instances of one model by one executemany. They stay outside the session: what changes later is
    not saved."""
    if not instances:
        return
    model = type(instances[0])
    with session.no_autoflush:
        await session.execute(insert(model), [_row(instance) for instance in instances])


def _row(instance: Model) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for attribute in inspect(type(instance)).column_attrs:
        (column,) = attribute.columns
        if attribute.key in instance.__dict__:
            values[attribute.key] = instance.__dict__[attribute.key]
        elif column.default is not None:
            values[attribute.key] = (
                column.default.arg(None) if column.default.is_callable else column.default.arg
            )
        elif attribute.key != "id":
            values[attribute.key] = None
    return values
