"""Where words stand in one conversation: in messages with their subjects, fields and files, and in notes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Attachment, Case, Conversation, Message, Note, TimelineEntry
from inbox.policies import visible_to
from inbox.queries.operator_rules import part_of

MOST = 500
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of the timeline that has the words; `element_id` is that of its element on pages."""

    position: int
    element_id: str


async def position_of(session: AsyncSession, wanted: Message | Note) -> int:
    """Where a message or a note stands in its conversation."""
    column = TimelineEntry.message_id if isinstance(wanted, Message) else TimelineEntry.note_id
    return await session.scalar(select(TimelineEntry.position).where(column == wanted.id)) or 0


async def entries_with(
    session: AsyncSession, conversation: Conversation, actor: Actor, words: str
) -> Sequence[Found]:
    """The newest entries that have these words one after another, newest first, at most `MOST`, as far as
    the actor may see them. None for less than two signs."""
    words = " ".join(words.split())[:LONGEST]
    if len(words) < 2:
        return []
    query = (
        select(TimelineEntry.position, Message.public_id, Note.public_id)
        .outerjoin(Message, Message.id == TimelineEntry.message_id)
        .outerjoin(Note, Note.id == TimelineEntry.note_id)
        .outerjoin(Case, Case.id == TimelineEntry.case_id)
        .where(
            TimelineEntry.conversation_id == conversation.id,
            or_(TimelineEntry.case_id.is_(None), visible_to(actor)),
            or_(*_has(words)),
        )
        .order_by(TimelineEntry.position.desc())
        .limit(MOST)
    )
    return [
        Found(position, f"m-{message_id}" if message_id else f"n-{note_id}")
        for position, message_id, note_id in await session.execute(query)
    ]


def _has(words: str) -> list[ColumnElement[bool]]:
    part = part_of(words)
    texts = (Message.text, Message.subject, Note.text, cast(Message.fields, String))
    escaped = part_of(json.dumps(words)[1:-1])  # as SQLite keeps letters beyond ASCII in JSON
    files = select(Attachment.message_id).where(func.lower(Attachment.filename).like(part, escape="\\"))
    return [
        *(func.lower(text).like(part, escape="\\") for text in texts),
        func.lower(cast(Message.fields, String)).like(escaped, escape="\\"),
        Message.id.in_(files.where(Attachment.message_id.is_not(None))),
    ]
