"""Everywhere that words of a conversation may stand besides its messages: notes, drafts, previews, journals.

The tables are found by their columns rather than listed, so that one that is added later is not forgotten: a
table that points to a conversation, a case, a message, a note or a strand, and holds texts.
"""

import json
from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, Table, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import (
    Case,
    Conversation,
    Customer,
    IdempotencyKey,
    Merge,
    Message,
    Model,
    Note,
    PassedOn,
    Strand,
)
from inbox.redacting import Words

LONG_ENOUGH = 200  # shorter columns hold kinds, states and names of ours
_BY_HAND = frozenset(("messages", "audit_entries", "redactions"))
# Who somebody is, and what programs said: not what was written.
_NOT_WRITTEN = frozenset(
    (
        *("author_name", "author_address", "last_author", "name", "address", "mailbox", "filename"),
        *("external_id", "sealed", "source_ref", "content_id", "error", "last_error"),
    )
)


async def remove_from_places(
    session: AsyncSession, words: Words, conversation_ids: Collection[int], *, write: bool
) -> Counter[str]:
    """Put marks in the place of the words in all rows about these conversations but their messages; answers
    how many rows of each table held them. Without *write* it only counts."""
    counts: Counter[str] = Counter()
    for mapper in Model.registry.mappers:
        model, table = mapper.class_, mapper.local_table
        if not isinstance(table, Table) or table.name in _BY_HAND:
            continue
        about = _about(table, conversation_ids)
        if about and _written_columns(table):
            rows = (await session.scalars(select(model).where(or_(*about)))).unique()
            counts[table.name] += sum(_remove(row, words, write=write) for row in rows)
    counts["customers"] += await _from_customers(session, words, conversation_ids, write=write)
    counts["merges"] += await _from_merges(session, words, conversation_ids, write=write)
    counts["answers"] += await _from_answers(session, words, conversation_ids, write=write)
    return +counts


def _about(table: Table, ids: Collection[int]) -> list[ColumnElement[bool]]:
    links: dict[str, Any] = {
        "conversation_id": list(ids),
        "case_id": select(Case.id).where(Case.conversation_id.in_(ids)),
        "message_id": select(Message.id).where(Message.conversation_id.in_(ids)),
        "note_id": select(Note.id).where(Note.conversation_id.in_(ids)),
        "strand_id": select(Strand.id).where(Strand.conversation_id.in_(ids)),
    }
    return [table.c[name].in_(wanted) for name, wanted in links.items() if name in table.c]


def _written_columns(table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if column.name not in _NOT_WRITTEN
        and (isinstance(column.type, JSON) or (isinstance(column.type, String) and _is_long(column.type)))
    ]


def _is_long(kind: String) -> bool:
    return kind.length is None or kind.length >= LONG_ENOUGH


def _remove(row: Model, words: Words, *, write: bool) -> bool:
    """Whether the row held the words."""
    is_changed = False
    for name in _written_columns(row.__table__):  # type: ignore[arg-type]
        old = getattr(row, name)
        if old is None:
            continue
        new = words.out_of(old).text if isinstance(old, str) else words.out_of_json(old)
        if isinstance(row, PassedOn) and isinstance(new, dict):
            new = {**new, **words.out_of_columns({"spans": [], **old})}
        if new != old:
            is_changed = True
            if write:
                setattr(row, name, new)
    return is_changed


async def _from_customers(session: AsyncSession, words: Words, ids: Collection[int], *, write: bool) -> int:
    """What is said about the customers themselves: a form may have filled it in."""
    query = select(Customer).join(Conversation, Conversation.customer_id == Customer.id)
    count = 0
    for customer in await session.scalars(query.where(Conversation.id.in_(ids))):
        new = words.out_of_json(list(customer.attributes.values()), is_written=True)
        attributes = dict(zip(customer.attributes, new, strict=True))
        if attributes != customer.attributes:
            count += 1
            if write:
                customer.attributes = attributes
    return count


async def _from_merges(session: AsyncSession, words: Words, ids: Collection[int], *, write: bool) -> int:
    about = Merge.kept_conversation_id.in_(ids) | Merge.merged_conversation_id.in_(ids)
    rows = await session.scalars(select(Merge).where(about))
    return sum(_remove(row, words, write=write) for row in rows)


async def _from_answers(session: AsyncSession, words: Words, ids: Collection[int], *, write: bool) -> int:
    """What programs were answered is kept for a day, for requests that come twice."""
    names = select(Conversation.public_id).where(Conversation.id.in_(ids))
    about = [IdempotencyKey.answer.contains(name) for name in await session.scalars(names)]
    count = 0
    for row in await session.scalars(select(IdempotencyKey).where(or_(*about))):
        if not row.answer:
            continue
        said = json.loads(row.answer)
        new = words.out_of_json(said)
        if new != said:
            count += 1
            if write:
                row.answer = json.dumps(new, ensure_ascii=False, separators=(",", ":"))
    return count
