"""What is to be known about every customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.errors import NotFound
from inbox.kept import kept
from inbox.models import CustomerField


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A field with its value, None where it is not known. `kind` is a FieldKind, "" for what no field asks
    for."""

    key: str
    name: str
    kind: str = ""
    choices: Sequence[str] = ()
    value: Any = None


async def everything(session: AsyncSession) -> Sequence[CustomerField]:
    """All fields in their order."""

    async def read() -> Sequence[CustomerField]:
        query = select(CustomerField).order_by(CustomerField.position, CustomerField.id)
        return (await session.scalars(query)).all()

    return await kept(session, "customer fields", read)


async def by_id(session: AsyncSession, public_id: str) -> CustomerField:
    """One field. Raises NotFound."""
    found = await session.scalars(select(CustomerField).where(CustomerField.public_id == public_id))
    field = found.first()
    if field is None:
        raise NotFound("There is no such field.")
    return field


def facts_of(fields: Sequence[CustomerField], attributes: Mapping[str, Any]) -> list[Fact]:
    """Every field with what is known, then whatever else is."""
    asked = [
        Fact(
            key=field.key,
            name=field.name,
            kind=field.kind,
            choices=field.choices,
            value=attributes.get(field.key),
        )
        for field in fields
    ]
    keys = {field.key for field in fields}
    return asked + [
        Fact(key=key, name=key, value=value) for key, value in attributes.items() if key not in keys
    ]
