"""What is to be known about every customer: fields with a kind, and values that fit it."""

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import audit
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.models import Agent, AuditKind, CustomerField, FieldKind
from inbox.policies import Action, authorize

LONGEST_KEY = 80
LONGEST_NAME = 120
LONGEST_CHOICE = 200
MOST_CHOICES = 100
MOST_FIELDS = 100
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,10})?")


async def add_field(
    session: AsyncSession,
    *,
    by: Agent,
    name: str,
    key: str = "",
    kind: str = FieldKind.TEXT,
    choices: Sequence[str] = (),
    origin: str = "",
) -> CustomerField:
    """Add a field; without a *key* its name is the key. Raises Invalid, or Conflict for a key that is
    taken."""
    authorize(Actor.agent(by), Action.ADMINISTER)
    name = _name(name)
    key = " ".join(key.split()) or name
    if len(key) > LONGEST_KEY or "\x00" in key:
        raise Invalid("The name of a field has 1 to %(most)d characters.", most=LONGEST_KEY, field="key")
    if await session.scalar(select(CustomerField.id).where(CustomerField.key == key)) is not None:
        raise Conflict("There is a field %(key)s already.", key=key)
    count, last = (
        await session.execute(select(func.count(CustomerField.id), func.max(CustomerField.position)))
    ).one()
    if count >= MOST_FIELDS:
        raise Conflict("There are at most %(most)d fields.", most=MOST_FIELDS)
    field = CustomerField(key=key, name=name, kind=_kind(kind), position=(last or 0) + 1)
    field.choices = _choices(field.kind, choices)
    session.add(field)
    await session.flush()
    audit.note(session, AuditKind.FIELD_CHANGED, by=by, subject=f"field {field.key}", origin=origin)
    return field


async def change_field(
    session: AsyncSession,
    field: CustomerField,
    *,
    by: Agent,
    name: str,
    kind: str,
    choices: Sequence[str] = (),
    origin: str = "",
) -> None:
    """Change what a field is called and what fits it; values that stand stay as they are. Its key stays, for
    forms and programs know it. Raises Invalid."""
    authorize(Actor.agent(by), Action.ADMINISTER)
    field.name, field.kind = _name(name), _kind(kind)
    field.choices = _choices(field.kind, choices)
    audit.note(session, AuditKind.FIELD_CHANGED, by=by, subject=f"field {field.key}", origin=origin)


async def move_field(session: AsyncSession, field: CustomerField, *, by: Agent, up: bool) -> None:
    """Let a field stand one place earlier or later among the others."""
    authorize(Actor.agent(by), Action.ADMINISTER)
    fields = list(await session.scalars(select(CustomerField).order_by(CustomerField.position)))
    here = fields.index(field)
    there = here - 1 if up else here + 1
    if 0 <= there < len(fields):
        other = fields[there]
        field.position, other.position = other.position, field.position


async def remove_field(session: AsyncSession, field: CustomerField, *, by: Agent, origin: str = "") -> None:
    """Ask for it no longer; what is known of customers stays with them."""
    authorize(Actor.agent(by), Action.ADMINISTER)
    audit.note(session, AuditKind.FIELD_REMOVED, by=by, subject=f"field {field.key}", origin=origin)
    await session.delete(field)
    await session.flush()


async def fields_by_key(session: AsyncSession) -> dict[str, CustomerField]:
    """All fields in their order, by key."""
    rows = await session.scalars(select(CustomerField).order_by(CustomerField.position, CustomerField.id))
    return {field.key: field for field in rows}


def fitting(field: CustomerField, value: Any) -> Any:
    """The value as this field keeps it: a number as one, a date as ISO 8601 writes it. Raises Invalid for
    what does not fit."""
    written = str(value).strip()
    if field.kind == FieldKind.NUMBER:
        return _number(field, value, written)
    if field.kind == FieldKind.DATE:
        try:
            return date.fromisoformat(written).isoformat()
        except ValueError as error:
            raise _unfit(field, "%(name)s takes a date, such as 2026-11-30.") from error
    if field.kind == FieldKind.CHOICE and written not in field.choices:
        raise _unfit(field, "%(name)s is one of: %(choices)s.", choices=", ".join(field.choices))
    return value


def _number(field: CustomerField, value: Any, written: str) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    if not _NUMBER.fullmatch(written):
        raise _unfit(field, "%(name)s takes a number, such as 12 or 12.5.")
    number = float(written.replace(",", "."))
    return int(number) if number.is_integer() else number


def _unfit(field: CustomerField, text: str, **values: object) -> Invalid:
    return Invalid(text, field="attributes", name=field.name, **values)


def _name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid("A field needs a name of at most %(most)d characters.", most=LONGEST_NAME, field="name")
    return name


def _kind(kind: str) -> str:
    if kind not in set(FieldKind):
        raise Invalid("Choose text, number, date or choice.", field="kind")
    return str(kind)


def _choices(kind: str, choices: Sequence[str]) -> list[str]:
    if kind != FieldKind.CHOICE:
        return []
    wanted = [one for one in dict.fromkeys(" ".join(line.split()) for line in choices) if one]
    if not wanted or len(wanted) > MOST_CHOICES or any(len(one) > LONGEST_CHOICE for one in wanted):
        raise Invalid("Write 1 to %(most)d choices, one on each line.", most=MOST_CHOICES, field="choices")
    return wanted
