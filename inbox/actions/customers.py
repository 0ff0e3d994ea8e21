"""What is known of a customer, as agents correct it."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import record
from inbox.actions.markings import sort_marked
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.locks import lock_conversations
from inbox.models import Agent, Customer, EventKind, Mark
from inbox.policies import Action, authorize
from inbox.queries.redirects import conversation_of

LONGEST_NAME = 300
LONGEST_KEY = 80
LONGEST_VALUE = 2000
MOST_ATTRIBUTES = 100


async def change(
    session: AsyncSession,
    customer: Customer,
    *,
    by: Agent | Actor,
    name: str | None = None,
    company: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    marks: Collection[str] | None = None,
) -> None:
    """Change what is given and leave the rest; an attribute of None is taken away.

    A mark decides where later messages go; what an agent marks is sorted accordingly, which can be undone.
    Raises Invalid for what cannot be stored, Conflict for a customer who was merged into another.
    """
    actor = Actor.of(by)
    authorize(actor, Action.CHANGE)
    conversation = await conversation_of(session, customer)
    await lock_conversations(session, [conversation.id])
    await session.refresh(customer)
    if customer.merged_into_id is not None:
        raise Conflict("This customer was merged into another one. Open that one instead.")
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = _line(name, "name")
    if company is not None:
        wanted["company"] = _line(company, "company")
    if attributes is not None:
        wanted["attributes"] = _attributes(customer.attributes, attributes)
    if marks is not None:
        wanted["marks"] = _marks(marks)
    before = list(customer.marks)
    changed = [column for column, value in wanted.items() if getattr(customer, column) != value]
    for column in changed:
        setattr(customer, column, wanted[column])
    if changed:
        data = {"customer": customer.public_id, "changed": changed}
        record(session, EventKind.CUSTOMER_CHANGED, actor=actor, conversation=conversation, data=data)
    if "marks" in changed and isinstance(by, Agent):
        await session.flush()
        await sort_marked(session, customer, before=before, by=by)


def _line(text: str, field: str) -> str:
    line = " ".join(text.replace("\x00", " ").split())
    if len(line) > LONGEST_NAME:
        raise Invalid("Use at most %(most)s characters.", most=LONGEST_NAME, field=field)
    return line


def _marks(marks: Collection[str]) -> list[str]:
    known = [str(mark) for mark in Mark]
    if unknown := set(marks) - set(known):
        raise Invalid(
            "There is no mark %(mark)s: use %(known)s.",
            mark=repr(min(unknown)),
            known=", ".join(known),
            field="marks",
        )
    return [mark for mark in known if mark in marks]


def _attributes(standing: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in given.items():
        if not key.strip() or len(key) > LONGEST_KEY:
            raise Invalid(
                "The name of a field has 1 to %(most)s characters.", most=LONGEST_KEY, field="attributes"
            )
        if value is not None and not isinstance(value, str | int | float | bool):
            raise Invalid(
                "The field %(key)s takes a text, a number, or yes or no.", key=repr(key), field="attributes"
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid("The field %(key)s takes a finite number.", key=repr(key), field="attributes")
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            raise Invalid(
                "The field %(key)s takes at most %(most)s characters.",
                key=repr(key),
                most=LONGEST_VALUE,
                field="attributes",
            )
        if "\x00" in f"{key}{value}":
            raise Invalid(
                "The field %(key)s holds a character that cannot be kept.", key=repr(key), field="attributes"
            )
    merged = {key: value for key, value in (dict(standing) | dict(given)).items() if value is not None}
    if len(merged) > MOST_ATTRIBUTES:
        raise Invalid("A customer has at most %(most)s fields.", most=MOST_ATTRIBUTES, field="attributes")
    return merged
