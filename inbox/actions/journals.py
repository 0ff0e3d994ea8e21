"""What an action rewrote, so that it can be taken back exactly.

A journal lists column by column which rows held which value before. Taking back puts an old value where the
new one still stands: whatever was changed by somebody since then is theirs, and stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Model
from inbox.models.base import UTCDateTime

T = TypeVar("T")
Scalar = str | int | bool | datetime | None

CHUNK = 500


class Journal:
    """The changes of one action, in their order. `made` names rows that it made, by table."""

    def __init__(self, stored: dict[str, Any] | None = None) -> None:
        self.changes: list[dict[str, Any]] = list((stored or {}).get("changes", []))
        self.made: dict[str, list[int]] = dict((stored or {}).get("made", {}))

    def stored(self) -> dict[str, Any]:
        """The journal as JSON."""
        return {"changes": self.changes, "made": self.made}

    def note_made(self, row: Model) -> None:
        """Remember a saved row that the action made."""
        self.made.setdefault(row.__tablename__, []).append(row.id)

    def ids_of(self, model: type[Model], column: str) -> set[int]:
        """The rows of *model* whose *column* was rewritten."""
        table = model.__tablename__
        return {
            id_
            for change in self.changes
            if (change["table"], change["column"]) == (table, column)
            for id_ in change["ids"]
        }

    async def rewrite(
        self, session: AsyncSession, model: type[Model], ids: Iterable[int], **values: Scalar
    ) -> None:
        """Set columns of these rows to one value each, remembering what stood there."""
        wanted = sorted(set(ids))
        for column, new in values.items():
            for some in chunks(wanted):
                for old, rows in (await _standing(session, model, column, some)).items():
                    if old == new:
                        continue
                    await session.execute(update(model).where(model.id.in_(rows)).values({column: new}))
                    self._note(model, column, old, new, rows)

    async def change(self, session: AsyncSession, row: Model, **values: Scalar) -> None:
        """Set columns of one saved row."""
        await self.rewrite(session, type(row), [row.id], **values)

    def note_change(self, row: Model, column: str, old: Scalar) -> None:
        """Remember what somebody else has just changed in a saved row; *old* is what stood there."""
        new = getattr(row, column)
        if old != new:
            self._note(type(row), column, old, new, [row.id])

    def made_of(self, model: type[Model]) -> list[int]:
        """The rows of *model* that the action made."""
        return self.made.get(model.__tablename__, [])

    async def take_back(self, session: AsyncSession) -> None:
        """Put the old values back, the newest change first, wherever the new one still stands."""
        for change in reversed(self.changes):
            model = _models()[change["table"]]
            column = getattr(model, change["column"])
            old, new = (_restored(column.type, change[key]) for key in ("old", "new"))
            unchanged = column.is_(None) if new is None else column == new
            for some in chunks(change["ids"]):
                query = update(model).where(model.id.in_(some), unchanged).values({change["column"]: old})
                await session.execute(query)

    def _note(self, model: type[Model], column: str, old: Scalar, new: Scalar, ids: list[int]) -> None:
        values = {key: _json(value) for key, value in (("old", old), ("new", new))}
        self.changes.append({"table": model.__tablename__, "column": column, **values, "ids": ids})


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Databases limit the number of parameters in one statement."""
    return (values[i : i + size] for i in range(0, len(values), size))


async def _standing(
    session: AsyncSession, model: type[Model], column: str, ids: Sequence[int]
) -> dict[Scalar, list[int]]:
    rows = await session.execute(select(model.id, getattr(model, column)).where(model.id.in_(ids)))
    standing: dict[Scalar, list[int]] = defaultdict(list)
    for id_, value in sorted(rows):
        standing[value].append(id_)
    return standing


def _models() -> dict[str, type[Model]]:
    return {mapper.class_.__tablename__: mapper.class_ for mapper in Model.registry.mappers}


def _json(value: Scalar) -> str | int | bool | None:
    return value.isoformat() if isinstance(value, datetime) else value


def _restored(kind: Any, value: Any) -> Scalar:
    restored: Scalar = value
    if isinstance(kind, UTCDateTime) and isinstance(value, str):
        restored = datetime.fromisoformat(value)
    return restored
