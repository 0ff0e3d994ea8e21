"""Taking hold of what an action changes: its conversation is locked, then read anew, for others may have
waited before us."""

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.errors import NotFound
from inbox.locks import lock_conversations, lock_until_settled
from inbox.models import Case, Conversation, Message, Strand


async def hold_conversation(session: AsyncSession, conversation: Conversation) -> None:
    """Lock a conversation until the transaction ends, and read it as it is now.

    Raises NotFound where it was merged into another while we waited.
    """
    await lock_conversations(session, [conversation.id])
    await session.refresh(conversation)
    if conversation.merged_into_id is not None:
        raise NotFound("This conversation was joined with another one. Open it again.")


async def hold_case(session: AsyncSession, case: Case) -> Conversation:
    """Lock the case's conversation until the transaction ends, and read both as they are now."""
    return await _hold(session, case)


async def hold_message(session: AsyncSession, message: Message) -> tuple[Conversation, Case | None]:
    """Lock the message's conversation until the transaction ends; answers it and the message's case, read
    anew."""
    conversation = await _hold(session, message)
    if message.case_id is None:
        return conversation, None
    case = await session.get_one(Case, message.case_id)
    await session.refresh(case)
    return conversation, case


async def hold_strand(session: AsyncSession, strand: Strand) -> Conversation:
    """Lock the strand's conversation until the transaction ends, and read both as they are now."""
    return await _hold(session, strand)


async def _hold(session: AsyncSession, held: Case | Message | Strand) -> Conversation:
    async def read_again() -> set[int]:
        await session.refresh(held)
        return {held.conversation_id}

    # A merge or a move may have taken it elsewhere while we waited.
    await lock_until_settled(session, {held.conversation_id}, read_again)
    return await session.get_one(Conversation, held.conversation_id)
