"""All that one customer has a right to read: what is known of them, and what was said with them.

What the team wrote among itself stays inside (SECURITY R16): notes, calls that were written down, and what
somebody else was asked in a side strand.
"""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.envelopes import SPOKEN
from inbox.models import Case, Channel, Conversation, Message, Rating, Strand
from inbox.policies import visible_to
from inbox.queries.messages import LOADED, visible

AT_ONCE = 500


async def messages(
    session: AsyncSession, actor: Actor, conversation: Conversation
) -> AsyncIterator[Sequence[Message]]:
    """The messages that went between the customer and us, oldest first, some hundred at a time."""
    query = (
        visible(actor)
        .join(Strand, Strand.id == Message.strand_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            Message.conversation_id == conversation.id,
            Strand.is_side.is_(False),
            Channel.kind.not_in(SPOKEN),
        )
        .order_by(Message.position)
        .limit(AT_ONCE)
        .options(*LOADED)
    )
    rows = (await session.scalars(query)).all()
    while rows:
        yield rows
        rows = (await session.scalars(query.where(Message.position > rows[-1].position))).all()


async def ratings(
    session: AsyncSession, actor: Actor, conversation: Conversation
) -> list[tuple[int, Rating]]:
    """What the customer thought of their chats, each with the number of its case."""
    query = (
        select(Case.number, Rating)
        .join(Rating, Rating.case_id == Case.id)
        .where(Case.conversation_id == conversation.id, visible_to(actor))
        .order_by(Rating.id)
    )
    return [(number, rating) for number, rating in await session.execute(query)]
