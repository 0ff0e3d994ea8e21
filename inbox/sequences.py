"""Ids taken from the database before their rows are written, so that a batch can be inserted table by table.

On SQLite the transaction holds the only writer's lock, so the next ids are those above the newest. On
PostgreSQL they come from the tables' own sequences.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from sqlalchemy import ColumnElement, Select, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Model


class TakenIds:
    """A supply of ids for some tables; `next_for(Message)` gives one."""

    def __init__(self, supply: dict[type[Model], Iterator[int]]) -> None:
        self._supply = supply

    def next_for(self, model: type[Model]) -> int:
        return next(self._supply[model])


async def take_ids(session: AsyncSession, models: Sequence[type[Model]], count: int) -> TakenIds:
    """*count* fresh ids for each of *models*."""
    if session.get_bind().dialect.name == "sqlite":
        row = (await session.execute(_newest(tuple(models)))).one()
        return TakenIds(
            {m: iter(range((n or 0) + 1, (n or 0) + count + 1)) for m, n in zip(models, row, strict=True)}
        )
    columns: list[ColumnElement[int]] = [
        literal_column(f"nextval(pg_get_serial_sequence('{model.__tablename__}', 'id'))") for model in models
    ]
    series = select(*columns).select_from(text(f"generate_series(1, {int(count)})"))
    rows = (await session.execute(series)).all()
    return TakenIds({model: iter([row[i] for row in rows]) for i, model in enumerate(models)})


@cache  # making the statement costs more than running it
def _newest(models: tuple[type[Model], ...]) -> Select[*tuple[int | None, ...]]:
    return select(*(select(func.max(model.id)).scalar_subquery() for model in models))
