"""How far an agent has read a conversation. Marks are the agent's own business: they make no events."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.notes import mark_mentions_seen
from inbox.actions.notifications import mark_conversation_read
from inbox.errors import Invalid
from inbox.models import Agent, Conversation, Direction, EventCounter, Message, ReadMark
from inbox.upserts import insert_into


async def mark_read(session: AsyncSession, conversation: Conversation, *, by: Agent, position: int) -> None:
    """The agent has seen everything up to an entry; a mark only moves forwards. Mentions of them and what
    they were told of the conversation are seen too.

    Raises Invalid for a position that nothing has yet.
    """
    newest = await session.scalar(select(EventCounter.position)) or 0
    if not 0 <= position <= newest:
        raise Invalid("There is no such entry.", field="position")
    known = select(ReadMark.position).where(
        ReadMark.agent_id == by.id, ReadMark.conversation_id == conversation.id
    )
    if position > (await session.scalar(known) or 0):
        await _put(session, conversation, by, position)
    await mark_mentions_seen(session, conversation, by=by)
    await mark_conversation_read(session, conversation, by=by)


async def mark_unread(
    session: AsyncSession, conversation: Conversation, *, by: Agent, position: int | None = None
) -> None:
    """The agent wants to be reminded of an entry and of all after it; of what the customer wrote last where
    they name none."""
    if position is not None:
        await _put(session, conversation, by, max(position - 1, 0))
        return
    newest = select(func.max(Message.position)).where(
        Message.conversation_id == conversation.id, Message.direction == Direction.INBOUND
    )
    await _put(session, conversation, by, max((await session.scalar(newest) or 0) - 1, 0))


async def _put(session: AsyncSession, conversation: Conversation, by: Agent, position: int) -> None:
    place = {"agent_id": by.id, "conversation_id": conversation.id}
    mark = {"position": position, "at": clock.now()}
    # Two windows of one agent may be read at once: the constraint makes one row of both.
    row = insert_into(session, ReadMark).values(**place, **mark)
    await session.execute(row.on_conflict_do_update(index_elements=list(place), set_=mark))
