"""What is known of a customer, as agents correct it."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import companies
from inbox.actions.customer_fields import fields_by_key, fitting
from inbox.actions.events import record
from inbox.actions.markings import sort_marked
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.locks import lock_conversations
from inbox.models import Agent, Customer, CustomerTag, EventKind, Mark, Tag, Undo
from inbox.policies import Action, authorize
from inbox.queries.redirects import conversation_of

LONGEST_NAME = 300
LONGEST_KEY = 80
LONGEST_VALUE = 2000
LONGEST_TAG = 80
MOST_ATTRIBUTES = 100
MOST_TAGS = 50


async def change(
    session: AsyncSession,
    customer: Customer,
    *,
    by: Agent | Actor,
    name: str | None = None,
    company: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    marks: Collection[str] | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Change what is given and leave the rest; an attribute of None is taken away; *tags* are all their tags
    by name, new ones are made. It can be undone.

    A mark decides where later messages go; what an agent marks is sorted accordingly, which can be undone.
    Raises Invalid for what cannot be stored or does not fit its field, Conflict for a customer who was merged
    into another.
    """
    actor = Actor.of(by)
    authorize(actor, Action.CHANGE)
    conversation = await conversation_of(session, customer)
    await lock_conversations(session, [conversation.id])
    await session.refresh(customer)
    if customer.merged_into_id is not None:
        raise Conflict("This customer was merged into another one. Open that one instead.")
    wanted = await _wanted(session, customer, name, company, attributes, marks)
    before = {column: getattr(customer, column) for column in wanted}
    changed = [column for column, value in wanted.items() if before[column] != value]
    for column in changed:
        setattr(customer, column, wanted[column])
    journal: dict[str, Any] = {column: [before[column], wanted[column]] for column in changed}
    if tags is not None and (retagged := await _retag(session, customer, tags)):
        changed.append("tags")
        journal["tags"] = retagged
    if changed:
        data = {"customer": customer.public_id, "changed": changed}
        record(session, EventKind.CUSTOMER_CHANGED, actor=actor, conversation=conversation, data=data)
    if "marks" in changed and isinstance(by, Agent):
        await session.flush()
        await sort_marked(session, customer, before=before["marks"], by=by)
    elif changed:
        stored = {"customer": customer.id, "changed": journal}
        await remember(session, by=by, action="customer", journal=stored, case=None)


async def _wanted(
    session: AsyncSession,
    customer: Customer,
    name: str | None,
    company: str | None,
    attributes: Mapping[str, Any] | None,
    marks: Collection[str] | None,
) -> dict[str, Any]:
    """The columns that are to change, as they are kept. Raises Invalid."""
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = _line(name, "name")
    if company is not None:
        wanted["company"] = await companies.name_known(session, _line(company, "company"))
    if attributes is not None:
        wanted["attributes"] = _attributes(customer.attributes, await _fitting(session, attributes))
    if marks is not None:
        wanted["marks"] = _marks(marks)
    return wanted


@undoable("customer")
async def _say_as_before(session: AsyncSession, undo: Undo, by: Agent) -> None:
    customer = await session.get_one(Customer, undo.journal["customer"])
    journal = undo.journal["changed"]
    old = {column: before for column, (before, _) in journal.items()}
    if "attributes" in journal:
        before, after = journal["attributes"]
        touched = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        if any(customer.attributes.get(key) != after.get(key) for key in touched):
            raise Conflict("Somebody has changed this since. It stays as it is.")
        old["attributes"] = {key: before.get(key) for key in touched}
    for column in ("name", "company"):
        if column in journal and getattr(customer, column) != journal[column][1]:
            raise Conflict("Somebody has changed this since. It stays as it is.")
    await change(session, customer, by=by, **old)


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


async def _fitting(session: AsyncSession, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as their fields keep them; what no field asks for is kept as it is."""
    fields = await fields_by_key(session)
    return {
        key: fitting(fields[key], value) if key in fields and value is not None else value
        for key, value in given.items()
    }


async def _retag(session: AsyncSession, customer: Customer, names: Sequence[str]) -> list[list[str]]:
    """Give the customer exactly these tags; answers those before and after, nothing where they are the
    same."""
    wanted = {name.casefold(): name for name in (" ".join(name.split()) for name in names) if name}
    if len(wanted) > MOST_TAGS or any(len(name) > LONGEST_TAG or "\x00" in name for name in wanted.values()):
        raise Invalid(
            "At most %(tags)d tags of at most %(characters)d characters.",
            tags=MOST_TAGS,
            characters=LONGEST_TAG,
            field="tags",
        )
    own = select(Tag).join(CustomerTag, CustomerTag.tag_id == Tag.id)
    own = own.where(CustomerTag.customer_id == customer.id).order_by(Tag.name)
    standing = {tag.name.casefold(): tag for tag in await session.scalars(own)}
    if standing.keys() == wanted.keys():
        return []
    known = select(Tag).where(func.lower(Tag.name).in_(name.lower() for name in wanted.values()))
    tags = {tag.name.casefold(): tag for tag in await session.scalars(known)}
    for key, name in wanted.items():
        if key not in tags:
            tags[key] = Tag(name=name)
            session.add(tags[key])
    await session.flush()
    gone = [tag.id for key, tag in standing.items() if key not in wanted]
    await session.execute(
        delete(CustomerTag).where(CustomerTag.customer_id == customer.id, CustomerTag.tag_id.in_(gone))
    )
    new = [tags[key].id for key in wanted if key not in standing]
    session.add_all(CustomerTag(customer_id=customer.id, tag_id=tag_id) for tag_id in new)
    await session.flush()
    before = sorted(tag.name for tag in standing.values())
    return [before, sorted(tags[key].name for key in wanted)]
